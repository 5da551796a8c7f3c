"""One round: a schema, some phases of work with a quiet point after each, and what was found."""

import random
import shutil
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import faults
from mirror import Mirror
from schema import OWNERS, SMITH, Schema, rows_of
from session import ConnectionLost, Session, SqlError
from smith import Smith, alter_in_silence
from watcher import ALARMING, Watcher, seconds_of, torn
from worker import Ledger, Worker

QUIET_SECONDS = 120
EXIT_OPERATOR = 4
LAYOUTS = ("one", "one", "each", "twice")


def random_settings(rng):
    return (f"cadence: {{min_interval: {rng.choice(['50ms', '50ms', '400ms'])}}}\n"
            f"commit: {{max_delay: {rng.choice(['50ms', '50ms', '10ms', '500ms'])}, "
            f"max_changes: {rng.choice([50000, 50000, 7])}, max_bytes: {rng.choice(['8MiB', '64KiB', '256KiB'])}}}\n"
            "status: {heartbeat: 100ms}\n")


class Round:
    def __init__(self, server, seed, evidence, recipes=None):
        self.server, self.seed, self.evidence = server, seed, evidence
        self.rng = random.Random(seed)
        self.database = f"hunt_{seed}"
        self.schema = self.random_schema()
        self.recipes = recipes
        self.ledgers = {owner: Ledger() for owner in OWNERS}
        self.workers = self.rng.randint(1, 2)
        self.does_ddl = self.rng.random() < 0.75 or bool(recipes)
        self.ddl_pause = self.rng.choice([0.05, 0.3, 1, 3])
        self.is_impatient = self.does_ddl and self.rng.random() < 0.6
        self.large_updates = self.rng.choice([5, 8, 45])
        self.fault_pause = self.rng.choice([0.5, 2, 5])
        self.faults = self.random_faults()
        self.touches_slot = bool(set(faults.OF_SLOT) & set(self.faults))
        self.loses_nothing = not faults.LOSES_COMMITS & set(self.faults)
        self.settings = random_settings(self.rng)
        self.stopped_by_us = False
        self.copies = 0
        self.findings = []
        self.done = Counter()
        self.sql_errors = Counter()
        self.expected = set()

    def random_schema(self):
        return Schema(self.rng, self.server.version)

    def random_faults(self):
        return sum(self.rng.choice([
            [], [faults.OF_SIDECAR], [faults.OF_SERVER], [faults.OF_SIDECAR, faults.OF_SERVER],
            [faults.OF_SIDECAR, faults.OF_SLOT], [faults.OF_SIDECAR, faults.OF_SERVER, faults.OF_SLOT]]), [])

    def more(self):
        """About it, in the line of its seed."""
        return ""

    # What the watcher asks

    def what_is_torn(self, document):
        return torn(document, self.schema.tables)

    def alarming(self):
        return ALARMING if self.touches_slot else ALARMING | {"history_mismatch"}

    def claim_slack(self):
        """Seconds by which current_as_of may be too new."""
        return 0

    # What the parts tell

    def found(self, what, text, directory=None):
        """Keeps what is needed to look into it, of the first of each kind."""
        if any(kind == what for kind, _ in self.findings) and len(self.findings) > 5:
            return
        self.findings.append((what, text))
        print(f"!! seed {self.seed}: {what}: {text[:1500]}", flush=True)
        if directory and Path(directory).exists():
            shutil.copytree(directory, self.evidence / f"{self.seed}-{len(self.findings)}", dirs_exist_ok=True)

    def expect(self, name, reasons):
        self.done[name] += 1
        self.expected.update(reasons)

    def note_sql_error(self, error):
        self.sql_errors["connection lost" if isinstance(error, ConnectionLost) else str(error)[:5]] += 1

    # The round

    def run(self, seconds):
        self.server.sql("postgres", f"CREATE DATABASE {self.database}")
        session = Session(self.server, self.database)
        self.schema.create(session)
        session.close()
        with Mirror(self.server, self.database, self.schema, self.settings) as self.mirror:
            self.watcher = Watcher(self)
            self.mirror.configure(self.rng.choice(LAYOUTS))
            self.mirror.start()
            self.watch(seconds)
        self.server.drop(self.database)

    def watch(self, seconds):
        self.watcher.start()
        try:
            self.phases(seconds)
        finally:
            self.watcher.stop()
            self.keep_log()
            self.mirror.kill()

    def phases(self, seconds):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not self.findings:
            self.work(min(self.rng.uniform(3, 9), max(1, ends - time.monotonic())))
            self.check_quiet()
            self.check_copies()
            if self.does_ddl and self.rng.random() < 0.6 and not self.findings:
                alter_in_silence(self, self.check_quiet)
        if not self.findings and self.rng.random() < 0.4:
            self.verify()

    def work(self, seconds):
        hands = self.start_hands()
        try:
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                self.wait_for_next_fault(ends)
                if self.faults and time.monotonic() < ends:
                    self.fault(self.rng.choice(self.faults))
                self.keep_alive()
        finally:
            self.stop_hands(hands)

    def start_hands(self):
        hands = [Worker(self, owner, random.Random(self.rng.random())) for owner in range(1, self.workers + 1)]
        hands.append((Smith(self, random.Random(self.rng.random()))) if self.does_ddl else
                     Worker(self, SMITH, random.Random(self.rng.random())))
        for hand in hands:
            hand.start()
        return hands

    def stop_hands(self, hands):
        for hand in hands:
            hand.stop()
        for hand in hands:
            hand.join(150)
            if hand.is_alive():
                raise RuntimeError(f"seed {self.seed}: the session of owner {hand.owner} does not end")
            if hand.failure:
                raise hand.failure

    def wait_for_next_fault(self, ends):
        """An impatient supervisor starts it again whenever it waits, so that more copies are made beside more DDL."""
        ends = min(ends, time.monotonic() + self.rng.uniform(0.1, 1) * self.fault_pause)
        while time.monotonic() < ends:
            if self.is_impatient and self.mirror.status().get("state") in ("waiting", "needs_operator"):
                self.done["restarted while it waited"] += 1
                self.mirror.kill()
                self.keep_alive()
            time.sleep(0.05)

    def fault(self, what):
        self.done[what.__name__] += 1
        if what in faults.OF_SLOT:
            self.expected.update(("slot_missing", "slot_ahead", "slot_mismatch"))
        self.keep_alive()
        what(self)
        self.keep_alive()

    def keep_alive(self):
        """Starts it again, as a supervisor does, if it had a right to end."""
        if self.mirror.is_running():
            return
        if self.mirror.process is not None:
            status, said = self.mirror.process.poll(), self.mirror.status()
            self.done[f"exit {status} {said.get('reason')}"] += 1
            if not self.had_a_right_to_end(status):
                self.found("ended", f"exit status {status}, {said.get('state')} {said.get('reason')}: "
                           f"{said.get('reason_text')}")
        self.mirror.start()

    def had_a_right_to_end(self, status):
        return status == EXIT_OPERATOR and self.mirror.status().get("reason") in self.expected

    # At a quiet point

    def check_quiet(self):
        moment = time.time()
        session = Session(self.server, self.database)
        expected = rows_of(session, self.schema)
        session.close()
        deadline = time.monotonic() + QUIET_SECONDS
        restarted = False
        while True:
            self.keep_alive()
            status = self.mirror.status()
            proved = status.get("current_as_of")
            if proved and seconds_of(proved) > moment and self.mirror.has_spoken():
                break
            if status.get("state") == "needs_operator":
                if status["reason"] not in self.expected:
                    self.found("refused", f"{status['reason']}: {status['reason_text']}")
                    return
            if status.get("state") in ("needs_operator", "waiting") and not restarted and self.rng.random() < 0.02:
                restarted = True  # else it tries again by itself, up to 30 s later
                self.done["restarted while it waited"] += 1
                faults.terminate(self)
            if self.findings:
                return
            if time.monotonic() > deadline:
                self.found("stale", f"no proof within {QUIET_SECONDS} s: {status}")
                return
            time.sleep(0.05)
        self.done["quiet point"] += 1
        document = self.mirror.announced()
        for name, rows in expected.items():
            found = sorted(document.rows[name])
            if found != rows:
                only = [[row for row in one if row not in set(other)][:2] for one, other in ((rows, found), (found, rows))]
                self.found("wrong", f"generation {document.generation}, {name}: {len(rows)} rows in the database, "
                           f"{len(found)} in the document; only in the database {only[0]}; only in the document {only[1]}",
                           self.mirror.generation_directory(document.generation))

    def check_copies(self):
        """A copy that nothing explains hides a change that was not understood."""
        copies = self.mirror.log.read_text().count("copy_started")
        explained = self.does_ddl or self.touches_slot
        if self.copies and copies != self.copies and not explained:
            self.found("copied again", f"{copies - self.copies} copies that nothing explains")
        self.copies = copies

    def verify(self):
        self.done["verify"] += 1
        answer = self.mirror.run("verify", "--against-db")
        if answer.returncode != 0:
            self.found("verify", f"exit status {answer.returncode}: {answer.stdout}{answer.stderr}")

    def keep_rows(self):
        """What the database says just now, and the document before."""
        session = Session(self.server, self.database)
        for table in self.schema.tables:
            rows = session.ask(f"SELECT * FROM hunt.rows_of({table.nr}, 'true')")
            (self.evidence / f"{self.seed}-{table.name}.rows").write_text(rows)
            if self.watcher.last:
                before = self.evidence / f"{self.seed}-{table.name}.before"
                before.write_text("\n".join(self.watcher.last.rows[table.name]))
        session.close()

    def keep_log(self):
        if self.findings:
            lines = [f"{datetime.fromtimestamp(at, timezone.utc).time()} {who}: {what[:2000]}"
                     for at, who, what in Session.said]
            (self.evidence / f"{self.seed}.sql").write_text("\n".join(lines))
            self.evidence.mkdir(exist_ok=True)
            shutil.copy(self.mirror.log, self.evidence / f"{self.seed}.log")
            if (self.mirror.snapshot / "status.json").exists():
                shutil.copy(self.mirror.snapshot / "status.json", self.evidence / f"{self.seed}.status.json")
