"""Looks at what is announced all the time: is it a committed state, and does the status claim more than it holds?"""

import json
import os
import threading
import time
import traceback
from collections import Counter
from datetime import datetime
from pathlib import Path

from mirror import digest_of
from schema import OWNERS

HEARTBEAT_SECONDS = 20  # the longest that the status of a running daemon may stand still
# What no fault of ours and no DDL explains.
ALARMING = {"truncated_message", "trailing_bytes", "unknown_message", "unexpected_message", "unknown_relation",
            "column_mismatch", "bad_text", "over_limit", "unsupported_type", "store_damaged", "store_lost", "internal",
            "generation_damaged", "wrong_system", "wrong_database", "timeline_diverged", "time_travel", "bad_config",
            "bad_directory", "store_foreign", "store_newer", "storage_failed", "disk_full", "authentication_failed"}
# Whose text says more than the name.
WORTH_READING = {"query_failed", "timed_out", "history_mismatch", "unreachable", "permission_denied", "prerequisite_missing"}


def seconds_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def torn(document, tables):
    """Says in what the document is no committed state; empty if it is one."""
    missing = {"tally", "journal", *(table.name for table in tables)} - document.rows.keys()
    if missing:
        return [f"{name} is not in it" for name in sorted(missing)]
    wrong = []
    numbers = {}
    for line in document.rows["journal"]:
        row = json.loads(line)
        numbers.setdefault(row["owner"], []).append(row["n"])
    for owner, found in numbers.items():
        if sorted(found) != list(range(min(found), max(found) + 1)):
            wrong.append(f"journal of owner {owner} has gaps or repeats: {sorted(found)}")
    expected = {(row["nr"], row["owner"]): row for row in map(json.loads, document.rows["tally"])}
    for table in tables:
        of_owner = {owner: [] for owner in OWNERS}
        for line in document.rows[table.name]:
            of_owner.setdefault(json.loads(line).get("owner"), []).append(line)
        for owner, lines in of_owner.items():
            tally = expected.get((table.nr, owner))
            if tally is None:
                wrong.append(f"{table.name}: rows of owner {owner}, or no tally")
            elif tally["digest"] is not None and tally["digest"] != digest_of(lines):
                wrong.append(f"{table.name}: owner {owner} has {tally['row_count']} rows by the tally, "
                             f"{len(lines)} in the document, or others")
    return wrong


def numbers_in(document):
    """The last number of each owner's journal."""
    found = {}
    for line in document.rows["journal"]:
        row = json.loads(line)
        found[row["owner"]] = max(row["n"], found.get(row["owner"], 0))
    return found


class Watcher(threading.Thread):
    def __init__(self, round_):
        super().__init__(daemon=True)
        self.round, self.mirror = round_, round_.mirror
        self.ending = threading.Event()
        self.documents = 0
        self.seen = Counter()  # (state, reason)
        self.texts = Counter()
        self.generation = self.position = 0
        self.last = None  # the document that was looked at last
        self.heard = time.monotonic()
        self.heartbeat = None
        self.claims = 0

    def run(self):
        try:
            while not self.ending.wait(0.06):
                self.look()
        except Exception:
            self.round.found("the hunt itself", traceback.format_exc())

    def stop(self):
        self.ending.set()
        self.join()

    def look(self):
        status = self.mirror.status()
        if status:
            self.look_at_status(status)
        try:
            number = int(Path(os.readlink(self.mirror.snapshot / "current")).name)
        except FileNotFoundError:
            if self.generation:
                self.round.found("no generation", f"`current` is gone after {self.generation}")
            return
        if number < self.generation:
            self.round.found("went back", f"generation {self.generation} to {number}")
        if number != self.generation:
            self.look_at_document()
        self.check_claim(status)

    def look_at_document(self):
        document = self.mirror.announced()
        self.documents += 1
        if document.position < self.position:
            self.round.found("went back", f"position {self.position:X} to {document.position:X}, "
                             f"generation {document.generation}")
        if document.generation < self.generation:
            self.round.found("went back", f"generation {self.generation} to {document.generation}")
        wrong = self.round.what_is_torn(document)
        if wrong:
            self.round.found("no committed state", f"generation {document.generation}: " + "; ".join(wrong),
                             self.mirror.generation_directory(document.generation))
            self.round.keep_rows()
        self.generation, self.position, self.last = document.generation, document.position, document

    def look_at_status(self, status):
        kind = (status["state"], status["reason"])
        if not self.seen[kind] and status["reason"] in self.round.alarming():
            self.round.found("alarming reason", f"{kind}: {status['reason_text']}")
        if status["reason"] in WORTH_READING:
            self.texts[(status["reason"], status["reason_text"])] += 1
        self.seen[kind] += 1
        if status["heartbeat"] != self.heartbeat or not self.mirror.is_running() or self.round.stopped_by_us:
            self.heartbeat, self.heard = status["heartbeat"], time.monotonic()
        elif time.monotonic() - self.heard > HEARTBEAT_SECONDS:
            self.round.found("hang", f"status.json is older than {HEARTBEAT_SECONDS} s: {kind}")
            self.heard = time.monotonic()

    def check_claim(self, status):
        """`status` was read before the document, so the document holds at least what the status is about."""
        if not status or not status["current_as_of"] or self.last is None:
            return
        document = self.last if self.last.generation == status["generation"] else None
        directory = self.mirror.generation_directory(status["generation"])
        try:
            document = document or self.mirror.document_of(directory)
        except FileNotFoundError:
            document = self.last
        moment = seconds_of(status["current_as_of"]) - self.round.claim_slack()
        self.claims += 1
        inside = numbers_in(document)
        for owner, ledger in self.round.ledgers.items():
            due = ledger.number_at(moment)
            if inside.get(owner, 0) < due:
                self.round.found("claims too much", f"current_as_of {status['current_as_of']} of generation "
                                 f"{status['generation']}, but owner {owner} is at {inside.get(owner)}, not {due}",
                                 directory)
