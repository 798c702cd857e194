#!/usr/bin/env python3
"""How evenly workers share connections: new ones, and those that outlive a reload.

Four workers share new connections, by each accept policy and load:

few   two clients at a time, a connection for each request
many  256 clients at full speed, a connection for each request
kept  256 clients at full speed that keep their connections: whoever takes many serves many

A policy is even if its busiest worker has at most 1.5 times the average in few and in many.

Two and four workers share those that outlive each of 20 reloads in a row. None may fail, and the
busiest worker may have at most 1.25 times the average, rounded up; otherwise the exit code is 1.

idle  200 keep-alive clients that wait
busy  32 keep-alive clients that ask without a pause
"""

import argparse
import json
import sys

import handoff_spread
import servers
import wrk

POLICIES = ["EXCLUSIVE", "MUTEX", "REUSEPORT"]
LOADS = {"few": (2, ("Connection: close",)), "many": (256, ("Connection: close",)),
         "kept": (256, ())}
WORKERS = 4
MOST_BUSIEST = 1.5


def counts(server, what):
    """By worker, since its start."""
    return [int(worker["counters"][what]) for worker in server.stats()["slots"]]


def run(policy, load, seconds):
    connections, fields = LOADS[load]
    server = servers.Muster("muster", workers=WORKERS, connections=1024,
                            events=f"accept: {policy}")
    try:
        before = {what: counts(server, what) for what in ("accepted", "requests")}
        wrk.run(server, "/return", seconds, connections, fields, cpu=None)
        result = {}
        for what, earlier in before.items():
            done = [now - then for now, then in zip(counts(server, what), earlier)]
            total = sum(done)
            result[what] = {"total": total, "shares": sorted((n / total for n in done), reverse=True),
                            "busiest": max(done) * WORKERS / total}
        return result
    finally:
        server.stop()


def is_even(by_load):
    return all(by_load[load][what]["busiest"] <= MOST_BUSIEST
               for load in ("few", "many") for what in ("accepted", "requests"))


def print_row(policy, load, what, row):
    shares = " ".join(f"{100 * share:4.0f}%" for share in row["shares"])
    print(f"{policy:11}{load:6}{what:10}{row['total']:>9}   {shares}{row['busiest']:>10.2f}")
    sys.stdout.flush()


def run_reloads(is_shown):
    results = {}
    if is_shown:
        print(f"{'after reloads':15}{'workers':>8}{'reloads':>9}{'failed':>8}{'busiest':>9}"
              "   at most 1.25, rounded up")
    for load in handoff_spread.LOADS:
        for workers in (2, 4):
            row = results[f"{load} {workers}"] = handoff_spread.run(load, workers)
            if is_shown:
                print(f"{load:15}{workers:>8}{row['reloads']:>9}{row['failed']:>8}"
                      f"{row['busiest']:>9.2f}   {'met' if row['is_even'] else 'MISSED'}")
                sys.stdout.flush()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--policy", action="append", choices=POLICIES)
    parser.add_argument("--reloads-only", action="store_true", help="no new connections")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    servers.Muster.binaries = options.binaries

    if options.reloads_only:
        reloads = run_reloads(not options.json)
        if options.json:
            json.dump({"reloads": reloads}, sys.stdout, indent=1)
            print()
        return 0 if all(row["is_even"] for row in reloads.values()) else 1

    results = {}
    if not options.json:
        print(f"{'policy':11}{'load':6}{'what':10}{'total':>9}   {'share of each worker':23}"
              f"{'busiest':>6}")
    for policy in options.policy or POLICIES:
        results[policy] = {}
        for load in LOADS:
            results[policy][load] = run(policy, load, options.seconds)
            for what, row in results[policy][load].items() if not options.json else ():
                print_row(policy, load, what, row)
    even = ", ".join(policy for policy, by_load in results.items() if is_even(by_load))
    if not options.json:
        print(f"busiest: in averages; at most {MOST_BUSIEST} in few and in many: {even or 'none'}\n")
    results["reloads"] = run_reloads(not options.json)
    if options.json:
        json.dump(results, sys.stdout, indent=1)
        print()
    return 0 if all(row["is_even"] for row in results["reloads"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
