"""The program that is hunted, and what its files say."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import sidecar  # of tests/bench
from measuring import wait_until


@dataclass
class Document:
    generation: int
    position: int
    rows: dict  # member -> lines
    manifest: dict


class Mirror(sidecar.Sidecar):
    def __init__(self, server, database, schema, settings):
        self.schema, self.settings = schema, settings
        self.source = server.connection(database, schema.role)
        super().__init__(server)

    def configure(self, layout="one", _=None):
        """`layout` is how the tables are spread over documents."""
        tables = ", ".join(self.table_setting(name) for name in self.schema.mirrored)
        each = [f"{{file: {name}.json, header: {'true' if name == 'tally' else 'false'}, tables: [public.{name}]}}"
                for name in self.schema.mirrored]
        documents = {"each": each, "twice": [*each, "{file: snapshot.json}"]}.get(layout)
        self.config.write_text(
            f"source: {self.source_setting()}\n"
            f"tables: [{tables}]\n"
            f"state: {{directory: {self.state}}}\n"
            f"snapshot: {{directory: {self.snapshot}, keep: 2, grace: 3s}}\n" + self.settings +
            (f"documents: [{', '.join(documents)}]\n" if documents else ""))

    def source_setting(self):
        return f'{{postgres: {{connection: "{self.source}"}}}}'

    def table_setting(self, name):
        return f"{{table: public.{name}, exclude: [x]}}" if name in self.schema.excluding else f"public.{name}"

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def has_spoken(self):
        """Whether this process, not an earlier one, has written the status."""
        return self.status().get("pid") == self.pid

    def wait_until_it_speaks(self):
        """Before that a signal ends it, like any program that has just been started."""
        wait_until(lambda: self.has_spoken() or not self.is_running(), "the first status", 30)

    def announced(self):
        """The generation that `current` leads to, read from its own files."""
        return self.document_of(Path(os.path.realpath(self.snapshot / "current")))

    def generation_directory(self, number):
        return self.snapshot / "generations" / f"{number:010}"

    def document_of(self, directory):
        """All files of a generation as one; a member that is in two of them has to be the same."""
        manifest = json.loads((directory / "manifest.json").read_text())
        high, low = manifest["position"].split("/")
        rows = {}
        for file in sorted(directory.glob("*.json")):
            if file.name == "manifest.json":
                continue
            for member, found in members_of(file).items():
                if rows.setdefault(member, found) != found:
                    raise ValueError(f"{member} of {file} is not what another document shows")
        return Document(manifest["generation"], int(high, 16) << 32 | int(low, 16), rows, manifest)

    def run(self, command, *arguments):
        return subprocess.run([sidecar.PROGRAM, command, "--config", self.config, *arguments], capture_output=True,
                              text=True, timeout=200)


def members_of(file):
    """The lines of each table of a document."""
    rows, member = {}, None
    for number, line in enumerate(file.read_bytes().decode().split("\n")):
        line = line.removeprefix("{") if number == 0 else line
        if line.endswith('":[') and line.startswith('"'):
            member = rows.setdefault(line[1:-3], [])
        elif line.startswith("{"):
            member.append(line.rstrip().removesuffix(","))
    return rows


def digest_of(lines):
    """As hunt.note computes it in the database."""
    return hashlib.md5("\n".join(sorted(lines, key=str.encode)).encode()).hexdigest()
