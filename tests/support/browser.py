"""A real browser for tests: Chromium without a window, driven through its DevTools pipe; nothing to install beside it."""
import json
import os
import select
import shutil
import subprocess
import tempfile

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    def __init__(self, width=900, height=1100):
        self.profile = tempfile.mkdtemp(prefix="browser")
        to_browser, self.writer = os.pipe()
        self.reader, from_browser = os.pipe()
        # No sandbox: it opens our own pages only, and the sandbox starts neither for root nor in most containers.
        flags = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                 f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]
        # It reads from descriptor 3 and writes to 4, which a shell gives it: Python's own code between fork and exec may hang when there are threads.
        self.process = subprocess.Popen(["sh", "-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null', "sh", PROGRAM, *flags, "about:blank"],
                                        stdin=to_browser, stdout=from_browser, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            assert select.select([self.reader], [], [], 60)[0], "the browser says nothing for 60 s"
            piece = os.read(self.reader, 1 << 16)
            assert piece, "the browser ended"
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, url):
        self.send("Page.navigate", url=url)
        self.run("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")

    def run(self, script):
        """The value of a JavaScript expression; promises are awaited."""
        result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, condition, milliseconds=20000):
        script = f"""new Promise((done, fail) => {{ const begun = Date.now(); const look = () => {{ const value = ({condition});
            if (value) done(value); else if (Date.now() - begun > {milliseconds}) fail(new Error('timed out')); else setTimeout(look, 20); }}; look(); }})"""
        return self.run(script)

    def type(self, element, text):
        """As a person does: focus, then keys."""
        self.run(f"document.getElementById({json.dumps(element)}).focus()")
        self.send("Input.insertText", text=text)

    def screenshot(self, path):
        import base64
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def complaints(self):
        """What the browser wrote to its console about this page: refused scripts and styles, exceptions."""
        texts = []
        for event in self.events:
            if event.get("method") == "Log.entryAdded":
                texts.append(event["params"]["entry"]["text"])
            if event.get("method") == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                texts.append(details.get("exception", {}).get("description", details["text"]))
        return texts

    def requested(self):
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def close(self):
        try:
            self.session = None
            self.send("Browser.close")
        except (AssertionError, OSError):
            pass
        self.process.wait(timeout=30)
        os.close(self.writer)
        os.close(self.reader)
        shutil.rmtree(self.profile, ignore_errors=True)
