"""Runs the cases of a test program and leaves a report that .ci/summary.py adds up.

A case is a function; its name is a sentence. Cases run in the order in which they are given, for they may be the chapters of one
story. What a case prints stands under its name.
"""

import argparse
import sys
import time
import traceback
import xml.etree.ElementTree as xml
from pathlib import Path


def wait_until(condition, what, seconds=60):
    """Asks again and again until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def run_case(case, suite):
    begin = time.monotonic()
    entry = xml.SubElement(suite, "testcase", classname=suite.get("name"), name=case.__name__)
    try:
        case()
    except Exception:
        xml.SubElement(entry, "failure").text = traceback.format_exc()
        print(f"FAILED {case.__name__}\n{traceback.format_exc()}", flush=True)
    seconds = time.monotonic() - begin
    entry.set("time", f"{seconds:.2f}")
    print(f"{case.__name__}: {seconds:.1f} s", flush=True)
    return entry.find("failure") is None


def run(cases, stops_at_failure=False):
    """Runs the cases and exits: 1 if one failed. `--report FILE` is where the report goes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--report", type=Path)
    report = arguments.parse_known_args()[0].report
    suite = xml.Element("testsuite", name=Path(sys.argv[0]).stem)
    passed = []
    for case in cases:
        passed.append(run_case(case, suite))
        if stops_at_failure and not passed[-1]:
            break
    if report:
        report.parent.mkdir(parents=True, exist_ok=True)
        xml.ElementTree(suite).write(report)
    print(f"{sum(passed)} passed, {len(cases) - sum(passed)} failed", flush=True)
    return 0 if len(passed) == len(cases) and all(passed) else 1
