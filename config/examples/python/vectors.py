#!/usr/bin/env python3
"""Runs the reader against the cases of schemas/reader-vectors: vectors.py DIRECTORY. One JSON object per case."""

import json
import os
import sys
from datetime import datetime

from understudy_reader import Refused, Snapshot


def exact(number):
    return format(number, "f")


def answer_to(directory):
    with open(os.path.join(directory, "case.json"), encoding="utf-8") as file:
        ask = json.load(file)["ask"]
    now = datetime.fromisoformat(ask["now"].replace("Z", "+00:00")).timestamp()
    reader = Snapshot(directory, ask["document"], ask["expect_source"], lambda: now)
    if ask["read_before"]:
        reader.directory = os.path.join(directory, ask["read_before"])
        reader.read(ask["table"])
    reader.directory = os.path.join(directory, "snapshot")
    try:
        answer = reader.read(ask["table"], ask["max_age_seconds"])
        return {"outcome": answer.warning or "good", "generation": answer.generation,
                "age_seconds": answer.age_seconds, "rows": answer.rows}
    except Refused as refused:
        return {"outcome": refused.outcome}


for name in sorted(os.listdir(sys.argv[1])):
    if os.path.isdir(os.path.join(sys.argv[1], name)):
        print(json.dumps({"case": name, **answer_to(os.path.join(sys.argv[1], name))}, default=exact))
