#!/usr/bin/env python3
"""What the admin service costs, beside the least that gRPC costs, in the same run."""

import argparse
import contextlib
import json
import os
import re
import signal
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
        return servers.threads_cpu_seconds(self.process.pid)


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
            ours, peer = times["GetStatus, unread"], times["Health/Check, unread"]
            self.row(f"GetStatus, {workers} workers, unread", median(ours), median(peer), "us", None,
                     "Health/Check, unread")
            self.rows[-1]["ratio"] = median(mine / check for mine, check in zip(ours, peer))

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

    def watch(self, address, connections, streams):
        """A process that watches; None if it gets no stream."""
        watcher = subprocess.Popen([self.client, "watch", address, str(connections), str(streams)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if watcher.stdout.readline() == "watching\n":
            return watcher
        watcher.kill()
        watcher.wait()
        return None

    @staticmethod
    def end(watcher):
        """How many messages it got, and how many bytes."""
        watcher.stdin.close()
        messages, size = watcher.stdout.readline().split()
        watcher.wait()
        return int(messages), int(size)

    def message_bytes(self, address):
        """Of a message with the events of a second."""
        watcher = self.watch(address, 1, 1)
        time.sleep(3.5)
        messages, size = self.end(watcher)
        return size // messages

    def watchers(self, connections):
        """Both sides write at the same time; what else the machine does then is in both."""
        name = f"{WATCHERS} watchers on {connections} connections"
        seconds, rounds = (2, 5) if self.quick else (4, 15)
        with contextlib.closing(closing(Muster("muster", workers=2))) as muster, contextlib.ExitStack() as stack:
            server = muster.server
            stack.enter_context(events(server.process.pid))
            time.sleep(1)
            before, began = server.sample(), time.monotonic()
            time.sleep(seconds * 2)
            alone = (server.sample() - before) / (time.monotonic() - began)
            size = self.message_bytes(server.address)
            watcher = self.watch(server.address, connections, WATCHERS // connections)
            if watcher is None:
                return self.row(name, None, None, "% of a CPU", 1.3, "bare gRPC writes",
                                "the master does not take as many connections")
            stack.callback(watcher.kill)
            bare = stack.enter_context(bare_writer(self.binaries, size))
            peer = self.watch(bare.address, connections, WATCHERS // connections)
            stack.callback(peer.kill)
            time.sleep(2)
            pids = (server.process.pid, bare.pid)
            shares = []
            for _ in range(rounds):
                before, began = [servers.threads_cpu_seconds(pid) for pid in pids], time.monotonic()
                time.sleep(seconds)
                after, took = [servers.threads_cpu_seconds(pid) for pid in pids], time.monotonic() - began
                shares.append([(now - then) / took * 100 for now, then in zip(after, before)])
            ours, theirs = self.end(watcher), self.end(peer)
        alone *= 100
        self.row(name, median(share[0] - alone for share in shares), median(share[1] for share in shares),
                 "% of a CPU", 1.3, "bare gRPC writes",
                 f"{ours[0]} and {theirs[0]} messages, of {ours[1] // ours[0]} and {theirs[1] // theirs[0]} bytes; "
                 f"the events alone {alone:.1f} %")
        self.rows[-1]["ratio"] = median((share[0] - alone) / share[1] for share in shares)

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
        if not os.path.exists("/usr/sbin/nginx"):
            return self.row("ctl reload --wait drained", None, None, "ms", 1.0, "nginx -s reload",
                            "nginx is not installed")

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
                    [muster.server.ctl, "--master", muster.server.address, "reload", "--wait", "drained"],
                    stdout=subprocess.DEVNULL, check=True)))
                peer.append(measure(nginx.server, lambda: subprocess.run(
                    ["/usr/sbin/nginx", "-e", f"{nginx.server.folder}/error.log", "-c",
                     f"{nginx.server.folder}/nginx.conf", "-s", "reload"],
                    stderr=subprocess.DEVNULL, check=True)))
            self.row("ctl reload --wait drained", median(ours), median(peer), "ms", 1.0,
                     "nginx -s reload", "until no old worker is left; 100 idle clients")

    def run(self):
        self.trips(2)
        self.trips(64)
        self.ctl_status()
        self.watchers(10)
        self.watchers(WATCHERS)
        self.idle()
        self.reloads()


@contextlib.contextmanager
def events(pid):
    """Has the master open its log files again, ten times a second; each time is an event."""
    stop = threading.Event()

    def reopen():
        while not stop.wait(1 / EVENTS_A_SECOND):
            os.kill(pid, signal.SIGUSR1)

    thread = threading.Thread(target=reopen)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def bare_writer(binaries, size):
    address = f"unix:/tmp/muster-bench-bare-{os.getpid()}.sock"
    bare = subprocess.Popen([f"{binaries}/bench/admin/bare_writer", address, str(size)],
                            stdout=subprocess.PIPE, text=True)
    try:
        bare.stdout.readline()
        bare.address = address
        yield bare
    finally:
        bare.kill()
        bare.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address.removeprefix("unix:"))


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
