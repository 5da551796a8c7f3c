#!/usr/bin/env python3
"""Reads the table materials each time that a line comes in.

    materials.py DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]

Prints one JSON object per line. An empty line reads all materials; any other line is asked of the database instead,
so that you can see what a mistake in a query does. Start it, press Enter, stop Postgres, press Enter.
"""

import json
import os
import re
import subprocess
import sys
from decimal import Decimal

from understudy_reader import DatabaseFirst, Refused, Snapshot, Unreachable

QUERY = "SELECT id, name, price FROM materials ORDER BY id"

# With a driver that gives SQLSTATEs: 28xxx and 3D000 are mistakes; 08xxx, 57P01 to 57P03 and 53300 are outages.
LOGIN_MISTAKE = re.compile("authentication failed|no pg_hba.conf entry|does not exist|permission denied|"
                           "not permitted to log in|invalid connection option")


def ask_database(connection, query, timeout):
    """Put your driver's query here. Unreachable is for a database that is down, and never for a wrong query."""
    as_json = f"SELECT coalesce(json_agg(t), '[]') FROM ({query}) t"
    try:
        done = subprocess.run(["psql", "-XqAt", "-c", as_json, connection], capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, "PGTZ": "UTC"})
    except subprocess.TimeoutExpired:
        raise Unreachable(f"no answer within {timeout} s")
    if done.returncode == 2 and not LOGIN_MISTAKE.search(done.stderr):  # psql: the connection failed or was lost
        raise Unreachable(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout, parse_float=Decimal)


def main(directory, connection, max_age="300", pause="5", timeout="2"):
    materials = DatabaseFirst(Snapshot(directory), float(pause))
    for line in sys.stdin:
        query = line.strip() or QUERY
        try:
            answer = vars(materials.read(lambda: ask_database(connection, query, float(timeout)), "materials",
                                         float(max_age)))
        except (Refused, RuntimeError) as error:
            answer = {"error": getattr(error, "outcome", "mistake"), "text": str(error)}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
