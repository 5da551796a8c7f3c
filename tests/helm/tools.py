"""The programs that .ci/deploy_tools.sh has built, and what they make of the charts."""

import functools
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "understudy"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
PROGRAM = os.environ.get("UNDERSTUDY_PROGRAM", str(ROOT / "build-dev" / "understudy"))
VERSION = "1.34.0"
VERSIONS = ("1.25.0", "1.29.0", "1.34.0", "1.36.0")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # ten times as fast, where it was built
    """As the API server reads: a key that is there twice is a mistake."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{key} is there twice {node.start_mark}")
        return super().construct_mapping(node, deep)


@functools.cache
def tools_home():
    script = "source .ci/common.sh && source .ci/deploy_tools.sh && deploy_tools_home"
    return Path(subprocess.run(["bash", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip())


def tool(name):
    return str(tools_home() / "bin" / name)


def promtool():
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    fetched = cache / "understudy" / "prometheus" / "usr" / "bin" / "promtool"
    return str(fetched) if fetched.exists() else "promtool"


def run(*command, text=None, directory=None):
    """(exit status, standard output, standard error)."""
    done = subprocess.run([str(word) for word in command], input=text, cwd=directory, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Refused(Exception):
    """Helm would not render; the text is its message."""


@functools.cache
def rendered_text(chart, version, release, namespace, arguments):
    status, out, why = run(tool("helm"), "template", release, chart, "--namespace", namespace, "--kube-version", version, *arguments)
    if status != 0:
        raise Refused(why)
    return out


def render(*arguments, chart=CHART, version=VERSION, release="rel", namespace="shop"):
    """The objects that `helm template` prints; `arguments` are its own."""
    return objects_in(rendered_text(chart, version, release, namespace, tuple(map(str, arguments))))


def objects_in(text):
    return [item for item in yaml.load_all(text, Loader) if item]


def one(objects, kind):
    found = [item for item in objects if item.get("kind") == kind]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}")
    return found[0]


def values_of(file):
    return yaml.load(Path(file).read_text(), Loader)


def with_values(values, directory):
    """Arguments that give these values to helm; as JSON, for YAML has two opinions of what 0815 is."""
    text = json.dumps(values)
    # Named by what it holds, so that a rendering that is remembered is the right one.
    file = Path(directory) / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    file.write_text(text)
    return "--values", str(file)


def built_example_app(directory):
    """A copy of the example chart, with what it depends on, as `helm dependency build` makes it."""
    for name in ("understudy", "example-app"):
        shutil.copytree(ROOT / "helm" / name, Path(directory) / name, ignore=shutil.ignore_patterns("charts"))
    chart = Path(directory) / "example-app"
    status, _, why = run(tool("helm"), "dependency", "build", chart)
    if status != 0:
        raise AssertionError(why)
    return chart
