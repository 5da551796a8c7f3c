"""Database first, on error the snapshot of understudy. Standard library only, Python 3.9 or newer.

`Snapshot` reads a snapshot directory by the rules of schemas/reader.md. `DatabaseFirst` asks your database, and the
snapshot only when the database cannot be reached. Neither ever writes. Both may be used by several threads.
"""

import hashlib
import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


class Unreachable(Exception):
    """For your query function, when there is no connection: and for nothing else, for the snapshot answers then."""


class Refused(Exception):
    """There is no answer. `outcome` is a name of reader.md: too_old, torn, foreign, ..."""

    def __init__(self, outcome, text):
        super().__init__(f"{outcome}: {text}")
        self.outcome = outcome


@dataclass(frozen=True)
class Answer:
    source: str  # "database" or "snapshot"
    rows: object  # with Decimal for fractions, so no digit is lost. Shared with later answers: do not change them
    age_seconds: float = 0.0  # None: unknown
    generation: int = None
    content_as_of: str = None  # the latest commit inside
    current_as_of: str = None  # every commit acknowledged by then is inside
    warning: str = None  # rolled_back, or why the announced generation was refused and an earlier one answers
    why: str = None  # what the database said, when the snapshot answers


@dataclass(frozen=True)
class _Status:
    generation: int
    position: int
    current_as_of: str  # None until it was proved
    proved: float  # the same in seconds since 1970, on our clock


@dataclass(frozen=True)
class _Generation:
    identity: tuple
    manifest_bytes: bytes
    number: int
    position: int
    content_as_of: str
    document: dict


class Snapshot:
    def __init__(self, directory, document="snapshot.json", expect_source=None, clock=time.time):
        self.directory = directory
        self.document = document
        self.expect_source = expect_source or {}  # e.g. {"system_id": "7437...", "database": "shop"}
        self.clock = clock
        self._lock = threading.Lock()
        self._held = None  # the last good generation, parsed
        self._status = None  # the last status.json that could be read beside a good generation
        self._highest = 0

    def read(self, table, max_age=None):
        """The rows of a table, at most `max_age` seconds old (None: however old). Raises Refused."""
        with self._lock:
            trouble = self._refresh()
            held, status, highest = self._held, self._status, self._highest
        if held is None:
            raise trouble
        current_as_of, age = self._age(held, status)
        if max_age is not None and (age is None or age > max_age):
            raise Refused("too_old", f"its age is {'unknown' if age is None else f'{age:.1f} s'}") from trouble
        if table not in held.document:
            raise Refused("unknown_table", f"{self.document} has no {table}")
        warning = trouble.outcome if trouble else "rolled_back" if held.number < highest else None
        return Answer("snapshot", held.document[table], age, held.number, held.content_as_of, current_as_of, warning)

    def _refresh(self):
        """Takes over what is announced, if it is good and not held already. Returns what is wrong with it."""
        for last_try in (False, True):  # a second time, because it may have been replaced and removed meanwhile
            status = self._read_status()  # before `current`, so that it is not of a later generation
            try:
                self._held = self._open_current()
            except Refused as refused:
                if last_try:
                    return refused
                continue
            self._status = status or self._status
            self._highest = max(self._highest, self._held.number)
            return None

    def _open_current(self):
        try:
            path = os.path.realpath(os.path.join(self.directory, "current"))  # once: from here on one generation
            facts = os.stat(path)
        except OSError as error:
            raise Refused("no_generation", str(error))
        identity = (path, facts.st_dev, facts.st_ino, facts.st_mtime_ns)
        if self._held and self._held.identity == identity:
            return self._held
        try:
            return self._load(path, identity)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused("torn", f"{path}: {error!r}")

    def _load(self, path, identity):
        manifest_bytes = _bytes_of(os.path.join(path, "manifest.json"))
        manifest = json.loads(manifest_bytes)
        if manifest["format"] != 1:
            raise Refused("newer_format", f"the manifest has format {manifest['format']}")
        self._check_history(path, manifest, manifest_bytes)
        described = [each for each in manifest["documents"] if each["file"] == self.document]
        if not described:
            raise Refused("unknown_document", f"{path} has no {self.document}")
        file = os.path.join(path, self.document)
        if os.path.getsize(file) != described[0]["bytes"]:
            raise Refused("torn", f"{file} does not have the size that the manifest says")
        data = _bytes_of(file)
        if hashlib.sha256(data).hexdigest() != described[0]["sha256"]:
            raise Refused("torn", f"{file} does not have the SHA-256 that the manifest says")
        document = json.loads(data, parse_float=Decimal)
        if not isinstance(document, dict):
            raise Refused("torn", f"{file} is no object")
        return _Generation(identity, manifest_bytes, manifest["generation"], _lsn(manifest["position"]),
                           manifest["content_as_of"], document)

    def _check_history(self, path, manifest, manifest_bytes):
        if int(os.path.basename(path)) != manifest["generation"]:
            raise Refused("torn", f"{path} has the manifest of generation {manifest['generation']}")
        if any(manifest["source"].get(name) != value for name, value in self.expect_source.items()):
            raise Refused("foreign", f"{path} is of {manifest['source']}")
        held = self._held
        if held and held.number == manifest["generation"] and held.manifest_bytes != manifest_bytes:
            raise Refused("foreign", f"there are two generations {held.number}")

    def _read_status(self):
        try:
            status = json.loads(_bytes_of(os.path.join(self.directory, "status.json")))
            if status["format"] != 1:
                return None
            at = status["current_as_of"]
            proved = datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() if at else None
            offset = (status["clock_offset_ms"] or 0) / 1000
            return _Status(int(status["generation"]), _lsn(status["position"]), at, proved and proved - offset)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # the rows are good without it; only their age is unknown

    def _age(self, held, status):
        """current_as_of and the age in seconds; (None, None) where nothing is proved of this generation."""
        if not status or not status.current_as_of or status.generation > held.number:
            return None, None
        if status.position > held.position:
            return None, None  # the database was restored in between
        return status.current_as_of, max(0.0, self.clock() - status.proved)


class DatabaseFirst:
    def __init__(self, snapshot, pause=5.0):
        """After a failure the database is left alone for `pause` seconds, so that not every read waits for it."""
        self.snapshot = snapshot
        self.pause = pause
        self._retry_at = 0.0
        self._why = None

    def read(self, ask_database, table, max_age=None):
        """`ask_database()` gives the rows. What it raises, but Unreachable, is the caller's. Raises Refused."""
        if time.monotonic() < self._retry_at:
            try:
                return self._from_snapshot(table, max_age)
            except Refused:
                pass  # better late than no answer: the database may be back
        try:
            rows = ask_database()
            self._retry_at = 0.0
            return Answer("database", rows)
        except Unreachable as error:
            self._why = str(error)
            self._retry_at = time.monotonic() + self.pause
            return self._from_snapshot(table, max_age)

    def _from_snapshot(self, table, max_age):
        answer = self.snapshot.read(table, max_age)
        return Answer(**{**vars(answer), "why": self._why})


def _bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def _lsn(text):
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)
