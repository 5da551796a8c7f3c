"""What a change costs that touches one of 100 documents: the publish beside one that writes all of them."""

import json
import time
from contextlib import contextmanager

from line import Line, at_most
from sidecar import NEVER
from sizes import scaled
from stages import ROWS, fresh_sidecar, shared_database

DOCUMENTS = 100
NAMES = [f"t{number:03}" for number in range(1, DOCUMENTS + 1)]


def tables(rows):
    """Of all of them together."""
    each = rows // DOCUMENTS
    return "CREATE SCHEMA shelf;\n" + "".join(
        f"CREATE TABLE shelf.{name} (LIKE public.materials INCLUDING ALL);\n"
        f"INSERT INTO shelf.{name} SELECT * FROM public.materials WHERE id BETWEEN {at * each + 1} AND {(at + 1) * each};\n"
        for at, name in enumerate(NAMES))


@contextmanager
def shelf():
    """100 tables with a document each. The publication of other lines has another table."""
    database = shared_database(scaled(ROWS, 1000))
    clean = "DROP PUBLICATION IF EXISTS understudy; DROP SCHEMA IF EXISTS shelf CASCADE;"
    database.sql(clean + tables(database.rows))
    documents = json.dumps([{"file": f"{name}.json", "tables": [{"table": f"shelf.{name}"}]} for name in NAMES])
    try:
        with fresh_sidecar(database, cadence=NEVER, tables="[shelf.*]", documents=documents) as sidecar:
            sidecar.start()
            sidecar.wait_copied()
            yield sidecar
    finally:
        database.sql(clean)


def files(sidecar):
    """Size of each file of the generation, by inode: one that did not change is a link to the earlier one."""
    found = [path.stat() for path in (sidecar.snapshot / "current").iterdir()]
    return {file.st_ino: file.st_size for file in found}


def publish(sidecar, names):
    """Changes a row of each of these tables. Returns how many seconds the publish took and how many bytes are new."""
    sidecar.database.sql("".join(
        f"UPDATE shelf.{name} SET stock = stock + 1 WHERE id = (SELECT min(id) FROM shelf.{name});\n" for name in names))
    before = files(sidecar)
    begin = time.monotonic()
    sidecar.publish()
    taken = time.monotonic() - begin
    after = files(sidecar)
    new = sum(size for inode, size in after.items() if inode not in before)
    assert new > 0, "nothing was published"
    return taken, new


LINES = [
    Line("one-of-100-bytes", at_most(0.02), ours=lambda sidecar: publish(sidecar, NAMES[:1])[1],
         baseline=lambda sidecar: publish(sidecar, NAMES)[1], prepare=shelf),
    Line("one-of-100-time", at_most(0.5), ours=lambda sidecar: publish(sidecar, NAMES[:1])[0],
         baseline=lambda sidecar: publish(sidecar, NAMES)[0], prepare=shelf),
]
