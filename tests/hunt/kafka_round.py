"""A round through a real Debezium and a real broker, with a connector of random settings."""

import re
import time

import faults
import kafka_faults
from captured import CapturedSchema, name_of
from columns import columns_of
from connector import random_connector
from losses import unnamed
from measuring import wait_until
from round import LAYOUTS, QUIET_SECONDS, Round, random_settings
from schema import OWNERS, rows_of
from session import Session
from topic_mirror import TopicMirror
from topics import wait_for_slot
from watcher import ALARMING, Watcher, torn

PATIENCE_SECONDS = 25  # from the newest generation that has the last transaction's row until all others must be there
FIRST_SECONDS = 150
CLAIM_SLACK_SECONDS = 5  # a heartbeat does not tell whether the connector has caught up
STARTS_MAX = 60
OF_DATABASE = [faults.fast_restart, faults.crash]
KEYS = ("owner", "k", "k2", "region")
NULLS_BEHIND_DEFAULTS = {"nulls_as_defaults", "untold_history"}
# What the operator mends by leaving a column out.
NAMES_A_COLUMN = {"unsupported_type", "table_changed"}
COLUMN = re.compile(r"(?:column|key column) (.+?)(?: has type |: | in the messages)|lacks column (.+?)(?:: |, which)")
TABLE = re.compile(r"public[.](t\d+)")


class ConnectorFailed(Exception):
    """Debezium itself cannot go on: no round for us."""


class KafkaRound(Round):
    def __init__(self, server, topics, seed, evidence):
        self.topics = topics
        self.connectors = self.signals = 0
        super().__init__(server, seed, evidence)
        self.does_ddl = self.is_impatient = False
        self.connector = random_connector(self.rng, self.database, server.port, self.schema.mirrored, self.schema.keyed_by_k)

    @property
    def connector_name(self):
        return f"{self.database}_{self.connectors}"

    def more(self):
        return f"\n   {self.connector.summary()}"

    def random_schema(self):
        return CapturedSchema(self.rng, self.server.version)

    def random_faults(self):
        return sum(self.rng.choice([
            [], [faults.OF_SIDECAR], [kafka_faults.OF_SIGNALS], [kafka_faults.OF_KAFKA, faults.OF_SIDECAR],
            [kafka_faults.OF_SIGNALS, faults.OF_SIDECAR], [kafka_faults.OF_SIGNALS, kafka_faults.OF_KAFKA],
            [kafka_faults.OF_CONNECTOR, kafka_faults.OF_SIGNALS, faults.OF_SIDECAR],
            [faults.OF_SIDECAR, OF_DATABASE]]), [])

    def found(self, what, text, directory=None):
        super().found(what, text, directory)
        self.topics.keep(self.connector.prefix, self.evidence / f"{self.seed}-topics")

    def put_connector(self):
        try:
            self.topics.connect.put(self.connector_name, self.connector.properties)
        except RuntimeError as error:
            raise ConnectorFailed(str(error)) from None

    # The round

    def run(self, seconds):
        self.server.sql("postgres", f"CREATE DATABASE {self.database}")
        session = Session(self.server, self.database)
        self.schema.create(session)
        self.schema.publish_for(session, self.database)
        session.close()
        with TopicMirror(self.server, self.database, self.schema, self.settings, self.connector,
                         self.topics.broker.bootstrap) as self.mirror:
            self.watcher = Watcher(self)
            try:
                self.begin()
                self.watch(seconds)
            except ConnectorFailed as failed:
                self.done["the connector failed"] += 1
                print(f"   the connector failed: {failed}"[:1500])
            finally:
                self.keep_log()
                self.mirror.kill()
                self.topics.end(self.connector_name)
        wait_for_slot(self.server, self.connector.properties["slot.name"])
        self.server.drop(self.database)

    def begin(self):
        """Until a first generation is announced, and what is not compared is known."""
        hands = self.start_hands()
        try:
            wait_until(self.has_rows, "rows in every table", 60, 0.1)
            if self.rng.random() < 0.5:
                self.stop_hands(hands)
                hands = []
            self.put_connector()
            self.start_following()
            self.wait_for_first_generation()
        finally:
            self.stop_hands(hands)
        self.hide({column for column in self.mirror.losses()})
        self.check_quiet()

    def has_rows(self):
        return all(self.server.sql(self.database, f"SELECT count(*) FROM {table.name}") != "0" for table in self.schema.tables)

    def start_following(self):
        self.mirror.configure("one")
        if self.connector.columns != "messages":
            told = self.schema.mirrored
            self.mirror.describe(None if self.connector.columns == "description" else
                                 set(self.rng.sample(told, self.rng.randint(1, len(told)))))
        self.mirror.configure(self.rng.choice(LAYOUTS))
        self.mirror.start()

    def wait_for_first_generation(self):
        ends = time.monotonic() + FIRST_SECONDS
        while not self.mirror.has_announced():
            self.look_after_connector()
            self.leave_out()
            if time.monotonic() > ends:
                self.found("no generation", f"within {FIRST_SECONDS} s: {self.said()}")
                raise ConnectorFailed("nothing is announced")
            time.sleep(0.1)

    def leave_out(self):
        """As an operator does, who reads the reason."""
        status = self.mirror.status()
        ended = not self.mirror.is_running()
        if status.get("reason") in NAMES_A_COLUMN and (ended or self.mirror.has_spoken()):
            text = status["reason_text"]
            column, table = COLUMN.search(text), TABLE.search(text)
            if column and table and table[1] in self.schema.excluded:
                name = column[1] or column[2]
                self.done[f"left out ({status['reason']})"] += 1
                self.leave_column_out(table[1], name, text)
        elif status.get("reason") == "incomplete_log" and self.connector.cleanup == "delete" and not self.connector.said_complete:
            self.done["said to be complete"] += 1  # which it is: no retention comes to pass within a round
            self.connector.said_complete = True
            self.start_again()
        elif ended:
            self.found("ended", f"{self.said()}; {self.mirror.log.read_text()[-600:]}")
            raise ConnectorFailed("understudy ended")

    def leave_column_out(self, table, name, text):
        if name in KEYS and self.connector.columns != "description":
            self.connector.columns = "description"  # as the text advises
            self.mirror.describe()
        elif name in self.schema.excluded[table] or name in KEYS:
            self.found("refused again", text)
            raise ConnectorFailed("a refusal that nothing mends")
        self.schema.excluded[table].update({name} - set(KEYS))
        self.start_again()

    def start_again(self):
        self.mirror.kill()
        self.mirror.configure("one")
        (self.mirror.snapshot / "status.json").unlink(missing_ok=True)
        self.mirror.start()

    def hide(self, lossy):
        """These columns are compared by themselves; everything else is noted in digests."""
        self.lossy = {column: loss for column, loss in self.mirror.losses().items() if column in lossy}
        session = Session(self.server, self.database)
        for table in self.schema.tables:
            names = {name for of, name in lossy if of == table.name} | self.schema.excluded[table.name]
            if self.connector.columns != "description":  # no message tells of them
                names |= {name_of(column) for column in table.columns} - self.mirror.columns(table.name)
            self.schema.hide(session, table.name, names)
            self.mirror.hidden[table.name] = names
            session.ask(f"SELECT hunt.note({table.nr}, o) FROM unnest(ARRAY{list(OWNERS)}) o")
        session.close()

    def look_after_connector(self):
        """Whether its task had failed, and was started again."""
        state, why = self.topics.state(self.connector_name)
        if state != "FAILED":
            return False
        self.done["task restarted"] += 1
        if self.done["task restarted"] == 1:
            print("   the task failed: " + " | ".join(line for line in why.splitlines() if "aused by" in line)[:600], flush=True)
        if self.done["task restarted"] > 3:
            raise ConnectorFailed(why)
        time.sleep(1)
        self.topics.restart_task(self.connector_name)
        time.sleep(2)
        return True

    def said(self):
        status = self.mirror.status()
        return f"{status.get('state')} {status.get('reason')}: {status.get('reason_text')}; " \
               f"connector {self.topics.state(self.connector_name)}"[:1500]

    # What the watcher asks

    def what_is_torn(self, document):
        if document.manifest["consistency"] != "transaction":
            self.done["generations of rows"] += 1
            return []
        self.done["generations of transactions"] += 1
        return torn(document, [table for table in self.schema.tables if not self.may_lack(document, table)])

    def may_lack(self, document, table):
        """Whether the manifest says that rows may be missing or too many."""
        return self.has_lossy_key(table) or bool(withheld(document)) and table.kind != "key_full" or bool(doubts(document, table.name))

    def may_have_too_many(self, document, name):
        """Flattened messages do not tell of a snapshot, so their tables are marked always."""
        named = doubts(document, name)
        return "resnapshot" in named or "untold_history" in named and self.has_been_behind()

    def may_hide_nulls(self, document, name):
        """Behind the defaults of columns."""
        return bool(NULLS_BEHIND_DEFAULTS & set(doubts(document, name)))

    def has_lossy_key(self, table):
        """Two rows of the database may be one then."""
        return bool(self.mirror.hidden.get(table.name, set()) & set(KEYS))

    def alarming(self):
        return ALARMING - {"unsupported_type"}

    def claim_slack(self):
        return CLAIM_SLACK_SECONDS + (60 if self.has_been_behind() else 0)

    def has_been_behind(self):
        """Whether the connector lived, and did not send what was committed."""
        behind_by = {each.__name__ for each in kafka_faults.SLOW} | {"task restarted"}
        if self.connector.properties["snapshot.mode"] == "always":  # it begins anew with the database, by itself
            behind_by |= {each.__name__ for each in OF_DATABASE}
        return any(self.done[name] for name in behind_by)

    def had_a_right_to_end(self, status):
        return super().had_a_right_to_end(status) or self.says_columns_are_mixed_up()

    # At a quiet point

    def check_quiet(self):
        session = Session(self.server, self.database)
        mark = self.schema.mark(session)
        expected = rows_of(session, self.schema)
        whole = {table.name: self.whole_rows(session, table) for table in self.schema.tables}
        session.close()
        deadline = time.monotonic() + QUIET_SECONDS
        marked, newest = None, None
        while True:
            self.keep_alive()
            if self.look_after_connector() and marked:
                marked = time.monotonic()  # the others are with what the task has yet to send
            document = self.mirror.announced()
            if mark_in(document) >= mark and document.generation != newest:  # others are still behind on a slow machine
                marked, newest = time.monotonic(), document.generation
            wrong = self.differences(document, expected, whole) if marked else []
            if marked and not wrong:
                break
            if marked and time.monotonic() > marked + PATIENCE_SECONDS:
                self.found("wrong", f"generation {document.generation}: " + "; ".join(wrong),
                           self.mirror.generation_directory(document.generation))
                return
            if self.says_columns_are_mixed_up():
                raise ConnectorFailed(self.mirror.status()["reason_text"])
            if time.monotonic() > deadline and not marked:
                self.found("stale", f"nothing new within {QUIET_SECONDS} s: {self.said()}")
                return
            if self.findings:
                return
            time.sleep(0.1)
        self.done[f"quiet point ({document.manifest['consistency']})"] += 1
        self.note_marks(document)

    def says_columns_are_mixed_up(self):
        """A mistake of Debezium's (README.md), which has to be named."""
        status = self.mirror.status()
        return status.get("reason") == "bad_message" and "mixes up the table's columns" in status["reason_text"]

    def note_marks(self, document):
        if withheld(document):
            self.done["quiet points with rows withheld"] += 1
        for table in document.manifest["tables"]:
            for doubt in table.get("doubts", ()):
                self.done[f"quiet points with {doubt}"] += 1

    def whole_rows(self, session, table):
        hidden = self.mirror.hidden.get(table.name, set()) - self.schema.excluded[table.name]
        if not hidden:
            return []
        return session.ask(f"SELECT replace(to_json(t.*)::text, chr(10), ' ') FROM {table.name} t").split("\n")

    def differences(self, document, expected, whole):
        spare = withheld(document)
        wrong = []
        lossy = {table.name for table in self.schema.tables if self.has_lossy_key(table)}
        for name, rows in expected.items():
            found = sorted(document.rows[name])
            if found == rows or name in lossy:
                continue
            only_there, only_here = surplus(rows, found), surplus(found, rows)
            if self.may_hide_nulls(document, name):
                only_there, only_here = without_nulls(only_there, only_here)
            if self.may_have_too_many(document, name):
                only_here = []
            if len(only_there) <= spare:
                spare -= len(only_there)
                only_there = []
            if only_there or only_here:
                wrong.append(f"{name}: {len(rows)} rows in the database, {len(found)} in the document; {shown(only_there, only_here)}")
        for table in self.schema.tables:
            if whole[table.name]:
                hides_nulls = self.may_hide_nulls(document, table.name)
                wrong += self.unnamed_losses(table, document.whole[table.name], whole[table.name], hides_nulls)
        return wrong

    def unnamed_losses(self, table, found, rows, hides_nulls):
        """Values of columns that may lose something, where they lost something else."""
        if self.has_lossy_key(table):
            return []
        wrong = []
        there = {key_of(columns): columns for columns in map(columns_of, filter(None, rows))}
        for columns in map(columns_of, found):
            row = there.get(key_of(columns))
            for (of, name), loss in self.lossy.items():
                if row is None or of != table.name or name not in columns:
                    continue
                if hides_nulls and row[name] == "null":
                    continue
                if columns[name] != row[name] and unnamed(loss, row[name], columns[name]):
                    wrong.append(f"{of}.{name}: {row[name][:100]} in the database, {columns[name][:100]} in the document, "
                                 f"and of the column it is said: {loss}")
        return wrong[:3]

    def check_copies(self):
        pass  # a connector that is made anew, or a column that is left out, has it read anew

    def verify(self):
        self.done["check"] += 1
        answer = self.mirror.run("check")
        for (table, column), loss in self.lossy.items():
            if loss not in answer.stdout:
                self.found("check", f"it does not say of {table}.{column}: {loss}; exit status {answer.returncode}: "
                           f"{answer.stdout[-1500:]}{answer.stderr[-500:]}")


def mark_in(document):
    return next((int(columns["row_count"]) for columns in map(columns_of, document.rows["tally"])
                 if columns["nr"] == "0"), -1)


def withheld(document):
    return sum(each.get("withheld_rows", 0) for each in document.manifest["documents"])


def doubts(document, name):
    return next((table.get("doubts", []) for table in document.manifest["tables"] if table["name"] == name), [])


def surplus(rows, others):
    """What is in the first more often than in the second."""
    rest = list(others)
    found = []
    for row in rows:
        if row in rest:
            rest.remove(row)
        else:
            found.append(row)
    return found


def key_of(columns):
    return tuple(columns.get(name) for name in KEYS)


def without_nulls(only_there, only_here):
    """Less the rows that are there with other values, and only where the database has a null."""
    here = {key_of(columns_of(row)): row for row in only_here}
    alike = [(row, here[key]) for row in only_there if (key := key_of(columns_of(row))) in here
             and all(value in ("null", columns_of(here[key]).get(name)) for name, value in columns_of(row).items())]
    there, found = {row for row, _ in alike}, {row for _, row in alike}
    return [row for row in only_there if row not in there], [row for row in only_here if row not in found]


def shown(only_there, only_here):
    """What differs in a row of the same key; else the rows that only one of them has."""
    here = {key_of(columns): columns for columns in map(columns_of, only_here)}
    for row in map(columns_of, only_there):
        other = here.get(key_of(row))
        if other:
            return f"of {key_of(row)} " + "; ".join(
                f"{name}: {row[name][:200]} in the database, {other.get(name, 'nothing')[:200]} in the document"
                for name in row if row[name] != other.get(name))
    return (f"only in the database {[row[:200] for row in only_there[:2]]}, "
            f"only in the document {[row[:200] for row in only_here[:2]]}")
