#!/usr/bin/env python3
"""What clients see of reloads, beside nginx: requests that failed, connections that were closed.

Two loads, one after the other, on two workers: keep-alive clients that pause at random,
and wrk at full speed; each with a reload every 250 ms.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import threading
import time

import servers

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: bench\r\n\r\n"


class Tally:
    def __init__(self):
        self.answered = self.failed = self.closed = 0


async def read_response(reader):
    """Whether the server keeps the connection open after it."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"content-length: *(\d+)", head, re.I).group(1))
    await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head)
    return not re.search(rb"connection: *close", head, re.I)


async def client(port, until, longest_pause, tally, seed):
    pauses = random.Random(seed)
    reader = writer = None
    while time.monotonic() < until:
        if writer is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(pauses.uniform(0, longest_pause))
        try:
            writer.write(REQUEST)
            stays = await asyncio.wait_for(read_response(reader), 10)
            tally.answered += 1
        except (OSError, EOFError, RuntimeError, asyncio.TimeoutError):
            tally.failed += 1
            stays = False
        if not stays:
            tally.closed += 1
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


class Reloader(threading.Thread):
    """Reloads every `interval` seconds until stopped."""

    def __init__(self, server, interval):
        super().__init__(daemon=True)
        self.server, self.interval = server, interval
        self.count = self.refused = 0
        self.stopped = threading.Event()
        self.start()

    def run(self):
        while not self.stopped.wait(self.interval):
            self.count += 1
            self.refused += not self.server.reload()

    def stop(self):
        self.stopped.set()
        self.join()


def run_pausing(server, seconds, interval, clients=32):
    tally = Tally()

    async def all_clients():
        until = time.monotonic() + seconds
        await asyncio.gather(*(client(server.port, until, 0.1, tally, seed)
                               for seed in range(clients)))

    reloader = Reloader(server, interval)
    asyncio.run(all_clients())
    reloader.stop()
    return {"requests": tally.answered + tally.failed, "failed": tally.failed,
            "closed": tally.closed, "reloads": reloader.count, "refused": reloader.refused}


def run_busy(server, seconds, interval):
    reloader = Reloader(server, interval)
    text = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s",
                           f"http://127.0.0.1:{server.port}/index.html"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    reloader.stop()
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return {"requests": int(re.search(r"(\d+) requests in", text).group(1)),
            "failed": sum(map(int, errors.groups())) if errors else 0,
            "closed": None, "reloads": reloader.count, "refused": reloader.refused}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="of each load")
    parser.add_argument("--interval", type=float, default=0.25, help="between reloads, in seconds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    servers.Muster.binaries = options.binaries

    results = {}
    for load, run in {"pausing": run_pausing, "busy": run_busy}.items():
        for name, make in {"muster": servers.Muster, "nginx": servers.Nginx}.items():
            server = make(name, workers=2, connections=4096)
            try:
                results.setdefault(load, {})[name] = run(server, options.seconds, options.interval)
            finally:
                server.stop()
    if options.json:
        json.dump(results, sys.stdout, indent=1)
        return
    print(f"{'load':10}{'server':10}{'reloads':>9}{'requests':>10}{'failed':>8}{'closed':>8}")
    for load, by_server in results.items():
        for name, r in by_server.items():
            closed = "-" if r["closed"] is None else r["closed"]
            print(f"{load:10}{name:10}{r['reloads']:>9}{r['requests']:>10}{r['failed']:>8}{closed:>8}")


if __name__ == "__main__":
    main()
