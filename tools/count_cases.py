#!/usr/bin/env python3
"""Counts the test cases of one `bazel test` and names those that failed.

usage: count_cases.py BUILD_EVENTS EXIT_CODE

BUILD_EVENTS is what --build_event_json_file wrote, EXIT_CODE is Bazel's. Prints "PASSED FAILED".
A target that was not built, or ended without saying which of its cases failed, is one failed
case. Skipped cases are not counted.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree

NO_TESTS_FOUND = 4


def main(events_path, exit_code):
    completed = {}  # label: whether it was built
    statuses = {}  # label: of all its runs together
    attempts = {}  # (label, run, shard): the last attempt's test.xml
    with open(events_path) as events:
        for line in events:
            event = json.loads(line)
            name, key = next(iter(event["id"].items()))
            if name == "targetCompleted" and "aspect" not in key:
                completed[key["label"]] = event.get("completed", {}).get("success", False)
            elif name == "testSummary":
                status = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
                statuses[key["label"]] = status
            elif name == "testResult":
                files = event.get("testResult", {}).get("testActionOutput", [])
                uris = [file["uri"] for file in files if file["name"] == "test.xml"]
                attempts[key["label"], key.get("run"), key.get("shard")] = uris

    passed = 0
    failures = {}  # label: the names of cases
    for (label, _, _), uris in attempts.items():
        for uri in uris:
            for name, outcome in cases(urllib.parse.unquote(urllib.parse.urlparse(uri).path)):
                if outcome == "passed":
                    passed += 1
                elif outcome == "failed":
                    failures.setdefault(label, []).append(name)
    for label, was_built in completed.items():
        if not was_built:
            failures.setdefault(label, ["(not built)"])
    for label, status in statuses.items():
        if status not in ("PASSED", "FLAKY"):
            failures.setdefault(label, [f"({status.lower().replace('_', ' ')})"])
    if exit_code not in (0, NO_TESTS_FOUND) and not failures:
        failures["bazel"] = [f"(exit code {exit_code})"]

    for label, names in sorted(failures.items()):
        for name in names:
            print(f"    failed: {label} {name}", file=sys.stderr)
    print(passed, sum(map(len, failures.values())))


def cases(path):
    """The (name, "passed", "failed" or "skipped") in one test.xml."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return  # The target's status tells that it failed.
    for case in root.iter("testcase"):
        name = ".".join(filter(None, [case.get("classname"), case.get("name")]))
        if case.find("failure") is not None or case.find("error") is not None:
            yield name, "failed"
        elif case.get("status") == "notrun" or case.find("skipped") is not None:
            yield name, "skipped"
        else:
            yield name, "passed"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
