#!/usr/bin/env python3
"""Adds up the test cases of one or more build directories.

Reads <build>/reports/ctest.xml, which ctest writes, and <build>/reports/<test>.xml, which each Boost.Test
program writes. Names what failed, and ends with one line, `N passed, M failed`. Exit status 1 if anything
failed or nothing ran.
"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def cases_of(report):
    """Yields (name, failed) for each case that a program ran; nothing if it left no whole report."""
    try:
        root = xml.parse(report).getroot()
    except (OSError, xml.ParseError):
        return
    for case in root.iter("testcase"):
        if case.find("skipped") is None:
            failed = case.find("failure") is not None or case.find("error") is not None
            yield f'{case.get("classname", "")}/{case.get("name")}', failed


def count(build):
    """Returns (passed, names of what failed) for one build directory."""
    passed, failures = 0, []
    reports = Path(build) / "reports"
    try:
        programs = list(xml.parse(reports / "ctest.xml").getroot().iter("testcase"))
    except (OSError, xml.ParseError) as error:
        return 0, [f"{build}: ctest left no report ({error})"]
    for program in programs:
        name = program.get("name")
        cases = list(cases_of(reports / f"{name}.xml"))
        failed = [f"{build}: {name}: {case}" for case, bad in cases if bad]
        if program.get("status") != "run" and not failed:
            # It crashed, leaked or ran out of time, so its cases prove nothing more than this.
            failed = [f"{build}: {name}: did not end well ({program.get('status')})"]
        elif not cases:
            passed += 1
        passed += len(cases) - sum(bad for _, bad in cases)
        failures += failed
    return passed, failures


def main(builds):
    passed, failures = 0, []
    for build in builds:
        more, worse = count(build)
        passed += more
        failures += worse
    if passed == 0 and not failures:
        failures = ["no test ran"]
    for name in failures:
        print("FAILED", name)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
