#!/usr/bin/env python3
"""What the sandbox costs: the same worker with it and without.

One worker of each on CPU 0, wrk on CPU 1, in turn within each round; which is first alternates. Requests
per second of the worker's CPU time; the CPU time of a worker until it serves; the time of a reload, from
the call of ctl to its answer, with one worker; the memory of a worker at rest. The ratios are medians of those of the rounds.
"""

import argparse
import json
import os
import statistics
import sys
import time

import servers
import wrk

CASES = {
    "fixed return": ("/return", ()),
    "1 KiB file": ("/1k.html", ()),
    "1 MB file": ("/1m.bin", ()),
    "new connection each": ("/return", ("Connection: close",)),
}
MODES = {"with": "sandbox: ENFORCE", "without": "sandbox: OFF"}


class Pair:
    def __init__(self):
        self.servers = {}

    def __enter__(self):
        try:
            for name, events in MODES.items():
                self.servers[name] = servers.Muster(name, cpu=0, connections=1024, events=events)
        except BaseException:
            self.__exit__()
            raise
        self._share_files()
        return self

    def _share_files(self):
        """How a file lies in the page cache may make more of a difference than a sandbox does."""
        with_it, without = self.servers.values()
        for name in os.listdir(f"{with_it.folder}/site"):
            os.unlink(f"{without.folder}/site/{name}")
            os.link(f"{with_it.folder}/site/{name}", f"{without.folder}/site/{name}")

    def __exit__(self, *_):
        for server in self.servers.values():
            server.stop()

    def in_turn(self, measure, rounds):
        """The medians of both, and of their ratio."""
        figures = {name: [] for name in self.servers}
        for i in range(rounds):
            order = list(self.servers.items())
            for name, server in order if i % 2 == 0 else reversed(order):
                figures[name].append(measure(server))
        ratios = [a / b for a, b in zip(figures["with"], figures["without"])]
        return {**{name: statistics.median(each) for name, each in figures.items()},
                "ratio": statistics.median(ratios)}


def requests_per_cpu_second(path, fields, seconds):
    def measure(server):
        before = server.cpu_seconds()
        requests, _, _ = wrk.run(server, path, seconds, 32, fields)
        return requests / (server.cpu_seconds() - before)
    return measure


def reload_milliseconds(server):
    begin = time.monotonic()
    if not server.reload():
        raise wrk.Failed("a reload was refused")
    took = time.monotonic() - begin
    server.ctl_output("reload", "--wait", "drained")
    return took * 1e3


def start_milliseconds(server):
    """Of the processor, for all that a worker does until it serves."""
    server.ctl_output("reload", "--wait", "drained")
    return server.cpu_seconds() * 1e3


def confinement(server):
    with open(f"/proc/{server.workers[0]}/status") as file:
        return [line.split()[1] for line in file if line.startswith("Seccomp:")][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of one run of wrk")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    servers.Muster.binaries = options.binaries

    results = {}
    with Pair() as pair:
        modes = [confinement(server) for server in pair.servers.values()]
        if modes != ["2", "0"]:
            sys.exit(f"the workers are not as they should be: Seccomp: {' and '.join(modes)}")
        results["worker at rest, kB"] = pair.in_turn(lambda server: server.pss_bytes() / 1e3, 1)
        for name, (path, fields) in CASES.items():
            measure = requests_per_cpu_second(path, fields, options.seconds)
            results[name + ", /CPU s"] = pair.in_turn(measure, options.rounds)
        results["start of a worker, CPU ms"] = pair.in_turn(start_milliseconds, 3 * options.rounds)
        results["reload, ms"] = pair.in_turn(reload_milliseconds, 3 * options.rounds)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{'':28}{'with':>12}{'without':>12}{'ratio':>8}")
    for name, each in results.items():
        print(f"{name:28}{each['with']:>12.1f}{each['without']:>12.1f}{each['ratio']:>8.3f}")


if __name__ == "__main__":
    main()
