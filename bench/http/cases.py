"""Cases of a benchmark: which of them run, and what is said of one that fails."""

import json
import sys


def choose(parser, names, words):
    """Those of `names` that have one of `words` in them; all if there are no words."""
    chosen = [name for name in names if not words or any(word in name for word in words)]
    if not chosen:
        parser.error(f"no such case; there are: {'; '.join(names)}")
    return chosen


def run_all(runs, is_json, header, print_result):
    """Calls each of `runs` (a function by its name), and prints its result at once, or all as JSON.

    One that fails says why, and the others go on. The exit code.
    """
    results = {}
    if not is_json:
        print(header)
    for name, run in runs.items():
        try:
            results[name] = run()
        except Exception as error:  # of any kind: the others are to run
            results[name] = {"error": f"{type(error).__name__}: {error}"}
        if not is_json:
            print_result(name, results[name])
            sys.stdout.flush()
    if is_json:
        json.dump(results, sys.stdout, indent=1)
        print()
    return int(any("error" in result for result in results.values()))
