import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

import tools

MINIMAL = tools.CHART / "ci" / "minimal-values.yaml"

FOLLOWS_KAFKA = {"config": {"source": {"postgres": {"connection": ""}, "kafka": {"brokers": "k:9092", "topics": {"prefix": "shop"}}}},
                 "credentials": {"existingSecret": "", "passwordKey": ""}}


def merged(values, more):
    out = dict(values)
    for key, value in more.items():
        out[key] = merged(out.get(key, {}), value) if isinstance(value, dict) else value
    return out


def kafka(**more):
    """Of the section source.kafka."""
    return merged(FOLLOWS_KAFKA, {"config": {"source": {"kafka": more}}})


def listens(*addresses):
    return {"config": {"serve": {"listen": list(addresses), "anywhere": True}}}


# What is wrong, and the key that the message has to name.
REFUSED = {
    "config.cadence.every": {"config": {"cadence": {"min_interval": "1m", "every": "30s"}}},
    "config.cadence.after_quiet": {"config": {"cadence": {"every": "5m", "after_quiet": "300s"}}},
    "config.cadence.min_interval": {"config": {"cadence": {"min_interval": "9ms"}}},
    "config.status.heartbeat": {"config": {"status": {"heartbeat": "2h"}}},
    "config.commit.max_bytes": {"config": {"commit": {"max_bytes": 1024}}},
    "config.snapshot.reserve": {"config": {"snapshot": {"reserve": "1025TiB"}}},
    "config.serve.listen": {"config": {"serve": {"max_rows": 1}}},
    "config.serve.anywhere": {"config": {"serve": {"listen": "0.0.0.0:8080"}}},
    "config.serve.private_key": {"config": {"serve": {"listen": "127.0.0.1:1", "certificate": "/a"}}},
    "config.serve.certificate": {"config": {"serve": {"listen": "127.0.0.1:1", "private_key": "/a"}}},
    "config.snapshot.directory": {"config": {"snapshot": {"directory": "/var/lib/understudy/state/store/x"}}},
    "config.state.directory": {"config": {"state": {"directory": "/store"}}},
    "credentials.connectionKey": {"credentials": {"connectionKey": "uri"}},
    "credentials.passfile": {"credentials": {"passfile": "/run/pgpass"}},
    "credentials.existingSecret": {"credentials": {"existingSecret": ""}},
    "replicas": {"replicas": 2},
    "state.existingClaim": {"state": {"kind": "existingClaim"}},
    "snapshot.existingClaim": {"snapshot": {"existingClaim": "data"}},
    "snapshot.medium": {"snapshot": {"medium": "Memory"}},
    "state.kind": {"mode": "sidecar", "state": {"kind": "claim"}},
    "networkPolicy.enabled": {"mode": "sidecar", "networkPolicy": {"enabled": True}},
    "podDisruptionBudget.enabled": {"mode": "policy", "podDisruptionBudget": {"enabled": True}},
    "sidecar.native": {"mode": "policy", "sidecar": {"native": False}},
    "monitoring.serviceMonitor.enabled": {"monitoring": {"serviceMonitor": {"enabled": True}}},
    "monitoring.podMonitor.enabled": {"monitoring": {"podMonitor": {"enabled": True}}},
    "monitoring.podMonitor.selector": {
        "mode": "sidecar", "monitoring": {"podMonitor": {"enabled": True}},
        "config": {"serve": {"listen": "0.0.0.0:8080", "anywhere": True}},
    },
    "monitoring.rules.excludeRules": {"monitoring": {"rules": {"enabled": True, "excludeRules": ["UnderstudyNotFolowing"]}}},
    "config.source.kafka.brokers": {"config": {"source": {"kafka": {"description": "/d", "topics": {"prefix": "shop"}}}}},
    "config.source.kafka.topics": {"config": {"source": {"kafka": {"description": "/d", "brokers": "k:9092"}}}},
    "config.source.kafka.properties.sasl.password": {"config": {"source": {"kafka": {
        "brokers": "k:9092", "topics": {"prefix": "shop"}, "description": "/d", "properties": {"sasl.password": "x"}}}}},
    "credentials.passwordKey": {"config": {"source": {"kafka": {
        "brokers": "k:9092", "topics": {"prefix": "shop"}, "description": "/d"}}},
        "credentials": {"existingSecret": "a", "passwordKey": "password"}},
    "dropSlotOnUninstall": {"dropSlotOnUninstall": True, "config": {"source": {"kafka": {
        "brokers": "k:9092", "topics": {"prefix": "shop"}, "description": "/d"}}}},
    "credentials.kafkaPropertiesKey": {"credentials": {"existingSecret": "a", "kafkaPropertiesKey": "properties"}},
    "config.source.postgres.connection": merged(FOLLOWS_KAFKA, {"config": {"source": {"postgres": {"connection": "host=db"}}}}),
    "kafka.description: belongs to no": merged(kafka(description="/d"), {"kafka": {"description": "{}"}}),
    "kafka.description: is not the JSON": merged(FOLLOWS_KAFKA, {"kafka": {"description": "tables.json"}}),
    "kafka.description: is about config.source.kafka": {"kafka": {"description": "{}"}},
    "credentials.kafkaPropertiesKey, config.source.kafka.properties_file": merged(kafka(properties_file="/p"), {
        "credentials": {"existingSecret": "a", "kafkaPropertiesKey": "properties"}}),
    "credentials.rootCertificateKey: without TLS": merged(kafka(properties={"security.protocol": "SASL_PLAINTEXT"}), {
        "credentials": {"existingSecret": "a", "rootCertificateKey": "ca.crt"}}),
    "credentials.rootCertificateKey, config.source.kafka.properties.ssl.ca.location": merged(
        kafka(properties={"security.protocol": "ssl", "ssl.ca.location": "/a"}),
        {"credentials": {"existingSecret": "a", "rootCertificateKey": "ca.crt"}}),
    "credentials.rootCertificateKey: missing": {"config": {"source": {"postgres": {"connection": "postgres://u@db/shop?sslmode=verify-ca"}}}},
    "credentials.rootCertificateKey: never asked": {"credentials": {"rootCertificateKey": "ca.crt"}},
    "credentials.rootCertificateKey: sslrootcert": {"credentials": {"rootCertificateKey": "ca.crt"}, "config": {"source": {"postgres": {
        "connection": "host=db sslmode=verify-full sslrootcert=/a"}}}},
    "networkPolicy.kafka.port": merged(kafka(brokers="a:9093,b:9092"), {"networkPolicy": {"enabled": True}}),
    "networkPolicy.postgres.port": {"networkPolicy": {"enabled": True}, "config": {"source": {"postgres": {
        "connection": "host=a,b dbname=shop port=5432,6432"}}}},
    "networkPolicy.postgres.port: 5432": {"networkPolicy": {"enabled": True}, "config": {"source": {"postgres": {
        "connection": "postgresql://u@[::1]:6432,b/shop"}}}},
    "config.serve.listen: 0.0.0.0 is": listens("127.0.0.1:1", "0.0.0.0"),
    "config.serve.listen: 0.0.0.0:0 is": listens("0.0.0.0:0"),
    "config.serve.listen: [::]:65536 is": listens("[::]:65536"),
    "config.serve.listen: shop.internal:8080 is": listens("shop.internal:8080"),
    "config.serve.listen: unix:/run/http.sock is": listens("unix:/run/http.sock"),
    "config.serve.listen: unix:/var/lib/understudy/snapshot/../x is": listens("unix:/var/lib/understudy/snapshot/../x"),
    "monitoring.authorization": merged(listens("0.0.0.0:8080"), {
        "config": {"serve": {"token_file": "/t"}}, "monitoring": {"podMonitor": {"enabled": True}}}),
    "config.source.postgres.slot": {"slotPerPod": True, "config": {"source": {"postgres": {"slot": "s" * 61}}}},
    "image.repository": {"image": {"repository": "registry.internal:5000/understudy:1.2"}},
    "fragment.volumes": {"mode": "fragment", "fragment": {"volumes": "extra", "volumeMounts": "extra.mounts"}},
    "fragment.volumeMounts": {"mode": "fragment", "fragment": {"volumes": "extra", "volumeMounts": "extra"}},
    "snapshot.existingClaim: applications": {
        "state": {"kind": "existingClaim", "existingClaim": "a"}, "snapshot": {"kind": "existingClaim", "existingClaim": "a"}},
    "state.size": {"state": {"size": "0"}},
    "snapshot.size": {"snapshot": {"kind": "emptyDir", "medium": "Memory", "size": "512Mi"}},
    "config.state.directory: /etc/understudy is": {"config": {"state": {"directory": "/etc/understudy/store"}}},
    "config.snapshot.directory: /etc/understudy is": {"config": {"snapshot": {"directory": "/etc/understudy/"}}},
    "config.snapshot.directory: no volume can be mounted on /": {"config": {"snapshot": {"directory": "/"}}},
    "config.snapshot.directory: no volume can be mounted on /a:b": {"config": {"snapshot": {"directory": "/a:b"}}},
    "extraVolumeMounts: /var/lib/understudy/state is": {
        "extraVolumes": [{"name": "a", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "a", "mountPath": "/var/lib/understudy/state"}]},
    "extraVolumeMounts: there is no volume a": {"extraVolumeMounts": [{"name": "a", "mountPath": "/a"}]},
    "extraVolumes": {"extraVolumes": [{"name": "understudy-config", "emptyDir": {}}]},
    "extraVolumes: there is a a already": {"extraVolumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]},
    "extraContainers": {"extraContainers": [{"name": "understudy", "image": "a"}]},
    "initContainers": {"extraContainers": [{"name": "a", "image": "a"}], "initContainers": [{"name": "a", "image": "a"}]},
    "extraEnv": {"extraEnv": [{"name": "PGPASSWORD", "value": "a"}]},
    "extraArgs": {"extraArgs": ["--config", "/a"]},
    "resources.requests.memory": {"resources": {"requests": {"memory": "1Gi"}}},
    "resources.requests.cpu": {"resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1999m"}}},
    "resources.limits.memory": {"resources": {"limits": {"memory": "512m"}}},
    "probes.readiness.exec, probes.readiness.tcpSocket": {
        "probes": {"readiness": {"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}}},
    "securityContext.runAsUser": {"securityContext": {"runAsUser": 0}},
    "securityContext.privileged": {"securityContext": {"privileged": True}},
    "podDisruptionBudget.maxUnavailable": {"podDisruptionBudget": {"enabled": True, "maxUnavailable": ""}},
    "commonLabels.app.kubernetes.io/name": {"commonLabels": {"app.kubernetes.io/name": "shop"}},
    "podLabels.app.kubernetes.io/instance": {"podLabels": {"app.kubernetes.io/instance": "shop"}},
    # By the schema.
    "/config/cadence": {"config": {"cadence": {"evry": "5m"}}},
    "/config/cadence/every": {"config": {"cadence": {"every": 300}}},
    "/config/tables": {"config": {"tables": []}},
    "/config/source/postgres/slot": {"config": {"source": {"postgres": {"slot": "Shop-1"}}}},
    "/config/log/level": {"config": {"log": {"level": "verbose"}}},
    "/config/snapshot/mode": {"config": {"snapshot": {"mode": "0777"}}},
    "/config/documents/0/tables/0/nest/0/nest/0": {"config": {"documents": [{"file": "a.json", "tables": [
        {"table": "a.b", "nest": [{"table": "a.c", "by": "d", "nest": [{"table": "a.e"}]}]}]}]}},
    "'monitoring'": {"monitoring": None},
    "'startup'": {"probes": {"startup": None}},
    "'source'": {"config": {"source": None}},
    "/updateStrategy/type": {"updateStrategy": {"type": "Recreate"}},
    "/mode": {"mode": "daemonset"},
    "/image/tag": {"image": {"tag": 1}},
    "/state/size": {"state": {"size": "4 GB"}},
    "/resources/limits/memory": {"resources": {"limits": {"memory": "512 MB"}}},
    "/resources/limits/cpu": {"resources": {"limits": {"cpu": -1}}},
    "/extraEnv/0/value": {"extraEnv": [{"name": "A", "value": 1}]},
    "/podDisruptionBudget/maxUnavailable": {"podDisruptionBudget": {"maxUnavailable": "150%"}},
    "/probes/liveness/successThreshold": {"probes": {"liveness": {"successThreshold": 2}}},
    "/probes/readiness/terminationGracePeriodSeconds": {"probes": {"readiness": {"terminationGracePeriodSeconds": 5}}},
    "/probes/liveness": {"probes": {"liveness": {"period": 5}}},
    "/replicas": {"replicas": -1},
    "/commonLabels/a": {"commonLabels": {"a": 1}},
    "/commonLabels": {"commonLabels": {"a b": "c"}},
    "/podAnnotations": {"podAnnotations": {"/a": "c"}},
    "replica": {"replica": 1},
    "extraPodSpec.containers": {"extraPodSpec": {"containers": []}},
}

# The same mistakes in the program's own file; it refuses them under the same keys.
OF_THE_PROGRAM = ("config.cadence.every", "config.cadence.after_quiet", "config.cadence.min_interval", "config.status.heartbeat",
                  "config.commit.max_bytes", "config.snapshot.reserve", "config.serve.private_key", "config.serve.certificate",
                  "/config/cadence", "/config/cadence/every", "/config/tables", "/config/source/postgres/slot",
                  "/config/log/level", "/config/snapshot/mode")

# What it takes, close to what it refuses.
TAKEN = [
    {"cadence": {"min_interval": "30s", "every": "30s"}},
    {"cadence": {"every": "5m", "after_quiet": "299s"}},
    {"cadence": {"min_interval": "010ms", "after_quiet": "7d", "every": "30d"}},
    {"cadence": {"after_bytes": 67108864, "after_changes": 1000000000000}},
    {"commit": {"max_bytes": "64KiB"}},
    {"snapshot": {"reserve": 0, "grace": "0s"}},
    {"state": {"directory": "/var/lib/understudy/state"}},
    {"serve": {"listen": ["unix:/var/lib/understudy/snapshot/x.sock", "localhost:8080", "[::1]:8080", "127.0.0.2:1"]}},
    {"serve": {"listen": "[::]:8080", "anywhere": True}},
]


def complaint(values, version=tools.VERSION):
    with tempfile.TemporaryDirectory() as directory:
        try:
            tools.render(*tools.with_values(merged(tools.values_of(MINIMAL), values), directory), version=version)
        except tools.Refused as why:
            return str(why)
    return ""


def program_says(config):
    """What `understudy config` has against a file; empty if nothing."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "understudy.yaml"
        file.write_text(json.dumps(config))
        done = subprocess.run([tools.PROGRAM, "config", "--config", file], capture_output=True, text=True, env={})
    return done.stderr if done.returncode else ""


class Refusals(unittest.TestCase):
    def test_what_the_cluster_is_too_old_for_is_refused(self):
        for values, version, key in (({"slotPerPod": True}, "1.27.9", "slotPerPod"), ({"mode": "policy"}, "1.33.4", "mode")):
            with self.subTest(key):
                self.assertIn(f"{key}: ", complaint(values, version))
        self.assertEqual(complaint({"slotPerPod": True}, "1.28.0"), "")
        self.assertEqual(complaint({"mode": "policy"}, "1.34.0"), "")

    def test_an_authority_may_be_named_elsewhere(self):
        for connection, more in (("service=shop", {}), ("host=a sslmode=verify-full sslrootcert=/a", {}),
                                 ("host=a sslmode=verify-full", {"extraEnv": [{"name": "PGSSLROOTCERT", "value": "/a"}]}),
                                 ("host=a", {"extraEnv": [{"name": "PGSSLMODE", "value": "verify-full"}],
                                             "credentials": {"rootCertificateKey": "ca.crt"}})):
            with self.subTest(connection):
                self.assertEqual(complaint({"config": {"source": {"postgres": {"connection": connection}}}, **more}), "")

    def test_ports_that_agree_are_taken(self):
        for port, connection in ((6432, "postgresql://u@db:6432/shop"), (6432, "host=db port=6432"), (6432, "host=db"), (5432, "service=a")):
            with self.subTest(connection):
                values = {"networkPolicy": {"enabled": True, "postgres": {"port": port}}, "config": {"source": {"postgres": {
                    "connection": connection}}}}
                self.assertEqual(complaint(values), "")

    def test_what_contradicts_itself_is_refused_by_its_key(self):
        for key, values in REFUSED.items():
            with self.subTest(key):
                self.assertIn(key, complaint(values))

    def test_everything_that_is_missing_is_named_at_once(self):
        with self.assertRaises(tools.Refused) as refused:
            tools.render()
        self.assertIn("config.source.postgres.connection: missing", str(refused.exception))
        self.assertIn("config.tables: missing", str(refused.exception))

    def test_a_password_in_the_configuration_is_refused(self):
        for connection in ("host=a password=b", "postgresql://u:secret@db/shop", "postgres://db/shop?user=u&password=x",
                           "host=a sslpassword = x", "password=x"):
            with self.subTest(connection):
                why = complaint({"config": {"source": {"postgres": {"connection": connection}}}})
                self.assertIn("config.source.postgres.connection: holds a password", why)
        for connection in ("host=a passfile=/run/pgpass", "postgresql://u@db:5432/shop", "service=password_of"):
            with self.subTest(connection):
                self.assertEqual(complaint({"config": {"source": {"postgres": {"connection": connection}}}}), "")


class BesideTheProgram(unittest.TestCase):
    """The chart and the program agree on what a configuration may say."""

    def config(self, values):
        return merged({"state": {"directory": "/var/lib/understudy/state/store"}, "snapshot": {"directory": "/var/lib/understudy/snapshot"}},
                      merged(tools.values_of(MINIMAL), values)["config"])

    def test_the_program_refuses_what_the_chart_refuses(self):
        for key in OF_THE_PROGRAM:
            with self.subTest(key):
                name = key.replace("/", ".").split(".")[-1]
                self.assertIn(name, program_says(self.config(REFUSED[key])))

    def test_both_take_what_is_just_right(self):
        for config in TAKEN:
            with self.subTest(config):
                self.assertEqual(complaint({"config": config}), "")
                self.assertEqual(program_says(self.config({"config": config})), "")

    def test_the_program_takes_what_the_chart_renders(self):
        for file in tools.CI_VALUES:
            with self.subTest(file.name):
                objects = tools.render("--values", file, "--set", "mode=sidecar", "--show-only", "templates/configmap.yaml",
                                       "--set", "monitoring.podMonitor.selector.a=b", "--set", "state.kind=", "--set", "snapshot.kind=",
                                       "--set", "networkPolicy.enabled=false", "--set", "podDisruptionBudget.enabled=false",
                                       "--set", "monitoring.serviceMonitor.enabled=false")
                config = yaml.safe_load(tools.one(objects, "ConfigMap")["data"]["understudy.yaml"])
                # These name files and places that are only in the pod.
                if "postgres" in config["source"]:
                    config["source"]["postgres"].pop("connection_file", None)
                    config["source"]["postgres"].setdefault("connection", "host=db")
                config["source"].get("kafka", {}).pop("properties_file", None)
                for name in ("token_file", "certificate", "private_key"):
                    config.get("serve", {}).pop(name, None)
                self.assertEqual(program_says(config), "")

    def test_the_chart_takes_the_examples_of_the_program(self):
        for file in sorted((tools.ROOT / "config").rglob("understudy*.yaml")):
            with self.subTest(file.name), tempfile.TemporaryDirectory() as directory:
                config = tools.values_of(file)
                if "mode" in config["snapshot"]:  # octal to this reader, text to the program
                    config["snapshot"]["mode"] = f"{config['snapshot']['mode']:04o}"
                objects = tools.render(*tools.with_values({"config": config}, directory))
                rendered = yaml.safe_load(tools.one(objects, "ConfigMap")["data"]["understudy.yaml"])
                config["source"].get("kafka", {}).pop("properties_file", None)  # there is no such file here
                self.assertEqual(program_says(config), "")
                self.assertEqual({**rendered, "snapshot": None, "source": None, "log": None},
                                 {**config, "snapshot": None, "source": None, "log": None})
