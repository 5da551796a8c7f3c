"""The first copy until it is durable, against psql reading the same rows."""

import subprocess
import time
from contextlib import nullcontext

from database import POSTGRES
from line import Line, at_most
from sidecar import NEVER
from stages import fresh_sidecar, usual_database


def ours(database):
    with fresh_sidecar(database, cadence=NEVER) as sidecar:
        begin = time.monotonic()
        sidecar.start()
        sidecar.wait_for(lambda: "copy_finished" in sidecar.log.read_text(), "the copy to be durable")
        return time.monotonic() - begin


def psql_copy(database):
    begin = time.monotonic()
    subprocess.run([POSTGRES / "psql", "-Xq", *database.client(), "-c", "COPY materials TO STDOUT"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


LINES = [Line("initial-copy", at_most(1.3), ours=ours, baseline=psql_copy,
              prepare=lambda: nullcontext(usual_database()))]
