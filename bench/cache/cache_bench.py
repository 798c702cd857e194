#!/usr/bin/env python3
"""Compares examples/cache with two workers with memcached with two threads.

The same client loads both in turn within each round: 32 connections, nine gets to one set, of keys
that are there. The figure is commands per second of the server's CPU time, of all its workers or
threads; wall-clock rates are printed beside it. The ratio is the median of those of the rounds. A
case that fails says why, and the others go on; the exit code is 1 then. A missed target is only
said.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))

import cases  # noqa: E402
import servers  # noqa: E402

CACHE_CONF = """
worker_processes: {workers}
worker_connections: {connections}
listen {{ address: "127.0.0.1:0" }}
admin {{ listen: "unix:admin.sock" }}
pid_file: "muster.pid"
{events}
zone {{ name: "cache" size_bytes: 75497472 }}
stream {{ max_session_bytes: 1114112 }}
service {{ [type.googleapis.com/muster.examples.cache.v1.Cache] {{}} }}
"""


class Case:
    def __init__(self, name, target, depth, value_bytes=100, keys=10000):
        self.name, self.target = name, target
        self.arguments = ["--depth", str(depth), "--value-bytes", str(value_bytes), "--keys", str(keys)]


CASES = [
    Case("100 bytes, 1 at once", 1.0, depth=1),
    Case("100 bytes, 16 at once", 3.0, depth=16),
    Case("30 kB, 1 at once", 0.95, depth=1, value_bytes=30000, keys=500),
]


class Failed(Exception):
    pass


class Cache(servers.Muster):
    conf = CACHE_CONF
    worker = "examples/cache/cache"

    def cpu_seconds(self):
        return sum(servers.threads_cpu_seconds(pid) for pid in self.workers)


class Memcached(servers.Server):
    def _start(self, workers, cpu, connections, events):
        port_file = f"{self.folder}/port"
        # Port -1: the kernel chooses one, which memcached writes into this file.
        self._spawn([servers.find_program("memcached", "memcached"), "-t", str(workers), "-l", "127.0.0.1",
                     "-p", "-1", "-U", "0", "-m", "64", "-c", str(min(connections, 1024)), "-u", "root"],
                    cpu, env={**os.environ, "MEMCACHED_PORT_FILENAME": port_file})
        self._await(lambda: os.path.exists(port_file), "start")
        with open(port_file) as file:
            ports = dict(line.split(": ") for line in file.read().splitlines())
        self.port = int(ports["TCP INET"])

    def cpu_seconds(self):
        return servers.threads_cpu_seconds(self.process.pid)


MAKERS = {"muster": Cache, "memcached": Memcached}


def measure(server, case, seconds, binaries):
    """Commands per CPU second, per second, and the part of the answers that are misses."""
    client = subprocess.Popen([f"{binaries}/bench/cache/cache_client", "--port", str(server.port), "--seconds",
                               str(seconds), *case.arguments],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if client.stdout.readline() != "ready\n":
            raise Failed(f"{server.name}: {client.stderr.read().strip()}")
        before = server.cpu_seconds()
        out, errors = client.communicate("go\n", timeout=seconds + 60)
        used = server.cpu_seconds() - before
    finally:
        client.kill()
        client.wait()
    if client.returncode != 0:
        raise Failed(f"{server.name}: {errors.strip()}")
    counts = json.loads(out)
    return (counts["answers"] / used, counts["answers"] / counts["seconds"],
            counts["misses"] / counts["answers"])


def run_case(case, rounds, seconds, binaries):
    started = {}
    figures = {name: [] for name in MAKERS}
    try:
        for name, make in MAKERS.items():
            started[name] = make(name, workers=2, connections=1000)
        for server in started.values():
            measure(server, case, 0.5, binaries)  # warm up
        for i in range(rounds):
            for name in MAKERS if i % 2 == 0 else reversed(MAKERS):
                figures[name].append(measure(started[name], case, seconds, binaries))
    finally:
        for server in started.values():
            server.stop()
    result = {}
    for name, rows in figures.items():
        per_cpu_second, per_second, misses = zip(*rows)
        result[name] = {"per_cpu_second": statistics.median(per_cpu_second),
                        "per_second": statistics.median(per_second), "misses": max(misses)}
    for what, ratio in (("per_cpu_second", "ratio"), ("per_second", "ratio_per_second")):
        index = ("per_cpu_second", "per_second").index(what)
        result[ratio] = statistics.median(ours[index] / theirs[index] for ours, theirs in
                                          zip(figures["muster"], figures["memcached"]))
    result.update(target=case.target, met=result["ratio"] >= case.target)
    return result


def print_result(name, result):
    if "error" in result:
        print(f"{name:24}FAILED: {result['error']}")
        return
    for server in MAKERS:
        rates = result[server]
        print(f"{name:24}{server:12}{rates['per_cpu_second'] / 1e3:>10.1f}k{rates['per_second'] / 1e3:>11.1f}k"
              f"{100 * rates['misses']:>9.2f}%", end="")
        if server == "memcached":
            print(f"{result['ratio']:>8.2f}   >= {result['target']:.2f}   {'met' if result['met'] else 'MISSED'}"
                  f"   {result['ratio_per_second']:.2f}", end="")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: tools/bench cache --case 100 --rounds 3",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of one run")
    parser.add_argument("--quick", action="store_true", help="one round of half a second")
    parser.add_argument("--case", action="append", help="only cases whose name has this in it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.5
    Cache.binaries = options.binaries
    chosen = cases.choose(parser, [case.name for case in CASES], options.case)
    try:
        servers.find_program("memcached", "memcached")
    except servers.Missing as missing:
        parser.exit(1, f"{missing}\n")

    runs = {case.name: functools.partial(run_case, case, options.rounds, options.seconds, options.binaries)
            for case in CASES if case.name in chosen}
    header = (f"{'values, commands':24}{'server':12}{'/CPU s':>11}{'/s':>12}{'misses':>10}{'ratio':>8}   target"
              "           ratio of /s")
    return cases.run_all(runs, options.json, header, print_result)


if __name__ == "__main__":
    sys.exit(main())
