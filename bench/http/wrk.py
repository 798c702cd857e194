"""One run of wrk, checked: what it counts as requests are whole responses of status 200."""

import re
import socket
import subprocess

PIPELINE_DEPTH = 16

# wrk counts how many requests such a string has, and a response for each.
PIPELINE = """
function init()
  local requests = {}
  for i = 1, %d do requests[i] = wrk.format(nil, "%s") end
  pipelined = table.concat(requests)
end
function request() return pipelined end
"""

UNITS = ["B", "KB", "MB", "GB", "TB"]


class Failed(Exception):
    pass


def response_bytes(port, path, fields=()):
    """The size of one whole response: its head and, by Content-Length, its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *fields]
        client.sendall("".join(line + "\r\n" for line in lines).encode() + b"\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = client.recv(65536)
            if not piece:
                raise Failed(f"GET {path}: no whole response: {answer[:200]!r}")
            answer += piece
    head = answer[:answer.index(b"\r\n\r\n") + 4]
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    if not head.startswith(b"HTTP/1.1 200 ") or not length:
        raise Failed(f"GET {path}: {head[:200]!r}")
    return len(head) + int(length.group(1))


def run(server, path, seconds, connections, fields=(), is_pipelined=False, cpu=1, threads=1):
    """(requests, bytes, wall seconds)."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
               f"http://127.0.0.1:{server.port}{path}"]
    if cpu is not None:
        command = ["taskset", "-c", str(cpu)] + command
    for field in fields:
        command += ["-H", field]
    if is_pipelined:
        script = f"{server.folder}/pipeline.lua"
        with open(script, "w") as file:
            file.write(PIPELINE % (PIPELINE_DEPTH, path))
        command += ["-s", script]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = finished.stdout
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m), ([\d.]+)(B|KB|MB|GB|TB) read", text)
    if finished.returncode != 0 or not found:
        raise Failed(f"wrk exited with {finished.returncode}: {text.strip()}")
    requests, size = int(found.group(1)), float(found.group(4)) * 1024 ** UNITS.index(found.group(5))
    wall = float(found.group(2)) * {"ms": 1e-3, "s": 1, "m": 60}[found.group(3)]
    # With `Connection: close` the server ends each connection, which wrk 4.1 counts as read errors.
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failures = list(map(int, errors.groups())) if errors else [0, 0, 0, 0]
    if "Connection: close" in fields:
        failures[1] = 0
    if "Non-2xx" in text or any(failures) or requests == 0:
        raise Failed(f"wrk: {text.strip()}")
    return requests, size, wall


def check_size(requests, size, response_size, connections):
    """wrk tells sizes in three digits, and of a large response the part that had come at its end."""
    expected = requests * response_size
    unfinished = connections * max(response_size, 64 * 1024)
    if not 0.98 * expected <= size <= 1.02 * expected + unfinished:
        raise Failed(f"wrk counted {requests} requests of {response_size} bytes, but read {size:.0f}")
