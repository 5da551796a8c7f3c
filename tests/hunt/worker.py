"""Sessions that change rows at random, each those of its own owner."""

import threading
import time

from schema import JOURNAL_KEPT, columns_of
from server import wait_until
from session import ConnectionLost, Session, SqlError
from values import large_text, random_value


class Ledger:
    """What the database acknowledged to one owner, and when at the latest."""

    def __init__(self):
        self._acknowledged = []
        self._lock = threading.Lock()

    def add(self, number):
        with self._lock:
            self._acknowledged.append((time.time(), number))

    def forget_after(self, number):
        """A crash can lose what was acknowledged under synchronous_commit = off."""
        with self._lock:
            self._acknowledged = [entry for entry in self._acknowledged if entry[1] <= number]

    def number_at(self, moment):
        with self._lock:
            return max((number for at, number in self._acknowledged if at <= moment), default=0)


class Worker(threading.Thread):
    """Works until it is told to stop, over restarts of the server, and leaves no transaction open."""

    def __init__(self, round_, owner, rng):
        super().__init__(daemon=True)
        self.round, self.owner, self.rng = round_, owner, rng
        self.ledger = round_.ledgers[owner]
        self.stopping = threading.Event()
        self.session = None
        self.number = 0
        self.failure = None

    def stop(self):
        self.stopping.set()

    def run(self):
        try:
            while not self.stopping.is_set():
                try:
                    self.connected()
                    self.work()
                except (ConnectionLost, SqlError) as error:
                    self.round.note_sql_error(error)
                    self.recover(error)
            while not self.tidy():
                pass
        except Exception as error:  # of the hunt itself: the round must say so
            self.failure = error
        finally:
            if self.session:
                self.session.close()

    def connected(self):
        if self.session:
            return
        self.session = wait_until(self._try_connect, "a session", 90, 0.1)
        self.end_prepared()
        self.number = int(self.session.ask(f"SELECT max(n) FROM journal WHERE owner = {self.owner}"))
        self.ledger.forget_after(self.number)
        self.on_connect()

    def _try_connect(self):
        try:
            return Session(self.round.server, self.round.database)
        except (ConnectionLost, SqlError):
            return None

    def on_connect(self):
        """Some changes come as another server's, like those of a subscription."""
        if self.rng.random() < 0.2:
            origin = f"{self.round.database}_{self.owner}"
            self.session.ask(f"SELECT pg_replication_origin_create('{origin}') WHERE NOT EXISTS "
                             f"(SELECT FROM pg_replication_origin WHERE roname = '{origin}')")
            self.session.ask(f"SELECT pg_replication_origin_session_setup('{origin}')")

    def recover(self, error):
        if isinstance(error, ConnectionLost):
            self.session.close()
            self.session = None
            return
        try:
            self.session.ask("ROLLBACK")
        except ConnectionLost:
            self.session = None

    def tidy(self):
        """Whatever a lost connection left behind is ended. Returns whether that worked."""
        try:
            self.connected()
            self.end_prepared()
            return True
        except (ConnectionLost, SqlError) as error:
            self.recover(error)
            return False

    def end_prepared(self):
        for gid in self.session.ask(f"SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'hunt-{self.owner}-%' "
                                    "AND database = current_database()").split():
            self.session.ask(f"{self.rng.choice(['COMMIT', 'ROLLBACK'])} PREPARED '{gid}'")

    def work(self):
        self.transaction()
        self.stopping.wait(self.rng.choice([0, 0, 0.02, 0.1, 0.3]))

    # One transaction

    def transaction(self):
        rng, ask = self.rng, self.session.ask
        chosen = sorted(rng.sample(self.round.schema.tables, rng.randint(1, min(3, len(self.round.schema.tables)))),
                        key=lambda table: table.nr)
        ask("BEGIN")
        if self.round.loses_nothing and rng.random() < 0.2:
            ask("SET LOCAL synchronous_commit = off")
        for table in chosen:
            ask(f"SELECT pg_advisory_xact_lock_shared({table.nr})")
        for _ in range(rng.randint(1, 6)):
            self.attempt(lambda: self.change(rng.choice(chosen)))
        self.note(chosen, [self.owner])
        self.end(rng.choices(["commit", "rollback", "prepare"], [85, 8, 7])[0])

    def attempt(self, action, may_undo=True):
        """In a savepoint, which is sometimes rolled back though nothing failed."""
        self.session.ask("SAVEPOINT attempt")
        try:
            action()
            if may_undo and self.rng.random() < 0.1:
                self.session.ask("ROLLBACK TO attempt")
        except SqlError as error:
            self.round.note_sql_error(error)
            self.session.ask("ROLLBACK TO attempt")
        if self.rng.random() < 0.8:
            self.session.ask("RELEASE attempt")

    def note(self, tables, owners):
        for table in tables:
            for owner in owners:
                self.session.ask(f"SELECT hunt.note({table.nr}, {owner})")
        self.session.ask(f"INSERT INTO journal VALUES ({self.owner}, {self.number + 1})")
        self.session.ask(f"DELETE FROM journal WHERE owner = {self.owner} AND n <= {self.number + 1 - JOURNAL_KEPT}")

    def end(self, how):
        if how == "rollback":
            self.session.ask("ROLLBACK")
            return
        if how == "prepare":
            gid = f"hunt-{self.owner}-{self.number + 1}"
            self.session.ask(f"PREPARE TRANSACTION '{gid}'")
            self.stopping.wait(self.rng.random())
            if self.rng.random() < 0.3:
                self.session.ask(f"ROLLBACK PREPARED '{gid}'")
                return
            self.session.ask(f"COMMIT PREPARED '{gid}'")
        else:
            self.session.ask("COMMIT")
        self.number += 1
        self.ledger.add(self.number)

    # One statement

    def change(self, table):
        columns = columns_of(self.session, table)
        action = self.rng.choices([self.insert, self.update, self.change_key, self.delete, self.enlarge, self.replace],
                                  [30, 35, 12, 12, 8, 6])[0]
        action(table, columns)

    def value(self, column):
        if column.name == "c_big":
            return large_text(self.rng, self.rng.choice([1, 3, 9, 9, 9, 9, 9, 300]))
        return random_value(self.rng, column.type, may_be_null=column.is_payload)

    def insert(self, table, columns):
        written = [c for c in columns if c.name in ("owner", "k") or c.is_payload
                   or c.name == "region" and self.rng.random() < 0.7]
        values = {"owner": lambda: str(self.owner), "region": lambda: str(self.rng.randint(0, 2))}
        rows = ", ".join("(" + ", ".join(values.get(c.name, lambda c=c: self.value(c))() for c in written) + ")"
                         for _ in range(self.rng.randint(1, 5)))
        self.session.ask(f"INSERT INTO {table.name} ({', '.join(c.name for c in written)}) VALUES {rows} "
                         "ON CONFLICT DO NOTHING")

    def some_rows(self, table, limit):
        return (f"owner = {self.owner} AND (tableoid, ctid) IN (SELECT tableoid, ctid FROM {table.name} "
                f"WHERE owner = {self.owner} ORDER BY random() LIMIT {limit})")

    def update(self, table, columns):
        payload = [c for c in columns if c.is_payload or c.name == "x"]
        written = self.rng.sample(payload, self.rng.randint(1, len(payload))) if payload else []
        if self.rng.random() < 0.7:  # so that a large value is left as it is
            written = [c for c in written if c.name != "c_big"]
        sets = ", ".join(f"{c.name} = {self.value(c)}" for c in written) or "owner = owner"
        self.session.ask(f"UPDATE {table.name} SET {sets} WHERE {self.some_rows(table, self.rng.choice([1, 2, 20]))}")

    def change_key(self, table, columns):
        keys = [c for c in columns if c.name in ("k", "k2", "region")]
        column = self.rng.choice(keys)
        value = str(self.rng.randint(0, 3)) if column.name != "k" else random_value(self.rng, column.type, False)
        also = next((f", {c.name} = {self.value(c)}" for c in columns if c.is_payload and self.rng.random() < 0.2), "")
        self.session.ask(f"UPDATE {table.name} SET {column.name} = {value}{also} WHERE {self.some_rows(table, 1)}")

    def delete(self, table, _):
        self.session.ask(f"DELETE FROM {table.name} WHERE {self.some_rows(table, self.rng.choice([1, 1, 3, 30]))}")

    def replace(self, table, columns):
        """The same keys again, as other rows of the same transaction."""
        names = ", ".join(c.name for c in columns if not c.generated)
        self.session.ask(f"WITH gone AS (DELETE FROM {table.name} WHERE {self.some_rows(table, 3)} RETURNING *) "
                         "SELECT count(*) FROM gone")
        self.insert(table, columns)
        self.session.ask(f"CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT {names} FROM {table.name} "
                         f"WHERE owner = {self.owner}")
        self.session.ask(f"DELETE FROM {table.name} WHERE owner = {self.owner}")
        self.session.ask(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM kept ON CONFLICT DO NOTHING")
        self.session.ask("DROP TABLE kept")

    def enlarge(self, table, columns):
        """Many changes of the same rows: a transaction that is applied while it arrives."""
        names = [c.name for c in columns if c.name == "c_big"]
        if not names:
            return
        for _ in range(self.rng.choice([2, 5, self.round.large_updates])):
            self.session.ask(f"UPDATE {table.name} SET c_big = {large_text(self.rng, 9)} WHERE {self.some_rows(table, 25)}")
