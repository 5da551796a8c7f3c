"""What Pod Security "restricted" says of a pod, by kubernetes.io/docs/concepts/security/pod-security-standards."""

SHARED = ("hostNetwork", "hostPID", "hostIPC")
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def of_container(container, pod):
    own = container.get("securityContext", {})
    either = {**pod.get("securityContext", {}), **own}
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if either.get("runAsNonRoot") is not True or either.get("runAsUser") == 0:
        yield "runAsNonRoot"
    if either.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile"
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "hostPort"


def objections(pod):
    """What the standard has against a pod's spec; nothing if it may run."""
    found = [name for name in SHARED if pod.get(name)]
    for volume in pod.get("volumes", []):
        found += [f"volume {volume['name']}: {kind}" for kind in volume if kind != "name" and kind not in VOLUMES]
    for container in containers(pod):
        found += [f"{container['name']}: {what}" for what in of_container(container, pod)]
    return found


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def pod_of(item):
    """The spec of the pod that an object is or makes; nothing if it makes none."""
    spec = item.get("spec", {})
    if item.get("kind") == "Pod":
        return spec
    return spec.get("template", {}).get("spec") if isinstance(spec, dict) else None
