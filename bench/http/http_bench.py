#!/usr/bin/env python3
"""Compares the worker with nginx, and with a minimal epoll server as the floor.

One worker on CPU 0, wrk on CPU 1, the servers in turn within each round. The figure is
requests per second of the worker's CPU time; wall-clock rates are printed beside it.
"""

import argparse
import json
import re
import socket
import statistics
import subprocess
import sys
import time

import servers

PIPELINE = """
init = function(args)
  wrk.init(args)
  local requests = {}
  for i = 1, 16 do requests[i] = wrk.format(nil, "%s") end
  pipelined = table.concat(requests)
end
request = function() return pipelined end
"""


class Case:
    def __init__(self, name, path, targets, unit="requests", floor_body=None, headers=(),
                 pipeline=False, connections=64):
        self.name, self.path, self.targets, self.unit = name, path, targets, unit
        self.floor_body, self.headers = floor_body, headers
        self.pipeline, self.connections = pipeline, connections


CASES = [
    Case("fixed return", "/return", {"nginx": 1.03, "minimal": 0.93}, floor_body=3),
    Case("1 KiB file", "/1k.html", {"nginx": 1.5}, floor_body=1024),
    Case("1 MB file", "/1m.bin", {"nginx": 1.0}, unit="bytes", connections=16),
    Case("new connection each", "/return", {"nginx": 1.0}, headers=("Connection: close",)),
    Case("16 pipelined", "/return", {"nginx": 1.5}, floor_body=3, pipeline=True),
]


def wrk(server, case, seconds):
    """(requests, bytes, wall seconds) of one run."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s",
               f"http://127.0.0.1:{server.port}{case.path}"]
    for header in case.headers:
        command += ["-H", header]
    if case.pipeline:
        script = f"{server.folder}/pipeline.lua"
        with open(script, "w") as file:
            file.write(PIPELINE % case.path)
        command += ["-s", script]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    requests, seconds_run, size, unit = re.search(
        r"(\d+) requests in ([\d.]+)s, ([\d.]+)(B|KB|MB|GB|TB) read", text).groups()
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", text)
    if "Non-2xx" in text or (errors and not case.headers and errors.group(2) != "0"):
        raise RuntimeError(f"{server.name}: {case.name}: {text}")
    size_bytes = float(size) * 1024 ** ["B", "KB", "MB", "GB", "TB"].index(unit)
    return int(requests), size_bytes, float(seconds_run)


def measure(server, case, seconds):
    """(per CPU second, per second) of one run."""
    before = server.cpu_seconds()
    requests, size, wall = wrk(server, case, seconds)
    done = size if case.unit == "bytes" else requests
    return done / (server.cpu_seconds() - before), done / wall


def run_case(case, rounds, seconds):
    contestants = {"muster": servers.Muster("muster", cpu=0), "nginx": servers.Nginx("nginx", cpu=0)}
    if case.floor_body is not None:
        contestants["minimal"] = servers.Minimal("minimal", body_bytes=case.floor_body, cpu=0)
    try:
        runs = {name: [] for name in contestants}
        for server in contestants.values():
            measure(server, case, 1)  # warm up
        for _ in range(rounds):
            for name, server in contestants.items():
                runs[name].append(measure(server, case, seconds))
        return {name: {"per_cpu_second": statistics.median(run[0] for run in all_runs),
                       "per_second": statistics.median(run[1] for run in all_runs)}
                for name, all_runs in runs.items()}
    finally:
        for server in contestants.values():
            server.stop()


def run_memory(connections):
    """PSS of a worker at rest, and per idle keep-alive connection."""
    result = {}
    for name, make in {"muster": servers.Muster, "nginx": servers.Nginx}.items():
        server = make(name)
        try:
            at_rest = server.pss_bytes()
            clients = []
            for _ in range(connections):
                client = socket.create_connection(("127.0.0.1", server.port))
                client.sendall(b"GET /return HTTP/1.1\r\nHost: bench\r\n\r\n")
                clients.append(client)
            for client in clients:
                client.recv(4096)
            result[name] = {"at_rest": at_rest,
                            "per_connection": (server.pss_bytes() - at_rest) / connections}
            for client in clients:
                client.close()
        finally:
            server.stop()
    return result


def figure(value, unit):
    return f"{value / 1e9:.2f} GB" if unit == "bytes" else f"{value / 1e3:.1f}k"


def print_case(case, result):
    for name, rates in result.items():
        print(f"{case.name:22}{name:10}{figure(rates['per_cpu_second'], case.unit):>12}"
              f"{figure(rates['per_second'], case.unit):>12}", end="")
        if name == "muster":
            print()
            continue
        ratio = result["muster"]["per_cpu_second"] / rates["per_cpu_second"]
        target = case.targets.get(name)
        verdict = "" if target is None else f"  >= {target:.2f} {'met' if ratio >= target else 'MISSED'}"
        print(f"   muster / {name} = {ratio:.2f}{verdict}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one run")
    parser.add_argument("--case", action="append", help="only cases whose name has this in it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    servers.Muster.binaries = servers.Minimal.binaries = options.binaries

    results = {}
    if not options.json:
        print(f"{'case':22}{'server':10}{'/CPU second':>12}{'/second':>12}")
    for case in CASES:
        if options.case and not any(word in case.name for word in options.case):
            continue
        results[case.name] = run_case(case, options.rounds, options.seconds)
        if not options.json:
            print_case(case, results[case.name])
    if not options.case or any(word in "memory" for word in options.case):
        results["memory"] = run_memory(10000)
        if not options.json:
            ours, theirs = results["memory"]["muster"], results["memory"]["nginx"]
            print(f"worker at rest, PSS: muster {ours['at_rest'] / 1e6:.1f} MB, "
                  f"nginx {theirs['at_rest'] / 1e6:.1f} MB")
            ratio = ours["per_connection"] / theirs["per_connection"]
            print(f"10,000 idle connections, PSS each: muster {ours['per_connection']:.0f} bytes, "
                  f"nginx {theirs['per_connection']:.0f} bytes, ratio {ratio:.2f}  <= 0.50 "
                  f"{'met' if ratio <= 0.5 else 'MISSED'}")
    if options.json:
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
