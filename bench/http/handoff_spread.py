"""How evenly connections are spread over the workers of a generation that has just begun."""

import json
import socket
import threading
import time

import servers

REQUEST = b"GET /return HTTP/1.1\r\nHost: bench\r\n\r\n"
LOADS = ["idle", "busy"]
CLIENTS = {"idle": 200, "busy": 32}
RELOADS = 20


class Clients:
    """Keep-alive connections, each of which has been answered once."""

    def __init__(self, port, count):
        self.connections = [socket.create_connection(("127.0.0.1", port), 30)
                            for _ in range(count)]
        self.failed = 0
        self.stopped = threading.Event()
        self.thread = None
        self.ask()

    def ask(self):
        """On all at the same time. Counts the connections that gave no answer."""
        for connection in self.connections:
            try:
                connection.sendall(REQUEST)
            except OSError:
                pass  # the answer will be missing
        for connection in self.connections:
            try:
                answer = connection.recv(4096)
            except OSError:
                answer = b""
            self.failed += not answer.startswith(b"HTTP/1.1 200")

    def ask_until_stopped(self):
        def run():
            while not self.stopped.is_set() and not self.failed:
                self.ask()
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def stop(self):
        self.stopped.set()
        if self.thread is not None:
            self.thread.join()
        for connection in self.connections:
            connection.close()


def held(server, generation, count):
    """By worker, once no other generation is left and all connections have arrived."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        workers = json.loads(server.ctl_output("-o", "json", "status"))["workers"]
        numbers = [int(worker["counters"]["active"]) for worker in workers]
        if all(int(worker["generation"]) == generation for worker in workers) \
                and sum(numbers) == count:
            return numbers
        time.sleep(0.01)
    raise RuntimeError(f"generation {generation} does not hold all {count} connections: {workers}")


def run(load, workers):
    """`busiest`: of all reloads the worst, in averages. `is_even`: each was at most 1.25, rounded
    up to a whole connection."""
    count = CLIENTS[load]
    server = servers.Muster("muster", workers=workers, connections=1024)
    clients = None
    try:
        clients = Clients(server.port, count)
        if load == "busy":
            clients.ask_until_stopped()
        busiest = []
        for generation in range(2, RELOADS + 2):
            if not server.reload():
                raise RuntimeError("a reload was refused")
            busiest.append(max(held(server, generation, count)))
        clients.stopped.set()
        if clients.thread is not None:
            clients.thread.join()
        clients.ask()
        limit = -(-5 * count // (4 * workers))
        return {"reloads": RELOADS, "connections": count, "failed": clients.failed,
                "busiest": max(busiest) * workers / count,
                "is_even": max(busiest) <= limit and clients.failed == 0}
    finally:
        if clients is not None:
            clients.stop()
        server.stop()
