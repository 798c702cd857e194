"""Drives Chromium by its DevTools protocol over a pipe. Needs no package but Debian's chromium.

    with Browser() as browser:
        page = browser.open("http://127.0.0.1:8080/")
        page.wait_for("document.readyState == 'complete'")
"""

import base64
import collections
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

DEADLINE_S = 60
KEYS = {"Tab": ("Tab", 9, None), "Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, None),
        "ArrowLeft": ("ArrowLeft", 37, None), "ArrowRight": ("ArrowRight", 39, None),
        "ArrowDown": ("ArrowDown", 40, None), " ": ("Space", 32, " ")}


def find():
    """The path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Error(Exception):
    pass


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="muster-browser.")
        self.log = open(os.path.join(self.folder, "log"), "w+")
        commands_in, self.commands = os.pipe()
        self.messages, messages_out = os.pipe()
        arguments = [find(), "--headless=new", "--remote-debugging-pipe", "--disable-gpu",
                     "--user-data-dir=" + os.path.join(self.folder, "profile"), "--no-first-run",
                     "--no-default-browser-check", "--disable-background-networking", "--disable-sync",
                     "--disable-component-update", "--disable-extensions", "--disable-default-apps",
                     "--disable-dev-shm-usage", "--disable-crash-reporter", "--disable-breakpad",
                     # A page in the background is not to be slowed down.
                     "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
                     "--force-color-profile=srgb", "--hide-scrollbars", "--no-proxy-server",
                     # Neither root nor most containers can have one; it sees pages of this tree only.
                     "--no-sandbox"]
        # It reads commands from descriptor 3, and writes to 4.
        self.process = subprocess.Popen(
            ["sh", "-c", 'exec 3<&%d 4>&%d; exec "$@"' % (commands_in, messages_out), "sh"] + arguments
            + ["about:blank"], pass_fds=(commands_in, messages_out), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, env=dict(os.environ, HOME=self.folder))
        os.close(commands_in)
        os.close(messages_out)
        self.condition = threading.Condition()
        self.answers = {}
        self.pages = {}
        self.number = 0
        self.is_gone = False
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        try:
            self.call("Browser.close", deadline=10)
        except Error:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self):
        pending = b""
        while True:
            try:
                more = os.read(self.messages, 1 << 16)
            except OSError:
                more = b""
            if not more:
                break
            *whole, pending = (pending + more).split(b"\0")
            for message in whole:
                self._take(json.loads(message))
        os.close(self.messages)
        with self.condition:
            self.is_gone = True
            self.condition.notify_all()

    def _take(self, message):
        if "id" in message:
            with self.condition:
                self.answers[message["id"]] = message
                self.condition.notify_all()
            return
        page = self.pages.get(message.get("sessionId"))
        if page is not None:
            page.take(message["method"], message["params"])

    def send(self, method, session=None, **params):
        """Does not wait for the answer. Returns the number of the command."""
        with self.condition:
            self.number += 1
            command = {"id": self.number, "method": method, "params": params}
            if session is not None:
                command["sessionId"] = session
            data = json.dumps(command).encode() + b"\0"
            while data:
                data = data[os.write(self.commands, data):]
            return self.number

    def call(self, method, session=None, deadline=DEADLINE_S, **params):
        try:
            number = self.send(method, session, **params)
        except OSError as error:
            raise Error("%s: the browser is gone: %s" % (method, error))
        with self.condition:
            self.condition.wait_for(lambda: number in self.answers or self.is_gone, deadline)
            answer = self.answers.pop(number, None)
        if answer is None:
            self.log.flush()
            self.log.seek(0)
            raise Error("%s: no answer of the browser; it printed: %s" % (method, self.log.read()[-2000:]))
        if "error" in answer:
            raise Error("%s: %s" % (method, answer["error"].get("message")))
        return answer["result"]

    def open(self, url, width=1280, height=900):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility", "DOM"):
            page.call(domain + ".enable")
        page.resize(width, height)
        page.go(url)
        return page


class Page:
    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        # URLs that it asked for, what its console and the browser's log said.
        self.requests = collections.deque()
        self.complaints = collections.deque()
        # By request: replaces the body of its answer.
        self.replace = None

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def take(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(argument.get("value")) for argument in params["args"]))
        elif method == "Log.entryAdded":
            entry = params["entry"]
            self.complaints.append("%s: %s" % (entry["source"], entry["text"]))
        elif method == "Fetch.requestPaused":
            self._replace(params)

    # Runs where messages are read, which must not wait for answers.
    def _replace(self, params):
        body = self.replace(params["request"]["url"]) if self.replace is not None else None
        if body is None:
            self.browser.send("Fetch.continueRequest", self.session, requestId=params["requestId"])
            return
        self.browser.send("Fetch.fulfillRequest", self.session, requestId=params["requestId"],
                          responseCode=200, body=base64.b64encode(body.encode()).decode(),
                          responseHeaders=[{"name": "Content-Type", "value": "application/json"}])

    def answer_for(self, pattern, replace):
        """Requests for `pattern` get what `replace(url)` returns, or go on if that is None."""
        self.replace = replace
        self.call("Fetch.enable", patterns=[{"urlPattern": pattern}])

    def answer_no_more(self):
        self.call("Fetch.disable")
        self.replace = None

    def go(self, url):
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise Error("%s: %s" % (url, failed))
        self.wait_for("document.readyState == 'complete'")

    def resize(self, width, height, scale=1, is_mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=is_mobile)

    def prefer(self, **features):
        """prefers_color_scheme="dark", and the like."""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def run(self, script):
        """The value of an expression of JavaScript."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Error("%s: %s" % (script, details.get("exception", {}).get("description")))
        return answer["result"].get("value")

    def wait_for(self, script, deadline=DEADLINE_S):
        """Until the expression is true. Returns its last value, which is false if the time is over."""
        end = time.monotonic() + deadline
        while True:
            value = self.run(script)
            if value or time.monotonic() > end:
                return value
            time.sleep(0.1)

    def press(self, key, shift=False):
        code, number, text = KEYS[key]
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number,
                  "modifiers": 8 if shift else 0}
        down = dict(common, text=text) if text else common
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def accessibility(self):
        """The nodes that are not ignored, each {role, name, properties}."""
        nodes = []
        for node in self.call("Accessibility.getFullAXTree")["nodes"]:
            if node.get("ignored"):
                continue
            nodes.append({"role": node.get("role", {}).get("value"),
                          "name": node.get("name", {}).get("value", ""),
                          "properties": {one["name"]: one["value"].get("value")
                                         for one in node.get("properties", [])}})
        return nodes

    def screenshot(self, path, is_whole=True):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=is_whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
