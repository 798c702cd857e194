#!/usr/bin/env python3
"""What the admin service costs, beside the least that gRPC costs, in the same run."""

import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))

import servers  # noqa: E402

EVENTS_A_SECOND = 10
WATCHERS = 1000


def median(values):
    return statistics.median(values)


class Muster(servers.Muster):
    @property
    def address(self):
        return f"unix:{self.folder}/admin.sock"

    def sample(self):
        return process_seconds(self.process.pid)


def process_seconds(pid):
    """CPU of all its threads, to the nanosecond."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def wakeups(pid):
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/status") as file:
            found[thread] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M).group(1))
    return found


class Bench:
    def __init__(self, arguments):
        self.binaries = arguments.binaries
        self.quick = arguments.quick
        self.client = f"{self.binaries}/bench/admin/admin_client"
        self.rows = []

    def row(self, what, ours, peer, unit, most, peer_name, note=""):
        ratio = None if peer in (None, 0) or ours is None else ours / peer
        self.rows.append({"what": what, "muster": ours, "peer": peer, "peer_name": peer_name, "unit": unit,
                          "ratio": ratio, "most": most, "note": note})

    # ---- Round trips ----

    def trips(self, workers):
        with contextlib.closing(closing(Muster("muster", workers=workers))) as muster:
            rounds, calls = (5, 100) if self.quick else (25, 400)
            out = subprocess.run([self.client, "trips", muster.server.address, str(rounds), str(calls)],
                                 stdout=subprocess.PIPE, check=True, text=True).stdout
            times = json.loads(out)
            most = 1.2 if workers <= 2 else 1.5
            for method in ("GetStatus", "ListWorkers", "GetStats"):
                # Each round has all methods; what else the machine did then is in both.
                ratio = median(ours / check for ours, check in zip(times[method], times["Health/Check"]))
                self.row(f"{method}, {workers} workers", median(times[method]), median(times["Health/Check"]),
                         "us", most if method == "GetStatus" else None, "Health/Check")
                self.rows[-1]["ratio"] = ratio

    def ctl_status(self):
        with contextlib.closing(closing(Muster("muster", workers=2))) as muster:
            ctl, empty = [], []
            for _ in range(10 if self.quick else 60):
                for command, times in (([muster.server.ctl, "--master", muster.server.address, "status"], ctl),
                                       ([self.client, "empty", muster.server.address], empty)):
                    began = time.perf_counter()
                    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                    times.append((time.perf_counter() - began) * 1e3)
            self.row("ctl status, the whole process", median(ctl), median(empty), "ms", 1.5, "an empty call")

    # ---- Watchers ----

    def watched(self, pid, address, connections, cause):
        """CPU of `pid`, and messages, a second, with watchers."""
        seconds = 5 if self.quick else 20
        watcher = subprocess.Popen([self.client, "watch", address, str(connections),
                                    str(WATCHERS // connections)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if watcher.stdout.readline() != "watching\n":
                return None
            with cause():
                time.sleep(2)
                before, began = process_seconds(pid), time.monotonic()
                time.sleep(seconds)
                used, took = process_seconds(pid) - before, time.monotonic() - began
            watcher.stdin.close()
            messages = int(watcher.stdout.readline())
            return used / took, messages
        finally:
            watcher.kill()
            watcher.wait()

    def watchers(self, connections):
        with contextlib.closing(closing(Muster("muster", workers=2))) as muster:
            server = muster.server

            @contextlib.contextmanager
            def events():
                """Each reopen is two events: what happened, and the call."""
                stop = threading.Event()

                def reopen():
                    caller = subprocess.Popen(
                        ["sh", "-c", "while read -r _; do kill -USR1 \"$0\"; done", str(server.process.pid)],
                        stdin=subprocess.PIPE, text=True)
                    while not stop.wait(1 / EVENTS_A_SECOND):
                        caller.stdin.write("\n")
                        caller.stdin.flush()
                    caller.stdin.close()
                    caller.wait()

                thread = threading.Thread(target=reopen)
                thread.start()
                try:
                    yield
                finally:
                    stop.set()
                    thread.join()

            # What the events themselves cost, without anybody who watches.
            seconds = 3 if self.quick else 10
            with events():
                time.sleep(1)
                before, began = server.sample(), time.monotonic()
                time.sleep(seconds)
                alone = (server.sample() - before) / (time.monotonic() - began)
            size = self.message_bytes(server)
            ours = self.watched(server.process.pid, server.address, connections, events)
        name = f"{WATCHERS} watchers on {connections} connections"
        if ours is None:
            return self.row(name, None, None, "% of a CPU", 1.3, "bare gRPC writes",
                            "the master does not take as many connections")
        socket_path = f"/tmp/muster-bench-bare-{os.getpid()}.sock"
        bare = subprocess.Popen([f"{self.binaries}/bench/admin/bare_writer", f"unix:{socket_path}", str(size)],
                                stdout=subprocess.PIPE, text=True)
        try:
            bare.stdout.readline()
            peer = self.watched(bare.pid, f"unix:{socket_path}", connections, contextlib.nullcontext)
        finally:
            bare.kill()
            bare.wait()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(socket_path)
        self.row(name, (ours[0] - alone) * 100, peer[0] * 100, "% of a CPU", 1.3, "bare gRPC writes",
                 f"{ours[1]} and {peer[1]} messages of {size} bytes; the events alone {alone * 100:.1f} %")

    @staticmethod
    def message_bytes(server):
        """Of a message with the events of a second."""
        return 60 * EVENTS_A_SECOND + 40

    # ---- An idle master ----

    def idle(self):
        with contextlib.closing(closing(Muster("muster", workers=2))) as muster:
            pid = muster.server.process.pid
            time.sleep(2)
            seconds = 5 if self.quick else 20
            before = wakeups(pid)
            time.sleep(seconds)
            after = wakeups(pid)
            rate = {thread: (after[thread] - before.get(thread, 0)) / seconds for thread in after}
            loop = rate.pop(str(pid))
            self.row("an idle master: the loop's thread", loop, None, "wake-ups a second", None, "")
            self.row("an idle master: its other threads", sum(rate.values()), None, "wake-ups a second", None, "")
            self.row("an idle master: memory (PSS)", servers.pss_bytes(pid) / (1 << 20), None, "MiB", None, "")

    # ---- Reloads ----

    def reloads(self):
        """From the command until no old worker is left, with 100 idle clients that keep their connection."""
        def measure(server, reload):
            clients = [keep_alive(server.port) for _ in range(100)]
            old = set(server.workers)
            began = time.perf_counter()
            reload()
            while old & set(server.workers):
                time.sleep(0.0005)
            took = (time.perf_counter() - began) * 1e3
            for client in clients:
                client.close()
            return took

        with contextlib.closing(closing(Muster("muster", workers=2))) as muster, \
                contextlib.closing(closing(servers.Nginx("nginx", workers=2))) as nginx:
            ours, peer = [], []
            for _ in range(3 if self.quick else 15):
                ours.append(measure(muster.server, lambda: subprocess.run(
                    [muster.server.ctl, "--master", muster.server.address, "reload"],
                    stdout=subprocess.DEVNULL, check=True)))
                peer.append(measure(nginx.server, lambda: subprocess.run(
                    ["/usr/sbin/nginx", "-e", f"{nginx.server.folder}/error.log", "-c",
                     f"{nginx.server.folder}/nginx.conf", "-s", "reload"],
                    stderr=subprocess.DEVNULL, check=True)))
            self.row("ctl reload until the old workers are gone", median(ours), median(peer), "ms", 1.0,
                     "nginx -s reload", "100 idle clients")

    def run(self):
        self.trips(2)
        self.trips(64)
        self.ctl_status()
        self.watchers(10)
        self.watchers(WATCHERS)
        self.idle()
        self.reloads()


class closing:
    """Stops a server at the end of a block."""

    def __init__(self, server):
        self.server = server

    def close(self):
        self.server.stop()


def keep_alive(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /return HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while b"ok\n" not in answer:
        answer += client.recv(4096)
    return client


def text_of(row):
    def number(value):
        return "-" if value is None else f"{value:.2f}"
    return (f"{row['what']:<44} {number(row['muster']):>9} {number(row['peer']):>9} {row['unit']:<18}"
            f"{number(row['ratio']):>6} {'' if row['most'] is None else '<= %.1f' % row['most']:>7}  "
            f"{row['peer_name']}{'; ' if row['peer_name'] and row['note'] else ''}{row['note']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", default="bazel-bin")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="shorter, and less exact")
    arguments = parser.parse_args()
    servers.Muster.binaries = arguments.binaries
    bench = Bench(arguments)
    bench.run()
    if arguments.json:
        print(json.dumps(bench.rows, indent=2))
        return
    print(f"{'':<44} {'muster':>9} {'peer':>9} {'':<18}{'ratio':>6} {'must be':>7}")
    for row in bench.rows:
        print(text_of(row))


if __name__ == "__main__":
    main()
