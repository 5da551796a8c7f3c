"""What an application gains that writes to the database only: its commits beside those of one that also writes, each time,
the JSON file that it can fall back to. understudy follows both."""

import json
import os
import random
import time
from contextlib import contextmanager
from statistics import median

from database import SETTINGS, Database
from line import Line, at_most
from sizes import scaled
from stages import fresh_sidecar

ROWS = 1_000  # a small file: about 230 KiB
WRITES = 200


@contextmanager
def durable():
    """A server that waits for its disk, as in production; the other lines' does not."""
    with Database(ROWS, {**SETTINGS, "fsync": "on"}) as database, fresh_sidecar(database) as sidecar:
        sidecar.start()
        sidecar.wait_copied()
        yield sidecar
        sidecar.kill()


class Application:
    """Holds the rows that it writes: it has them at hand for its file."""

    def __init__(self, sidecar):
        self.file = sidecar.home / "fallback.json"
        self.session = sidecar.database.session()
        self.rows = json.loads(sidecar.database.sql("SELECT json_agg(m ORDER BY id) FROM materials m"))

    def write(self):
        row = random.choice(self.rows)
        row["stock"] += 1
        self.session.ask(f"UPDATE materials SET stock = {row['stock']} WHERE id = {row['id']}")

    def write_file(self):
        """Whole and durable, or a crash would leave neither the old one nor the new one."""
        temporary = self.file.with_suffix(".new")
        with open(temporary, "w") as file:
            file.write(json.dumps(self.rows))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.file)

    def close(self):
        self.session.close()


def median_ms(sidecar, *steps):
    application = Application(sidecar)
    taken = []
    for _ in range(scaled(WRITES, 5)):
        begin = time.monotonic()
        for step in steps:
            step(application)
        taken.append(time.monotonic() - begin)
    application.close()
    return median(taken) * 1000


LINES = [Line("write-path", at_most(0.85), prepare=durable,
              ours=lambda sidecar: median_ms(sidecar, Application.write),
              baseline=lambda sidecar: median_ms(sidecar, Application.write, Application.write_file))]
