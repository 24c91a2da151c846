"""An HTTP server of 127.0.0.1 that notes every request and either passes it on to a counterpart or answers by itself."""
import dataclasses
import http.client
import http.server
import json
import threading
import urllib.parse

NOT_PASSED_ON = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclasses.dataclass
class Exchange:
    """A request as it arrived, and what was answered."""

    method: str
    target: str
    headers: dict
    body: bytes
    status: int = 0
    answer_headers: dict = dataclasses.field(default_factory=dict)
    answer: bytes = b""

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def json(self):
        return json.loads(self.body)


class Recorder:
    """`upstream`: the address requests are passed on to, those for `host` when it is named.
    `answer(exchange)`: the (status, JSON) given to all others.
    `adapt(exchange)`: the exchange to pass on in its place, for a counterpart that speaks a little differently."""

    def __init__(self, upstream=None, host=None, answer=None, adapt=None):
        self.exchanges = []
        self.upstream = urllib.parse.urlsplit(upstream) if upstream else None
        self.host = host
        self.answer = answer or (lambda exchange: (200, {}))
        self.adapt = adapt or (lambda exchange: exchange)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self):
                recorder.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *details):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take(self):
        """The exchanges since the last call."""
        taken, self.exchanges = self.exchanges, []
        return taken

    def handle(self, request):
        length = int(request.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in request.headers.items()}
        exchange = Exchange(request.command, request.path, headers, request.rfile.read(length))
        if self.upstream and headers.get("host") == (self.host or headers.get("host")):
            self.pass_on(exchange)
        else:
            exchange.status, answer = self.answer(exchange)
            exchange.answer = json.dumps(answer).encode()
            exchange.answer_headers = {"content-type": "application/json"}
        self.exchanges.append(exchange)
        request.send_response_only(exchange.status)
        for name, value in exchange.answer_headers.items():
            if name not in NOT_PASSED_ON:
                request.send_header(name, value)
        if exchange.status != 204:
            request.send_header("content-length", str(len(exchange.answer)))
        request.end_headers()
        request.wfile.write(exchange.answer)

    def pass_on(self, exchange):
        sent = self.adapt(exchange)
        connection = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port, timeout=30)
        try:
            headers = {name: value for name, value in sent.headers.items() if name not in NOT_PASSED_ON}
            connection.request(sent.method, sent.target, sent.body or None, headers)
            answer = connection.getresponse()
            exchange.status = answer.status
            exchange.answer = answer.read()
            exchange.answer_headers = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
