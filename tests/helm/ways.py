"""The container of understudy, by each way into a pod: with it the volumes that the pod gets."""

import json
import tempfile
from pathlib import Path

import yaml

import cel
import tools

COMPONENT = tools.ROOT / "helm" / "kustomize" / "component"


def named(items, name):
    return next(item for item in items if item["name"] == name)


def parts(pod, name):
    """(container, volumes of ours) of a pod's spec."""
    container = named(pod.get("initContainers", []) + pod["containers"], name)
    return container, [volume for volume in pod["volumes"] if volume["name"].startswith(f"{name}-")]


def stand_alone(values, name):
    values = {**values, "mode": "standalone", "state": {"kind": "emptyDir"}, "snapshot": {"kind": "emptyDir"}}
    with tempfile.TemporaryDirectory() as directory:
        objects = tools.render(*tools.with_values(values, directory))
    return parts(tools.one(objects, "StatefulSet")["spec"]["template"]["spec"], name)


def library(values, name):
    with tempfile.TemporaryDirectory() as directory:
        chart = tools.built_example_app(directory)
        # Only these values, not those of the example.
        values = {"understudy": {**values, "enabled": True, "mode": "sidecar"}}
        (chart / "values.yaml").write_text(json.dumps({"image": "shop", "replicas": 1, **values}))
        objects = tools.render(chart=chart)
    return parts(tools.one(objects, "Deployment")["spec"]["template"]["spec"], name)


def policy_expressions(values):
    with tempfile.TemporaryDirectory() as directory:
        objects = tools.render(*tools.with_values({**values, "mode": "policy"}, directory))
    mutations = tools.one(objects, "MutatingAdmissionPolicy")["spec"]["mutations"]
    return [mutation["jsonPatch"]["expression"] for mutation in mutations]


def policy(values, _):
    containers, volumes, *_ = policy_expressions(values)
    return cel.added(containers, "/spec/initContainers")[0], cel.added(volumes, "/spec/volumes")


def component_from(directory):
    """The component's path as a kustomization in `directory` has to write it: relative."""
    up = [".."] * (len(Path(directory).resolve().parts) - 1)
    return str(Path(*up) / COMPONENT.relative_to("/"))


def kustomize(_, name):
    """Of the component's own values: what is committed."""
    with tempfile.TemporaryDirectory() as directory:
        above = Path(directory)
        (above / "app.yaml").write_text(yaml.safe_dump({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "shop", "labels": {"understudy-sidecar": "true"}},
            "spec": {"template": {"spec": {"containers": [{"name": "shop", "image": "shop"}]}}},
        }))
        (above / "kustomization.yaml").write_text(
            yaml.safe_dump({"resources": ["app.yaml"], "components": [component_from(above)]}))
        status, out, why = tools.run(tools.tool("kustomize"), "build", above)
    if status != 0:
        raise AssertionError(why)
    container, volumes = parts(tools.one(tools.objects_in(out), "Deployment")["spec"]["template"]["spec"], name)
    return container, volumes
