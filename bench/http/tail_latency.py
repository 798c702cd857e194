"""How long the slowest requests take at a fixed rate, and what the histogram of them costs.

The full load of each server is measured by wrk. Both get 70 % of the lower one, the same rate, so
that both wait for the same requests; the generator sends them when they are due, whether or not
the others were answered, and measures from then.
"""

import json
import statistics
import subprocess
import time

import servers
import wrk

LOAD = 0.7
FULL_LOAD_ROUNDS = 3
CONNECTIONS = 64
# Between runs. With real-time priority (chrt -r 1), which keeps other programs away, the kernel gives those their part
# of a processor that was taken for a second; a run must be shorter than that.
PAUSE_SECONDS = 0.8


def run_open_loop(binaries, server, path, rate, seconds):
    """Percentiles in microseconds."""
    time.sleep(PAUSE_SECONDS)
    finished = subprocess.run(
        ["taskset", "-c", "1", f"{binaries}/bench/load/open_loop_client", "--port", str(server.port), "--path",
         path, "--rate", f"{rate:.0f}", "--seconds", str(seconds), "--warm-up", str(min(1, seconds / 3)),
         "--connections", str(CONNECTIONS)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        raise wrk.Failed(f"{server.name}: {finished.stderr.strip()}")
    return json.loads(finished.stdout)


def full_load(started, path):
    """Requests per second of each."""
    rates = {server.name: [] for server in started}
    for _ in range(FULL_LOAD_ROUNDS):
        for server in started:
            requests, _, wall = wrk.run(server, path, 1, CONNECTIONS)
            rates[server.name].append(requests / wall)
    return {name: statistics.median(values) for name, values in rates.items()}


def run(binaries, path, rounds, seconds, target):
    started = []
    try:
        for make, name in ((servers.Muster, "muster"), (servers.Nginx, "nginx")):
            started.append(make(name, cpu=0))
        full = full_load(started, path)
        rate = LOAD * min(full.values())
        runs = {server.name: [] for server in started}
        for i in range(rounds):
            for server in started if i % 2 == 0 else reversed(started):
                runs[server.name].append(run_open_loop(binaries, server, path, rate, seconds))
    finally:
        for server in started:
            server.stop()
    result = {name: {key: statistics.median(one[key] for one in all_runs) for key in all_runs[0]}
              for name, all_runs in runs.items()}
    for name in result:
        result[name]["full_load"] = full[name]
    ratio = statistics.median(ours["p99_9_us"] / theirs["p99_9_us"]
                              for ours, theirs in zip(runs["muster"], runs["nginx"]))
    result["nginx"].update(ratio=ratio, target=target, met=ratio <= target)
    return result


def record_cost(binaries, one, pipelined, target):
    """The part of a worker's CPU time that goes into recording latencies.

    `one` and `pipelined` are requests per CPU second: one after the other, and 16 at once.
    """
    out = subprocess.run([f"{binaries}/bench/http/latency_cost"], stdout=subprocess.PIPE, check=True).stdout
    cost = json.loads(out)
    result = {}
    for name, nanoseconds, rate in (("1 at once", cost["one_ns"], one), ("16 at once", cost["sixteen_ns"], pipelined)):
        share = nanoseconds * rate / 1e9
        result[name] = {"record_ns": nanoseconds, "per_cpu_second": rate, "ratio": share, "target": target,
                        "met": share <= target}
    return result
