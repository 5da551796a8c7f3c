#!/usr/bin/env python3
"""What an installation has beside the program: units, man page, completions, and nothing after an uninstall.

`files_test.py --build DIRECTORY --source DIRECTORY [--report FILE]`, for a build directory of CMake.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cases

arguments = argparse.ArgumentParser()
arguments.add_argument("--build", type=Path, required=True)
arguments.add_argument("--source", type=Path, required=True)
OPTIONS = arguments.parse_known_args()[0]
PACKAGE = OPTIONS.source / "config" / "package"
EXPOSURE_MAX = 1.5


def output_of(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def install(root):
    """Installs below `root` and returns every file and link that is there then."""
    output_of("cmake", "--install", OPTIONS.build, env={**os.environ, "DESTDIR": str(root)})
    return [path for path in Path(root).rglob("*") if not path.is_dir() or path.is_symlink()]


def help_of(*command):
    return output_of(OPTIONS.build / "understudy", *command, "--help")


def words_of_command():
    """Each command with its options, and "" with those before a command."""
    commands = re.findall(r"^  ([a-z-]+) ", help_of().split("Subcommands:")[1], re.M)
    helps = {"": help_of(), **{command: help_of(command) for command in commands}}
    return {command: set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.M)) for command, text in helps.items()}


def installed_unit(root, name):
    install(root)
    return next(Path(root).rglob(name))


def units_have_no_word_that_systemd_does_not_know():
    with tempfile.TemporaryDirectory() as root:
        for name, loaded in (("understudy.service", "understudy.service"), ("understudy@.service", "understudy@shop.service")):
            unit = installed_unit(root, name)
            # The program's own place is empty while it is only laid out here.
            text = re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", unit.read_text())
            trial = Path(root) / loaded
            trial.write_text(text)
            output_of("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", trial)


def exposure_is_at_most_one_and_a_half():
    with tempfile.TemporaryDirectory() as root:
        unit = installed_unit(root, "understudy.service")
        said = output_of("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}", unit)
        print([line for line in said.splitlines() if "exposure level" in line][0])


def both_units_are_one_text():
    with tempfile.TemporaryDirectory() as root:
        plain = installed_unit(root, "understudy.service").read_text()
        several = installed_unit(root, "understudy@.service").read_text()
        assert plain.replace("understudy.yaml", "%i.yaml").count("%i") == 1
        for line in ("UNDERSTUDY_CONFIG=/etc/understudy/%i.yaml", "StateDirectory=understudy/%i", "RuntimeDirectory=understudy/%i"):
            assert line in several, line


def the_man_page_has_every_command_and_option():
    page = output_of("mandoc", "-Tascii", PACKAGE / "understudy.1")
    page = re.sub(".\b", "", page)
    for command, options in words_of_command().items():
        assert not command or re.search(rf"^     {command}\b", page, re.M), f"no entry for {command}"
        for option in options:
            assert re.search(rf"^     (-\w, )?{option}\b", page, re.M), f"no entry for {option}"


def the_man_page_has_every_exit_status_of_the_help():
    page = re.sub(".\b", "", output_of("mandoc", "-Tascii", PACKAGE / "understudy.1"))
    statuses = re.findall(r"\b(\d+) ", " ".join(help_of().split("Exit status:")[1].split()))
    for status in statuses:
        assert re.search(rf"^     {status}\b", page.split("EXIT STATUS")[1], re.M), status


def the_man_page_is_well_formed():
    output_of("mandoc", "-Tlint", "-Wwarning", PACKAGE / "understudy.1")


def completions_of_bash(*words):
    script = f"""
        source {PACKAGE / 'completions/understudy.bash'}
        COMP_WORDS=(understudy {' '.join(words)} '')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _understudy
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    return set(output_of("bash", "-c", script).split())


def bash_completes_what_can_be_typed():
    known = words_of_command()
    assert completions_of_bash() == {command for command in known if command} | known[""], completions_of_bash()
    for command, options in known.items():
        if command:
            assert completions_of_bash(command) == options, command


def fish_completes_what_can_be_typed():
    known = words_of_command()
    for command in (command for command in known if command):
        line = f"source {PACKAGE / 'completions/understudy.fish'}; complete -C 'understudy {command} -'"
        found = {row.split("\t")[0] for row in output_of("fish", "--no-config", "-c", line).splitlines()}
        assert {word for word in found if word.startswith("--")} == known[command], (command, found)
    line = f"source {PACKAGE / 'completions/understudy.fish'}; complete -C 'understudy '"
    found = {row.split("\t")[0] for row in output_of("fish", "--no-config", "-c", line).splitlines()}
    assert found == {command for command in known if command}, found


def zsh_completes_what_can_be_typed():
    script = PACKAGE / "completions" / "_understudy"
    output_of("zsh", "-n", script)
    text = script.read_text()
    known = words_of_command()
    assert set(re.findall(r"^    '([a-z-]+):", text, re.M)) == {command for command in known if command}
    shared = {"--config", "--help", "--json"}
    for command, options in known.items():
        if not command:
            continue
        branch = re.search(rf"^    [a-z |]*\b{command}\b[a-z |]*\) (.*) ;;", text, re.M)
        own = set(re.findall(r"--[a-z-]+", branch.group(1))) if branch else set()
        assert own == options - shared - {"--version"}, (command, own)


def the_example_configuration_of_the_package_loads():
    output_of(OPTIONS.build / "understudy", "config", "--config", PACKAGE / "debian" / "understudy.yaml")


def an_uninstall_leaves_nothing():
    with tempfile.TemporaryDirectory() as root:
        found = install(root)
        names = {path.name for path in found}
        assert {"understudy", "understudy.service", "understudy@.service", "understudy.1", "_understudy", "understudy.fish",
                "config.schema.json"} <= names, names
        output_of("cmake", "--build", OPTIONS.build, "--target", "uninstall", env={**os.environ, "DESTDIR": root})
        left = [path for path in Path(root).rglob("*") if not path.is_dir()]
        assert not left, left


def an_uninstall_leaves_the_files_of_others():
    with tempfile.TemporaryDirectory() as root:
        beside = next(path for path in install(root) if path.name == "understudy.1").parent / "other.1"
        beside.write_text("")
        output_of("cmake", "--build", OPTIONS.build, "--target", "uninstall", env={**os.environ, "DESTDIR": root})
        assert [path for path in Path(root).rglob("*") if not path.is_dir()] == [beside]


if __name__ == "__main__":
    sys.exit(cases.run([
        units_have_no_word_that_systemd_does_not_know,
        exposure_is_at_most_one_and_a_half,
        both_units_are_one_text,
        the_man_page_has_every_command_and_option,
        the_man_page_has_every_exit_status_of_the_help,
        the_man_page_is_well_formed,
        bash_completes_what_can_be_typed,
        fish_completes_what_can_be_typed,
        zsh_completes_what_can_be_typed,
        the_example_configuration_of_the_package_loads,
        an_uninstall_leaves_nothing,
        an_uninstall_leaves_the_files_of_others,
    ]))
