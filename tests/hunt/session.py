"""One psql that stays connected, tells an SQL error from a lost connection, and never waits for ever."""

import queue
import subprocess
import threading
import time
from collections import deque

# What a row looks like depends on these, and a document shows it with these.
FORMATS = ("SET TimeZone = 'UTC'", "SET lock_timeout = '4s'", "SET client_min_messages = error")
ANSWER_SECONDS = 60


class SqlError(Exception):
    """The server refused a statement; the session goes on."""


class ConnectionLost(Exception):
    """The server went away, and with it whatever was not committed."""


class Session:
    said = deque(maxlen=4000)  # by all sessions, for whoever looks into a finding

    def __init__(self, server, database):
        self._lines = queue.Queue()
        self._psql = subprocess.Popen(
            [server.psql, "-XqAt", "-v", "VERBOSITY=sqlstate", *server.client(database)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        threading.Thread(target=self._read, daemon=True).start()
        for setting in FORMATS:
            self.ask(setting)

    def _read(self):
        for line in self._psql.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def ask(self, statement):
        """Returns what the server answers, as text."""
        Session.said.append((time.time(), id(self) % 9973, statement))
        try:
            self._psql.stdin.write(statement + "\n;\n\\echo --end-- :ERROR :SQLSTATE :LAST_ERROR_MESSAGE\n")
            self._psql.stdin.flush()
        except (OSError, ValueError):
            raise ConnectionLost(statement) from None
        lines = []
        while True:
            try:
                line = self._lines.get(timeout=ANSWER_SECONDS)
            except queue.Empty:
                raise ConnectionLost(f"no answer within {ANSWER_SECONDS} s: {statement[:200]}") from None
            if line is None:
                raise ConnectionLost(statement)
            if line.startswith("--end-- "):
                break
            lines.append(line)
        Session.said.append((time.time(), id(self) % 9973, line.strip()))
        if line.startswith("--end-- true"):
            raise SqlError(f"{line[13:].strip()}: {statement[:300]}")
        return "".join(lines).strip()

    def close(self):
        try:
            self._psql.stdin.close()
        except OSError:
            pass
        try:
            self._psql.wait(5)
        except subprocess.TimeoutExpired:
            self._psql.kill()
            self._psql.wait()
