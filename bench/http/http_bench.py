#!/usr/bin/env python3
"""Compares the worker with nginx, and with a minimal epoll server as the floor.

One worker on CPU 0, wrk on CPU 1, the servers in turn within each round. The figure is
requests per second of the worker's CPU time; wall-clock rates are printed beside it. The ratio
is the median of those of the rounds. A case that fails says why, and the others go on; the exit
code is 1 then. A missed target is only said.
"""

import argparse
import functools
import resource
import socket
import statistics
import sys

import cases
import servers
import tail_latency
import wrk


class Case:
    def __init__(self, name, path, targets, unit="requests", floor_body=None, fields=(),
                 is_pipelined=False, connections=64):
        self.name, self.path, self.targets, self.unit = name, path, targets, unit
        self.floor_body, self.fields = floor_body, fields
        self.is_pipelined, self.connections = is_pipelined, connections


CASES = [
    Case("fixed return", "/return", {"nginx": 1.07, "minimal": 0.96}, floor_body=3),
    Case("1 KiB file", "/1k.html", {"nginx": 1.5, "minimal": 0.95}, floor_body=1024),
    Case("1 MB file", "/1m.bin", {"nginx": 1.0}, unit="bytes", connections=16),
    Case("new connection each", "/return", {"nginx": 1.0}, fields=("Connection: close",)),
    Case("16 pipelined", "/return", {"nginx": 1.5, "minimal": 0.85}, floor_body=3,
         is_pipelined=True),
]
IDLE_CONNECTIONS = 10000
IDLE_CASE = "10k idle connections"
REST_CASE = "worker at rest"
TAIL_CASES = {"return, 70% load": "/return", "1 KiB, 70% load": "/1k.html"}
TAIL_TARGET = 0.8
RECORD_CASE = "latency histogram"
RECORD_TARGET = 0.01


def comparison(ours, theirs, target, is_at_most=False):
    ratio = ours / theirs
    result = {"ratio": ratio}
    if target is not None:
        result["target"] = target
        result["met"] = ratio <= target if is_at_most else ratio >= target
    return result


class Run:
    """One server during one case."""

    def __init__(self, server, case):
        self.server, self.case = server, case
        self.response_size = wrk.response_bytes(server.port, case.path, case.fields)
        self.per_cpu_second, self.per_second = [], []

    def measure(self, seconds):
        before = self.server.cpu_seconds()
        requests, size, wall = wrk.run(self.server, self.case.path, seconds, self.case.connections,
                                       self.case.fields, self.case.is_pipelined)
        used = self.server.cpu_seconds() - before
        wrk.check_size(requests, size, self.response_size, self.case.connections)
        done = size if self.case.unit == "bytes" else requests
        return done / used, done / wall

    def keep(self, figures):
        self.per_cpu_second.append(figures[0])
        self.per_second.append(figures[1])


def run_case(case, rounds, seconds):
    started = []
    try:
        started.append(servers.Muster("muster", cpu=0))
        started.append(servers.Nginx("nginx", cpu=0))
        if case.floor_body is not None:
            started.append(servers.Minimal("minimal", body_bytes=case.floor_body, cpu=0))
        runs = {server.name: Run(server, case) for server in started}
        for run in runs.values():
            run.measure(1)  # warm up
        for i in range(rounds):
            in_turn = list(runs.values())
            for run in in_turn if i % 2 == 0 else reversed(in_turn):
                run.keep(run.measure(seconds))
    finally:
        for server in started:
            server.stop()
    result = {}
    for name, run in runs.items():
        result[name] = {"per_cpu_second": statistics.median(run.per_cpu_second),
                        "per_second": statistics.median(run.per_second)}
        if name != "muster":
            ratio = statistics.median(ours / theirs for ours, theirs in
                                      zip(runs["muster"].per_cpu_second, run.per_cpu_second))
            result[name].update(comparison(ratio, 1, case.targets.get(name)))
    return result


MAKERS = {"muster": servers.Muster, "nginx": servers.Nginx}


def run_idle():
    """PSS per idle keep-alive connection, each after one request."""
    allow_descriptors(IDLE_CONNECTIONS + 100)
    result = {}
    for name, make in MAKERS.items():
        server = make(name)
        clients = []
        try:
            wrk.response_bytes(server.port, "/return")
            before = server.pss_bytes()
            for _ in range(IDLE_CONNECTIONS):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                client.sendall(b"GET /return HTTP/1.1\r\nHost: bench\r\n\r\n")
                clients.append(client)
            for client in clients:
                if not client.recv(4096).startswith(b"HTTP/1.1 200 "):
                    raise wrk.Failed(f"{name}: no answer on one of {IDLE_CONNECTIONS} connections")
            result[name] = {"pss_bytes": (server.pss_bytes() - before) / IDLE_CONNECTIONS}
        finally:
            for client in clients:
                client.close()
            server.stop()
    return compare_memory(result, 0.5)


def run_at_rest():
    """PSS of a worker that has served nothing, with room for 1,024 connections."""
    result = {}
    for name, make in MAKERS.items():
        server = make(name, connections=1024)
        try:
            result[name] = {"pss_bytes": server.pss_bytes()}
        finally:
            server.stop()
    return compare_memory(result, 1.0)


def run_record_cost(binaries, seconds):
    """What it costs to record latencies, as a part of the worker's CPU time."""
    rates = []
    server = servers.Muster("muster", cpu=0)
    try:
        for name in ("fixed return", "16 pipelined"):
            run = Run(server, next(case for case in CASES if case.name == name))
            run.measure(1)
            rates.append(run.measure(seconds)[0])
    finally:
        server.stop()
    return tail_latency.record_cost(binaries, *rates, RECORD_TARGET)


def compare_memory(result, target):
    result["nginx"].update(comparison(result["muster"]["pss_bytes"], result["nginx"]["pss_bytes"],
                                      target, is_at_most=True))
    return result


def allow_descriptors(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise wrk.Failed(f"{wanted} descriptors are needed, the hard limit is {hard}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def figure(rates, what, unit):
    if "pss_bytes" in rates:
        value = rates["pss_bytes"]
        if what == "per_second":
            return "-"
        return f"{value / 1e6:.2f} MB" if value > 1e5 else f"{value:.0f} B"
    if "p99_9_us" in rates:
        return f"{rates['rate'] / 1e3:.1f}k" if what == "per_second" else f"{rates['p99_9_us']:.0f} us"
    if "record_ns" in rates:
        return f"{rates['record_ns']:.1f} ns" if what == "per_cpu_second" else "-"
    return f"{rates[what] / 1e9:.2f} GB" if unit == "bytes" else f"{rates[what] / 1e3:.1f}k"


def print_result(name, result, unit):
    if "error" in result:
        print(f"{name:22}FAILED: {result['error']}")
    for server, rates in result.items() if "error" not in result else ():
        print(f"{name:22}{server:10}{figure(rates, 'per_cpu_second', unit):>14}"
              f"{figure(rates, 'per_second', unit):>12}", end="")
        if "ratio" in rates:
            print(f"{rates['ratio']:>8.4f}" if "record_ns" in rates else f"{rates['ratio']:>8.2f}", end="")
        if "target" in rates:
            sign = "<=" if {"pss_bytes", "p99_9_us", "record_ns"} & rates.keys() else ">="
            print(f"   {sign} {rates['target']:.2f}   {'met' if rates['met'] else 'MISSED'}", end="")
        if "p99_9_us" in rates:
            print(f"   p50 {rates['p50_us']:.0f}, p99 {rates['p99_us']:.0f}, max {rates['max_us']:.0f}, of the generator "
                  f"itself {rates['own_delay_p99_9_us']:.0f}, full load {rates['full_load'] / 1e3:.1f}k/s", end="")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: tools/bench http --case load --rounds 3",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one run")
    parser.add_argument("--tail-seconds", type=float, default=3, help="of one run at a fixed rate")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--case", action="append", help="only cases whose name has this in it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.tail_seconds = 1, 1, 1
    servers.Muster.binaries = servers.Minimal.binaries = options.binaries

    units = {case.name: case.unit for case in CASES}
    units[IDLE_CASE] = units[REST_CASE] = "bytes"
    parts = {case.name: functools.partial(run_case, case, options.rounds, options.seconds) for case in CASES}
    parts[IDLE_CASE] = run_idle
    parts[REST_CASE] = run_at_rest
    for name, path in TAIL_CASES.items():
        parts[name] = functools.partial(tail_latency.run, options.binaries, path, options.rounds,
                                        options.tail_seconds, TAIL_TARGET)
    parts[RECORD_CASE] = functools.partial(run_record_cost, options.binaries, options.seconds)
    chosen = cases.choose(parser, list(parts), options.case)
    try:
        servers.find_program("wrk", "wrk")
        servers.find_program("/usr/sbin/nginx", "nginx-light")
    except servers.Missing as missing:
        parser.exit(1, f"{missing}\n")

    header = f"{'case':22}{'server':10}{'/CPU s, PSS':>14}{'/s':>12}{'ratio':>8}   target"
    return cases.run_all({name: parts[name] for name in chosen}, options.json, header,
                         lambda name, result: print_result(name, result, units.get(name, "requests")))


if __name__ == "__main__":
    sys.exit(main())
