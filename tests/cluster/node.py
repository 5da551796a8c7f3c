"""The processes of a Kubernetes of one node, inside the namespaces that ./run made."""

import json
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

ADDRESS = "10.250.0.1"  # of the node, on a bridge that only these namespaces have
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/24"
# What kubelet writes at its start. The machine's own values stay: files stand in for them in our mount namespace.
SYSCTLS = {"vm/overcommit_memory": 1, "vm/panic_on_oom": 0, "kernel/panic": 10, "kernel/panic_on_oops": 1,
           "kernel/keys/root_maxkeys": 1000000, "kernel/keys/root_maxbytes": 25000000}

CONTAINERD = """
version = 2
root = "{home}/containerd/root"
state = "{home}/containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{home}/containerd.sock"
[ttrpc]
  address = "{home}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_tcp_service = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{home}/cni"
"""


def kubelet_config(home):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{home}/containerd.sock", "address": ADDRESS, "port": 20250,
        "readOnlyPort": 0, "healthzPort": 20248, "clusterDNS": ["10.96.0.10"], "clusterDomain": "cluster.local",
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"}, "failSwapOn": False, "failCgroupV1": False,
        "cgroupDriver": "cgroupfs", "enforceNodeAllocatable": [], "podLogsDir": f"{home}/pod-logs",
        "volumePluginDir": f"{home}/volume-plugins", "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%", "imagefs.available": "0%",
                         "nodefs.inodesFree": "0%"},
        "fileCheckFrequency": "1s", "syncFrequency": "5s"}


def cni_config(home):
    address = {"type": "host-local", "dataDir": f"{home}/addresses", "ranges": [[{"subnet": PODS}]],
               "routes": [{"dst": "0.0.0.0/0"}]}
    return {"cniVersion": "0.4.0", "name": "pods",
            "plugins": [{"type": "bridge", "bridge": "pods0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
                         "ipam": address}]}


class Failed(Exception):
    """A command that had to work did not; the text is what it said."""


def run(*command, text=None):
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))[:200]}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def wait_until(condition, what, seconds=120, pause=0.2):
    """The first answer that is true; a command that fails is no answer yet."""
    deadline = time.monotonic() + seconds
    why = ""
    while True:
        try:
            found = condition()
            if found:
                return found
        except Failed as failed:
            why = f" ({failed})"
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds} s for {what}{why}")
        time.sleep(pause)


class Node:
    def __init__(self, home, programs):
        self.home, self.programs = Path(home), Path(programs)
        self.logs = self.home / "logs"
        self.token = secrets.token_hex(16)
        self.processes = []
        self.logs.mkdir()

    def _start(self, name, *arguments):
        log = open(self.logs / f"{name}.log", "wb")
        program = self.programs / name if (self.programs / name).exists() else name
        self.processes.append(subprocess.Popen([program, *arguments], stdout=log, stderr=log, cwd=self.home))

    def _log_says(self, name, text):
        return text in (self.logs / f"{name}.log").read_text(errors="replace")

    def start(self):
        self._make_network()
        self._keep_sysctls()
        self._name_address()
        self._write_configs()
        self._start("containerd", "--config", "containerd.toml")
        self._start("etcd", "--data-dir", "etcd", "--listen-client-urls", "http://127.0.0.1:12379",
                    "--advertise-client-urls", "http://127.0.0.1:12379", "--listen-peer-urls", "http://127.0.0.1:12380",
                    "--initial-advertise-peer-urls", "http://127.0.0.1:12380",
                    "--initial-cluster", "default=http://127.0.0.1:12380", "--unsafe-no-fsync", "--log-level", "warn")
        self._start("kube-apiserver", "--etcd-servers=http://127.0.0.1:12379", "--bind-address=127.0.0.1",
                    f"--advertise-address={ADDRESS}", "--kubelet-preferred-address-types=InternalIP",
                    "--secure-port=16443", "--tls-cert-file=tls.crt", "--tls-private-key-file=tls.key", "--cert-dir=.",
                    "--token-auth-file=tokens.csv", "--authorization-mode=RBAC",
                    "--service-account-issuer=https://127.0.0.1:16443", "--service-account-key-file=accounts.key",
                    "--service-account-signing-key-file=accounts.key", f"--service-cluster-ip-range={SERVICES}")
        wait_until(lambda: self.kubectl("get", "--raw", "/readyz") == "ok", "the API server")
        wait_until(lambda: self._log_says("containerd", "Start streaming server"), "containerd")
        self._start("kube-controller-manager", "--kubeconfig=kubeconfig", "--service-account-private-key-file=accounts.key",
                    "--root-ca-file=tls.crt", "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=20257",
                    "--cert-dir=.", "--use-service-account-credentials=false")
        self._start("kube-scheduler", "--kubeconfig=kubeconfig", "--leader-elect=false", "--bind-address=127.0.0.1",
                    "--secure-port=20259", "--cert-dir=.")
        self._start("kubelet", "--config=kubelet.json", "--kubeconfig=kubeconfig", "--root-dir=" + str(self.home / "kubelet"),
                    "--cert-dir=.", "--hostname-override=node", f"--node-ip={ADDRESS}", "--v=2")
        wait_until(lambda: "True" in self.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"),
                   "the node to be ready")

    def _make_network(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "node0", "type", "bridge")
        run("ip", "address", "add", ADDRESS + "/24", "dev", "node0")
        run("ip", "link", "set", "node0", "up")
        run("ip", "route", "add", "default", "via", "10.250.0.2", "dev", "node0")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def _stand_in(self, file, text):
        stand_in = self.home / ("instead" + file.replace("/", "."))
        stand_in.write_text(text)
        run("mount", "--bind", stand_in, file)

    def _keep_sysctls(self):
        for name, value in SYSCTLS.items():
            self._stand_in(f"/proc/sys/{name}", f"{value}\n")

    def _name_address(self):
        """A broker with SASL asks for its own name at each connection, and there is no DNS that would say that it has none."""
        self._stand_in("/etc/hosts", f"{Path('/etc/hosts').read_text()}\n{ADDRESS} node\n")

    def _write_configs(self):
        (self.home / "containerd.toml").write_text(CONTAINERD.format(home=self.home))
        (self.home / "kubelet.json").write_text(json.dumps(kubelet_config(self.home)))
        (self.home / "cni").mkdir()
        (self.home / "cni" / "10.conflist").write_text(json.dumps(cni_config(self.home)))
        (self.home / "tokens.csv").write_text(f"{self.token},admin,1,system:masters\n")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", self.home / "tls.key", "-out", self.home / "tls.crt", "-subj", "/CN=understudy-cluster",
            "-addext", "subjectAltName=IP:127.0.0.1")
        run("openssl", "genrsa", "-out", self.home / "accounts.key", "2048")
        cluster = {"server": "https://127.0.0.1:16443", "certificate-authority": str(self.home / "tls.crt")}
        (self.home / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}]}))

    def kubectl(self, *arguments, text=None):
        return run(self.programs / "kubectl", "--kubeconfig", self.home / "kubeconfig", *arguments, text=text)

    def version(self):
        return json.loads(self.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def _ctr(self, *arguments):
        return run("ctr", "--address", self.home / "containerd.sock", "--namespace", "k8s.io", "images", *arguments)

    def load_image(self, archive):
        self._ctr("import", "--snapshotter", "native", archive)

    def load_image_as(self, name, archive):
        """One that does not say its own name."""
        repository = name.rpartition(":")[0]
        self._ctr("import", "--snapshotter", "native", "--base-name", repository, archive)
        found = [image for image in self._ctr("list", "--quiet").split() if image.startswith(repository + ":")]
        self._ctr("tag", "--force", found[0], name)

    def stop(self):
        """Pods first, so that their volumes are let go; the namespaces end with us and take the rest."""
        try:
            self.kubectl("delete", "pods", "--all-namespaces", "--all", "--grace-period=1", "--timeout=20s")
        except Failed:
            pass
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def remove_leftovers(home):
    """Outside of the namespaces, when they are gone: groups of the kernel, and our files."""
    for hierarchy in Path("/sys/fs/cgroup").iterdir():
        for name in ("kubepods", "k8s.io"):
            group = hierarchy / name
            if group.is_dir():
                for directory, _, _ in os.walk(group, topdown=False):
                    try:
                        os.rmdir(directory)
                    except OSError:
                        pass
    shutil.rmtree(home, ignore_errors=True)
