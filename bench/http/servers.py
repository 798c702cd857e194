"""The servers that the HTTP benchmarks compare, each in a folder of its own under /tmp."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

NGINX_CONF = """
daemon off;
master_process on;
worker_processes {workers};
{affinity}
error_log {folder}/error.log;
pid {folder}/nginx.pid;
worker_rlimit_nofile {descriptors};
events {{ worker_connections {connections}; {events} }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  open_file_cache max=1000;
  server {{
    listen 127.0.0.1:{port} backlog=511;
    location /return {{ default_type text/plain; return 200 "ok\\n"; }}
    location / {{ root {folder}/site; }}
  }}
}}
"""

MUSTER_CONF = """
worker_processes: {workers}
worker_connections: {connections}
listen {{ address: "127.0.0.1:0" }}
admin {{ listen: "unix:admin.sock" streams_per_caller: 2000 }}
pid_file: "muster.pid"
{events}
http {{
  keepalive_timeout {{ seconds: 300 }}
  location {{ path: "/return" return {{ body: "ok\\n" }} }}
  location {{ path: "/" root: "site" }}
}}
"""


class Missing(Exception):
    """A program that the benchmark needs is not installed."""


def find_program(path, package):
    found = shutil.which(path)
    if found is None:
        raise Missing(f"{path} is not installed: apt-get install {package}")
    return found


def children(pid):
    """Of all its threads, each of which has a list of those that it started."""
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            found += [int(child) for child in file.read().split()]
    return sorted(found)


def cpu_seconds(pid):
    """Of its first thread; workers have no other."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


def threads_cpu_seconds(pid):
    """Of all its threads that there are."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def pss_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1)) * 1024


def _free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server that listens on 127.0.0.1:port; `workers` are the processes that serve."""

    def __init__(self, name, workers=1, cpu=None, connections=20000, events=""):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix=f"muster-bench-{name}-", dir="/tmp")
        self.process = self.log = None
        os.chmod(self.folder, 0o755)
        os.mkdir(f"{self.folder}/site")
        self.write("index.html", b"<h1>bench</h1>\n")
        self.write("1k.html", b"x" * 1024)
        self.write("1m.bin", b"y" * (1 << 20))
        try:
            self._start(workers, cpu, connections, events)
        except BaseException:
            self.stop()
            raise

    def write(self, name, content):
        with open(f"{self.folder}/site/{name}", "wb") as file:
            file.write(content)

    def _spawn(self, arguments, cpu, **kwargs):
        if cpu is not None:
            arguments = ["taskset", "-c", str(cpu)] + arguments
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen(arguments, cwd=self.folder, stderr=self.log, **kwargs)

    def _await(self, condition, what):
        deadline = time.monotonic() + 15
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.folder}/log") as log:
                    raise RuntimeError(f"{self.name}: {what}: {log.read()}")
            time.sleep(0.02)

    @property
    def workers(self):
        return children(self.process.pid) or [self.process.pid]

    def cpu_seconds(self):
        return sum(cpu_seconds(pid) for pid in self.workers)

    def pss_bytes(self):
        """Once it does not change any more: a worker may still be starting."""
        before = None
        for _ in range(50):
            now = sum(pss_bytes(pid) for pid in self.workers)
            if now == before:
                break
            before = now
            time.sleep(0.1)
        return now

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.log is not None:
            self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Server):
    def _start(self, workers, cpu, connections, events):
        self.port = _free_port()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        descriptors = 40000 if hard == resource.RLIM_INFINITY else min(hard, 40000)
        affinity = "" if cpu is None else f"worker_cpu_affinity {'1' + '0' * cpu};"
        with open(f"{self.folder}/nginx.conf", "w") as conf:
            conf.write(NGINX_CONF.format(folder=self.folder, port=self.port, workers=workers,
                                         affinity=affinity, connections=connections,
                                         descriptors=descriptors, events=events))
        self._spawn([find_program("/usr/sbin/nginx", "nginx-light"), "-e", f"{self.folder}/error.log", "-c",
                     f"{self.folder}/nginx.conf"], None)
        self._await(lambda: os.path.exists(f"{self.folder}/nginx.pid")
                    and len(children(self.process.pid)) == workers, "start")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        return True


class Muster(Server):
    binaries = "bazel-bin"
    conf = MUSTER_CONF
    worker = "worker/worker"

    def _start(self, workers, cpu, connections, events):
        self.ctl = f"{self.binaries}/ctl/ctl"
        with open(f"{self.folder}/muster.textproto", "w") as conf:
            conf.write(self.conf.format(workers=workers, connections=connections,
                                          events=events))
        self._spawn([f"{self.binaries}/master/master", "-c", f"{self.folder}/muster.textproto",
                     "--worker", f"{self.binaries}/{self.worker}"], cpu)
        self.port = None
        self._await(self._find_port, "start")

    def _ctl(self, *arguments):
        return subprocess.run([self.ctl, "--master", f"unix:{self.folder}/admin.sock", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ctl_output(self, *arguments):
        answer = self._ctl(*arguments)
        if answer.returncode != 0:
            raise RuntimeError(answer.stderr)
        return answer.stdout

    def _find_port(self):
        status = self._ctl("-o", "json", "status")
        found = re.search(r'"127\.0\.0\.1:(\d+)"', status.stdout)
        if status.returncode == 0 and "SERVING" in status.stdout and found:
            self.port = int(found.group(1))
        return self.port is not None

    def reload(self):
        return self._ctl("reload").returncode == 0

    def stats(self):
        return json.loads(self.ctl_output("-o", "json", "stats"))


class Minimal(Server):
    binaries = "bazel-bin"

    def __init__(self, name, body_bytes=3, **kwargs):
        self.body_bytes = body_bytes
        super().__init__(name, **kwargs)

    def _start(self, workers, cpu, connections, events):
        self._spawn([f"{self.binaries}/bench/http/minimal_server", str(self.body_bytes)], cpu,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
