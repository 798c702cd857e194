#!/usr/bin/env python3
"""How soon a killed worker serves again, and `ctl status` answers, beside what could block a master.

Each blocker is put in the way of a master with one worker and stays there. Then the worker is
killed, and at the same time a client asks the site and an operator asks for the status.
"""

import argparse
import contextlib
import ctypes
import http.client
import json
import os
import resource
import signal
import socket
import stat
import statistics
import struct
import subprocess
import sys
import threading
import time

import servers

# In milliseconds, for each round.
MOST = {"serves": 500, "status": 1000}


class Muster(servers.Muster):
    """The worker program is named by the configuration, so that a reload can name another."""

    # What the configuration has besides; the worker program asks for none of it.
    more = ""
    log_fd = None

    def configure(self, worker, more="", handler=""):
        text = servers.MUSTER_CONF.format(workers=1, connections=1000, events=more)
        if handler:
            text = text.replace("http {", f"http {{ location {{ path: \"/h\" handler: \"{handler}\" }}")
        with open(f"{self.folder}/muster.textproto", "w") as conf:
            conf.write(f"worker_binary: \"{worker}\"\n{text}")

    def _start(self, workers, cpu, connections, events):
        self.ctl = f"{self.binaries}/ctl/ctl"
        self.worker = f"{self.binaries}/worker/worker"
        self.prepare()
        self.configure(self.worker, self.more)
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen(
            [f"{self.binaries}/master/master", "-c", f"{self.folder}/muster.textproto"],
            cwd=self.folder, stderr=self.log if self.log_fd is None else self.log_fd)
        self.port = None
        self._await(self._find_port, "start")

    def prepare(self):
        """Before the start."""

    def block(self):
        """After the start. Puts the blocker in its place."""

    def is_blocked(self):
        """Whether the blocker is in its place still."""
        return True

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            # Whatever is in its way.
            self.process.kill()
        super().stop()


def fill(fd):
    """Fills a pipe by a description of its own, so that others' do not change."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(own, b"x" * size)
    os.close(own)


class Nothing(Muster):
    title = "nothing"


class FullStandardError(Muster):
    title = "standard error is a full pipe"

    def prepare(self):
        self.reader, self.log_fd = os.pipe()

    def block(self):
        fill(self.log_fd)


class FullLog(Muster):
    title = "the log is a full FIFO"
    more = "log { path: \"log.fifo\" }"

    def prepare(self):
        os.mkfifo(f"{self.folder}/log.fifo")
        self.reader = os.open(f"{self.folder}/log.fifo", os.O_RDWR)

    def block(self):
        fill(self.reader)


class FifoConfiguration(Muster):
    title = "the configuration is a FIFO"

    def block(self):
        os.remove(f"{self.folder}/muster.textproto")
        os.mkfifo(f"{self.folder}/muster.textproto")
        self.process.send_signal(signal.SIGHUP)


class HangingDescribe(Muster):
    title = "a worker program hangs in --describe"

    def block(self):
        program, asked = f"{self.folder}/hanging", f"{self.folder}/asked"
        os.mkfifo(asked)
        with open(program, "w") as script:
            script.write(f"#!/bin/sh\necho $$ >{asked}\nexec sleep 1000\n")
        os.chmod(program, 0o700)
        self.configure(program, handler="h")
        self.process.send_signal(signal.SIGHUP)
        with open(asked) as pid:
            self.hanging = int(pid.read())

    def is_blocked(self):
        return os.path.exists(f"/proc/{self.hanging}")


class NoDescriptors(Muster):
    title = "no descriptors for a moment"

    def block(self):
        before = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        self.client = socket.socket(socket.AF_UNIX)
        self.client.connect(f"{self.folder}/admin.sock")
        # So long the master has no descriptor for this client.
        time.sleep(0.2)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, before)


class LingeringClient(Muster):
    """A client of the admin socket sends a connection whose close waits for an hour."""

    title = "a client sends a socket that lingers"

    def block(self):
        path = f"{self.folder}/admin.sock"
        self.allow_descriptors(path)
        listener = socket.create_server(("127.0.0.1", 0))
        lingering = socket.create_connection(listener.getsockname())
        lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
        lingering.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                lingering.send(b"x" * 1048576)
        self.client = socket.socket(socket.AF_UNIX)
        self.client.connect(path)
        self.process.send_signal(signal.SIGSTOP)
        self.client.sendmsg(
            [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", lingering.fileno()))])
        lingering.close()
        self.process.send_signal(signal.SIGCONT)
        self.listener = listener

    def allow_descriptors(self, path):
        """As kernels before Linux 6.16 do: by the master's own descriptor (pidfd_getfd)."""
        process = os.pidfd_open(self.process.pid)
        for number in os.listdir(f"/proc/{self.process.pid}/fd"):
            fd = ctypes.CDLL(None).syscall(438, process, int(number), 0)
            if fd < 0:
                continue
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.close(fd)
                continue
            with socket.socket(fileno=fd) as one:
                if one.family == socket.AF_UNIX and one.getsockname() == path:
                    with contextlib.suppress(OSError):
                        one.setsockopt(socket.SOL_SOCKET, 83, 1)  # SO_PASSRIGHTS
        os.close(process)


BLOCKERS = [Nothing, FullStandardError, FullLog, FifoConfiguration, HangingDescribe, NoDescriptors,
            LingeringClient]


def milliseconds_until_it_serves(server, since, patience):
    while time.monotonic() < since + patience:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience)
        try:
            connection.request("GET", "/index.html")
            if connection.getresponse().read() == b"<h1>bench</h1>\n":
                return 1000 * (time.monotonic() - since)
        except (OSError, http.client.HTTPException):
            continue  # it was of the worker that is dead
        finally:
            connection.close()
    return None


def milliseconds_of_status(server, patience):
    since = time.monotonic()
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([server.ctl, "--master", f"unix:{server.folder}/admin.sock", "status"],
                       stdout=subprocess.DEVNULL, timeout=patience, check=True)
        return 1000 * (time.monotonic() - since)
    return None


def run_round(blocker, patience):
    """The two times, in milliseconds. None: not within `patience` seconds, or not at all."""
    server = blocker("muster")
    try:
        worker = server.workers[0]
        server.block()
        times = {}

        def ask():
            with contextlib.suppress(subprocess.CalledProcessError):
                times["status"] = milliseconds_of_status(server, patience)

        operator = threading.Thread(target=ask)
        since = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        operator.start()
        times["serves"] = milliseconds_until_it_serves(server, since, patience)
        operator.join()
        if not server.is_blocked():
            raise RuntimeError(f"{blocker.title}: the blocker went away")
        return times
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patience", type=float, default=4, help="in seconds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--binaries", default="bazel-bin")
    options = parser.parse_args()
    servers.Muster.binaries = os.path.abspath(options.binaries)

    results = {}
    for blocker in BLOCKERS:
        rounds = [run_round(blocker, options.patience) for _ in range(options.rounds)]
        results[blocker.title] = {
            what: [one.get(what) for one in rounds] for what in MOST}
    is_met = all(ms is not None and ms < MOST[what]
                 for by_what in results.values() for what, all_ms in by_what.items()
                 for ms in all_ms)
    if options.json:
        json.dump(results, sys.stdout, indent=1)
    else:
        print(f"{'in the way':38}{'serves again':>14}{'at most':>9}{'ctl status':>12}{'at most':>9}")
        for title, by_what in results.items():
            cells = []
            for what in ("serves", "status"):
                known = [ms for ms in by_what[what] if ms is not None]
                if len(known) < options.rounds:
                    cells += ["never", "-"]
                else:
                    cells += [f"{statistics.median(known):.0f}ms", f"{max(known):.0f}ms"]
            print(f"{title:38}{cells[0]:>14}{cells[1]:>9}{cells[2]:>12}{cells[3]:>9}")
        print(f"targets, in each round: {MOST['serves']}ms and {MOST['status']}ms: "
              f"{'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
