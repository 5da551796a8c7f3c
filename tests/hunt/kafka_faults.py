"""What is done to Kafka and to the connector while everybody works."""

import faults
from connector import SIGNALS
from topics import wait_for_slot

# Its programs are Java: each takes seconds to be back.


def kill_connect(round_):
    round_.topics.connect.kill()
    faults.pause(round_)
    round_.topics.connect.start()


def restart_connect(round_):
    round_.topics.connect.stop()
    faults.pause(round_)
    round_.topics.connect.start()


def kill_broker(round_):
    round_.topics.broker.kill()
    faults.pause(round_)
    round_.topics.broker.start()


def put_again(round_):
    """It goes on from its offsets."""
    round_.topics.end(round_.connector_name)
    faults.pause(round_)
    round_.put_connector()


def make_anew(round_):
    """Another connector and slot for the same topics: it begins with a snapshot."""
    round_.topics.end(round_.connector_name)
    wait_for_slot(round_.server, round_.connector.properties["slot.name"])
    round_.connectors += 1
    round_.put_connector()


def signal(round_, what, condition=None):
    tables = round_.rng.sample(round_.schema.mirrored, round_.rng.randint(1, len(round_.schema.mirrored)))
    names = ", ".join(f'"public.{name}"' for name in tables)
    more = ""
    if condition:
        more = ', "additional-conditions": [' + ", ".join(
            f'{{"data-collection": "public.{name}", "filter": "{condition}"}}' for name in tables) + "]"
    round_.signals += 1
    faults.sql(round_, f"INSERT INTO {SIGNALS} VALUES ('s{round_.signals}', 'execute-snapshot', "
                       f"""'{{"data-collections": [{names}], "type": "{what}"{more}}}')""")


def incremental_snapshot(round_):
    signal(round_, "incremental")


def blocking_snapshot(round_):
    signal(round_, "blocking")


def snapshot_of_some_rows(round_):
    signal(round_, round_.rng.choice(["incremental", "blocking"]), "owner = 1")


OF_KAFKA = [kill_connect, kill_connect, restart_connect, kill_broker, put_again]
OF_SIGNALS = [incremental_snapshot, incremental_snapshot, blocking_snapshot, snapshot_of_some_rows]
OF_CONNECTOR = [make_anew]
SLOW = {*OF_KAFKA, *OF_CONNECTOR, blocking_snapshot, snapshot_of_some_rows}
