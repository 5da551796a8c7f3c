"""What is looked at with a Kafka source: one set of topics, the chart's own pod and the example application's pods with their sidecars."""

import json
import re
import signal
import urllib.request

import yaml
from database import PASSWORD
from lab import (CHART, NAMESPACE, NO_CLAIMS, after, chart_values, deployment_of_kustomize, expect, install_app, is_ready, kafka_login,
                 merged, name_of, pods_of_a_policy, reads_database_again, reads_snapshot_for_a_while, ready_all_the_time, refused,
                 restart_by, row, status_of, the_log_says, volumes)
from node import Failed, wait_until
from topics import PREFIX, PREFIX_WITH_SCHEMAS, SCHEMAS

ALONE = "app.kubernetes.io/instance=kafka,app.kubernetes.io/name=understudy"  # and not the pod of helm test
FLEET = "app.kubernetes.io/instance=fleet"
# What the kubelet needs to call a pod unready, and some more: three probes, ten seconds apart.
UNREADY_AFTER = 45
# As in config/debezium/understudy.properties.
CONNECTOR = {"decimal_handling_mode": "string", "interval_handling_mode": "string", "time_precision_mode": "microseconds",
             "binary_handling_mode": "hex"}


def kafka_values(lab, prefix=PREFIX, **more):
    """Of our chart, for the topics of a connector."""
    source = {"kafka": {"brokers": lab.topics.brokers, "topics": {"prefix": prefix}, "connector": CONNECTOR,
                        "properties": {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}}}
    values = chart_values(source, {"existingSecret": "shop-kafka", "kafkaPropertiesKey": "kafka.properties"})
    common = {"config": {"serve": {"listen": "0.0.0.0:8080", "anywhere": True}}, "resources": {"limits": {"memory": "256Mi"}}}
    return merged(merged(values, common), more)


def described_values(lab, **more):
    return kafka_values(lab, kafka={"description": lab.topics.description}, **more)


def alone_values(values):
    return merged(values, {"state": {"storageClassName": "kafka"}, "snapshot": {"storageClassName": "kafka"}})


def put_secret(lab, name, password):
    lab.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE},
               "stringData": {"kafka.properties": kafka_login(password), **lab.authority.certificates()}})


def of_the_page(text):
    """The YAML on the chart's page that has this in it."""
    blocks = re.findall(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.S)
    return next(yaml.safe_load(block) for block in blocks if text in block)


def ask(pod, path):
    """Headers and rows, over HTTP."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{pod['status']['podIP']}:8080/{path}", timeout=30) as answer:
            return answer.headers, json.load(answer)
    except OSError as error:
        raise Failed(f"{name_of(pod)}: {error}") from None


def served(pod):
    return {table: ask(pod, table)[1] for table in ("materials", "events")}


def age(pod):
    return int(ask(pod, "materials?limit=1")[0]["Age"])


def all_serve(lab, expected, *selectors):
    for selector in selectors:
        for pod in lab.pods(selector):
            wait_until(lambda: served(pod) == expected, f"{name_of(pod)} to serve the database's rows")


def all_serve_the_databases_rows(lab, *selectors):
    all_serve(lab, lab.database.rows("materials", "events"), *selectors)


def wait_for_state(lab, state, *selectors):
    """Returns the reasons that the pods give."""
    reasons = set()
    for selector in selectors:
        for pod in lab.pods(selector):
            status = wait_until(lambda: (found := lab.status(name_of(pod))["status"])["state"] == state and found,
                                f"{name_of(pod)} to be {state}")
            reasons.add(status["reason"])
    return reasons


def expect_no_slot_of_ours(lab):
    found = set(lab.database.slots().split(","))
    expect(found == set(lab.topics.connect.connectors), f"the slots are {found}")


def change(lab):
    lab.database.sql("UPDATE materials SET stock = stock + 1 WHERE id <= 100; DELETE FROM events WHERE id % 3 = 0;"
                     "INSERT INTO events (payload) SELECT repeat('x', i) FROM generate_series(1, 10) i")


def place_of(status):
    """Generation and position, to be compared."""
    high, low = status["position"].split("/")
    return status["generation"], int(high, 16), int(low, 16)


# --- one set of topics, and whoever follows them

@row
def kafka_topics(lab):
    """a broker that asks for a password, and Debezium's connector, which writes the tables into topics"""
    lab.topics.start()
    put_secret(lab, "shop-kafka", PASSWORD)


@row
@after(kafka_topics)
def kafka_undescribed(lab):
    """stand-alone, Kafka, no description: not Ready, and the log says columns_unknown"""
    volumes(lab, "kafka")
    password = {"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {"name": "understudy", "key": "password"}}}  # for describe
    lab.helm("install", "kafka", CHART, values=alone_values(kafka_values(lab, extraEnv=[password])))
    wait_until(lambda: "reason=columns_unknown" in lab.log(name_of(lab.pod(ALONE)), "understudy"), "the log to say it")
    expect(not is_ready(lab.pod(ALONE)), "it is Ready")


@row
@after(kafka_undescribed)
def kafka_stand_alone(lab):
    """with what `understudy describe` says in that pod: Ready, and what is served equals the database, without a slot"""
    lab.topics.description = lab.kubectl("exec", name_of(lab.pod(ALONE)), "--container", "understudy", "--", "understudy", "describe",
                                         "--config", "/etc/understudy/understudy.yaml", "--connection",
                                         lab.database.connection("understudy"))
    lab.helm("upgrade", "kafka", CHART, "--wait", "--timeout", "3m", values=alone_values(described_values(lab)))
    wait_until(lambda: is_ready(lab.pod(ALONE)), "the pod to be ready")
    all_serve_the_databases_rows(lab, ALONE)
    expect_no_slot_of_ours(lab)


@row
@after(kafka_stand_alone)
def kafka_helm_test(lab):
    """helm test passes"""
    lab.helm("test", "kafka", "--timeout", "2m")


@row
@after(kafka_stand_alone)
def kafka_fleet(lab):
    """two more pods, of the example application with the sidecar, follow the same topics without a slot"""
    # What the example says of Postgres is taken away.
    values = described_values(lab, config={"source": {"postgres": {"connection": ""}}}, credentials={"passwordKey": ""})
    install_app(lab, "fleet", values, replicas=2, more_security="        fsGroup: 65532\n")
    expect(len(lab.pods(FLEET)) == 2, "not two pods")
    for pod in lab.pods(FLEET):
        told = wait_until(lambda: lab.told(name_of(pod)), "the shop's first line")
        expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    all_serve_the_databases_rows(lab, FLEET)
    expect_no_slot_of_ours(lab)


@row
@after(kafka_fleet)
def kafka_change(lab):
    """a change arrives in each pod, and each says after a while that what one transaction wrote comes together"""
    change(lab)
    all_serve_the_databases_rows(lab, ALONE, FLEET)

    def together():
        change(lab)
        return all(lab.status(name_of(pod))["status"]["consistency"] == "transaction" for pod in lab.pods(ALONE) + lab.pods(FLEET))
    wait_until(together, "the consistency to be `transaction`")
    all_serve_the_databases_rows(lab, ALONE, FLEET)


@row
@after(kafka_fleet)
def kafka_broker_outage(lab):
    """the broker stops and comes back: all pods stay Ready, serve what they had and say why, and go on"""
    all_serve_the_databases_rows(lab, ALONE, FLEET)
    before = lab.database.rows("materials", "events")
    with ready_all_the_time(lab, ALONE, FLEET):
        lab.topics.broker.stop()
        try:
            reasons = wait_for_state(lab, "waiting", ALONE, FLEET)
            expect(reasons == {"unreachable"}, f"the reasons are {reasons}")
            change(lab)
            wait_until(lambda: age(lab.pod(ALONE)) >= UNREADY_AFTER, "the age to grow")
            all_serve(lab, before, ALONE, FLEET)
        finally:
            lab.topics.broker.start()
        wait_for_state(lab, "streaming", ALONE, FLEET)
        all_serve_the_databases_rows(lab, ALONE, FLEET)


@row
@after(kafka_fleet)
def kafka_outage(lab):
    """the database stops and comes back: no read fails, all pods stay Ready, changes arrive again"""
    all_serve_the_databases_rows(lab, ALONE, FLEET)
    expected, applications = lab.database.sum(), [name_of(pod) for pod in lab.pods(FLEET)]
    with ready_all_the_time(lab, ALONE, FLEET):
        lab.database.stop()
        try:
            for name in applications:
                reads_snapshot_for_a_while(lab, name, expected)
        finally:
            lab.database.start()
        for name in applications:
            reads_database_again(lab, name)
        change(lab)
        all_serve_the_databases_rows(lab, ALONE, FLEET)


def delete_alone(lab):
    """Its pod. Returns the one that comes in its place, when it is Ready."""
    before = lab.pod(ALONE)["metadata"]["uid"]
    lab.kubectl("delete", "pod", name_of(lab.pod(ALONE)))
    return wait_until(lambda: (pod := lab.pod(ALONE))["metadata"]["uid"] != before and is_ready(pod) and pod, "another pod")


def expect_goes_on(lab, pod, before):
    name = name_of(pod)
    expect("copy_started" not in lab.log(name, "understudy"), "it read the topics anew")
    found = lab.status(name)["status"]
    expect(place_of(found) >= place_of(before), f"it went back from {place_of(before)} to {place_of(found)}")


@row
@after(kafka_stand_alone)
def kafka_restart(lab):
    """kill -9, and a deleted pod: it goes on from the stored position, and reads nothing anew"""
    for again in (lambda: restart_by(lab, ALONE, signal.SIGKILL, 60), lambda: delete_alone(lab)):
        before = lab.status(name_of(lab.pod(ALONE)))["status"]
        expect_goes_on(lab, again(), before)
        change(lab)
        all_serve_the_databases_rows(lab, ALONE)


@row
@after(kafka_stand_alone)
def kafka_restart_alone(lab):
    """a pod that is deleted while the broker is down: the new one is Ready, with the last generation"""
    all_serve_the_databases_rows(lab, ALONE)
    before = lab.status(name_of(lab.pod(ALONE)))["status"]
    lab.topics.broker.stop()
    try:
        pod = delete_alone(lab)
        all_serve_the_databases_rows(lab, ALONE)
    finally:
        lab.topics.broker.start()
    wait_for_state(lab, "streaming", ALONE)
    expect_goes_on(lab, pod, before)


@row
@after(kafka_topics)
def kafka_schemas(lab):
    """with schemas in messages, and replicas: 2: both Ready, and equal to the database, with no description and no slot"""
    lab.topics.add_connector(PREFIX_WITH_SCHEMAS, SCHEMAS)
    lab.helm("install", "schemas", CHART, "--wait", "--timeout", "3m",
             values=kafka_values(lab, PREFIX_WITH_SCHEMAS, replicas=2, **NO_CLAIMS))
    selector = "app.kubernetes.io/instance=schemas"
    expect(len(lab.pods(selector)) == 2, "not two pods")
    all_serve_the_databases_rows(lab, selector)
    expect_no_slot_of_ours(lab)
    lab.helm("uninstall", "schemas", "--wait", "--timeout", "2m")


@row
@after(kafka_stand_alone)
def kafka_by_policy(lab):
    """a MutatingAdmissionPolicy puts a sidecar that follows the topics into a labelled pod: equal to the database, without a slot"""
    with pods_of_a_policy(lab, described_values(lab)):
        all_serve_the_databases_rows(lab, "way=policy")
        expect_no_slot_of_ours(lab)


@row
@after(kafka_stand_alone)
def kafka_by_kustomize(lab):
    """the kustomize component for Kafka puts such a sidecar into a labelled Deployment: equal to the database, without a slot"""
    def change(example):
        paths = {"description": "/etc/understudy/tables.json", "properties_file": "/etc/understudy-secret/kafka.properties"}
        config = merged(described_values(lab)["config"], {"source": {"kafka": paths}})
        written = yaml.safe_load((example / "understudy.yaml").read_text())
        (example / "understudy.yaml").write_text(json.dumps(merged({**written, "source": {}}, config)))
        (example / "tables.json").write_text(lab.topics.description)
        kustomization = yaml.safe_load((example / "kustomization.yaml").read_text())
        (example / "kustomization.yaml").write_text(yaml.safe_dump({**kustomization, **of_the_page("../kafka")}))
    with deployment_of_kustomize(lab, change):
        all_serve_the_databases_rows(lab, "app=shop")
        expect_no_slot_of_ours(lab)


@row
@after(kafka_stand_alone)
def kafka_tls(lab):
    """SASL over TLS: with the broker's CA in the Secret it is equal to the database; with another CA not Ready, and the log says why"""
    source = {"source": {"kafka": {"brokers": lab.topics.brokers_with_tls, "properties": {"security.protocol": "SASL_SSL"}}}}

    def values(key):
        return described_values(lab, config=source, credentials={"rootCertificateKey": key}, **NO_CLAIMS)
    refused(lab, values("other.crt"), lambda: the_log_says(lab, "reason=authentication_failed"), "the log to say it")
    lab.helm("install", "tls", CHART, "--wait", "--timeout", "3m", values=values("ca.crt"))
    all_serve_the_databases_rows(lab, "app.kubernetes.io/instance=tls")
    lab.helm("uninstall", "tls", "--wait", "--timeout", "2m")


@row
@after(kafka_fleet)
def kafka_load(lab):
    """a load of 100,000 rows, and an update of each, stays under the containers' limit of memory"""
    pods = lab.pods(ALONE) + lab.pods(FLEET)
    restarts = {name_of(pod): status_of(pod, "understudy")["restartCount"] for pod in pods}
    lab.database.sql("DELETE FROM events")
    lab.database.sql("INSERT INTO events (payload) SELECT repeat('x', 200) FROM generate_series(1, 100000)")
    lab.database.sql("UPDATE events SET payload = payload || 'y'")
    for pod in pods:
        wait_until(lambda: ask(pod, "events?payload=like.*y&select=id&order=id.desc&limit=1")[1] and
                   " rows=102000 " in lab.log(name_of(pod), "understudy", "--tail=5"), "all rows to be published", 300)
    found = {name_of(pod): status_of(pod, "understudy")["restartCount"] for pod in lab.pods(ALONE) + lab.pods(FLEET)}
    expect(found == restarts, f"restarted: {found}")


@row
@after(kafka_fleet)
def kafka_uninstall(lab):
    """helm uninstall leaves nothing in the database, for there was nothing"""
    for release in ("fleet", "kafka"):
        lab.helm("uninstall", release, "--wait", "--timeout", "2m")
    expect_no_slot_of_ours(lab)


# --- bad input

@row
@after(kafka_topics)
def kafka_wrong_password(lab):
    """a wrong password for the broker: not Ready, and the log says why"""
    put_secret(lab, "wrong-kafka", "wrong")
    values = kafka_values(lab, credentials={"existingSecret": "wrong-kafka"}, **NO_CLAIMS)
    refused(lab, values, lambda: the_log_says(lab, "reason=authentication_failed"), "the log to say it")


@row
@after(kafka_topics)
def kafka_unreachable(lab):
    """a broker that cannot be reached: not Ready, and the log says why"""
    nowhere = {"source": {"kafka": {"brokers": "10.250.0.1:1"}}}
    refused(lab, kafka_values(lab, config=nowhere, **NO_CLAIMS), lambda: the_log_says(lab, "reason=unreachable"), "the log to say it")


@row
@after(kafka_topics)
def kafka_no_topic(lab):
    """a prefix that no connector has: not Ready, and the log says why"""
    refused(lab, kafka_values(lab, "nobodys", **NO_CLAIMS), lambda: the_log_says(lab, "reason=topic_missing"), "the log to say it")
