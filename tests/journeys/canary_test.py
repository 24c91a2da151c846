"""Unique secrets go through everything, at debug level; then every answer, log line, file and metric is searched for them."""
import base64
import json
import secrets
import urllib.parse

from support.harness import Server, http, run_cli, wait_until


def forms(secret):
    """The ways in which a secret may show: raw, base64 at each alignment, URL-encoded, hex, inside JSON."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), urllib.parse.quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + raw)
        found.add(encoded[4 if shift else 0:-4])
    return {form for form in found if len(form) >= 12}


def search(texts, canaries):
    hits = []
    for place, text in texts.items():
        for name, secret in canaries.items():
            hits += [f"{name} in {place}" for form in forms(secret) if form in text]
    return hits


def test_the_scanner_finds_what_is_planted():
    canaries = {f"planted {i}": secrets.token_urlsafe(24) for i in range(50)}
    ways = [lambda s: s.encode(), lambda s: base64.b64encode(b"Bearer " + s.encode()), lambda s: s.encode().hex().encode(),
            lambda s: json.dumps({"k": s}).encode(), lambda s: urllib.parse.quote(s, safe="").encode()]
    for i, (name, secret) in enumerate(canaries.items()):
        assert search({"file": b"before " + ways[i % len(ways)](secret) + b" after"}, {name: secret}), name


def test_no_secret_is_anywhere_but_sealed(tmp_path, sandbox):
    port = sandbox.rsplit(":", 1)[1]
    canaries = {name: "cnry_" + secrets.token_urlsafe(24) for name in ("api key", "client secret", "refresh token", "access token", "second token")}
    server = Server(tmp_path, ["--egress-exception", f"127.0.0.1:{port}+http", "--log-level", "debug"]).start()
    canaries["platform secret"] = server.client["client_secret"]
    canaries["admin password"] = (tmp_path / "password").read_text()
    canaries["root key"] = (server.state / "root.key").read_text().strip()
    texts = {}

    def call(method, path, body=None, **more):
        answer = server.call(method, path, body, token=token, **more)
        texts[f"{method} {path} #{len(texts)}"] = answer.body + str(answer.headers).encode()
        return answer

    token = server.token()
    canaries["application token"] = token
    create = {"workspace_name": "canary", "connector_type": "harbor", "environment": {"base_url": sandbox}, "validate": False}
    key = call("POST", "/integrations/connectors", {**create, "name": "by key", "credentials": {"api_key": canaries["api key"]}}).json()
    oauth = call("POST", "/integrations/connectors", {**create, "name": "by oauth", "credentials": {
        "client_id": "harbor_sandbox", "client_secret": canaries["client secret"], "refresh_token": canaries["refresh token"],
        "access_token": canaries["access token"]}}).json()
    call("POST", "/integrations/connectors", {**create, "name": "tried", "validate": True, "credentials": {"api_key": canaries["second token"]}})
    call("POST", "/integrations/connectors", {**create, "credentials": {"api_kee": canaries["second token"]}})
    call("POST", "/integrations/connectors/check", {**create, "credentials": {"api_key": canaries["second token"]}})
    for connector in (key["id"], oauth["id"]):
        path = f"/integrations/connectors/{connector}"
        for entity, action, params in (("tickets", "list", {}), ("tickets", "get", {"id": "x"}), ("nope", "list", {}), ("tickets", "list", {"limitt": 1})):
            for dry_run in (False, True):
                call("POST", path + "/execute", {"entity": entity, "action": action, "params": params, "dry_run": dry_run})
        for tail in ("", "/inspect"):
            call("GET", path + tail)
        call("POST", path + "/check", {})
        call("PUT", path, {"name": "renamed"})
        call("GET", f"/skills/docs?id=connector-source:{connector}")
    call("GET", "/integrations/connectors?workspace_name=canary")
    wait_until(lambda: len(call("GET", "/tool-calls").json()["data"]) >= 4, what="the tool-call log")
    call("DELETE", f"/integrations/connectors/{key['id']}")
    texts["metrics"] = http("GET", server.url + "/metrics").body
    texts["token answer"] = b""
    done = run_cli("connectors", "list", environment={**server.client_environment, "FAIRLEAD_SETTINGS": str(tmp_path / "none.json")})
    texts["command line"] = (done.stdout + done.stderr).encode()
    process = f"/proc/{server.process.process.pid}"
    texts["arguments"] = open(process + "/cmdline", "rb").read()

    live = {path: path.read_bytes() for path in server.state.rglob("*") if path.is_file()}
    server.stop()
    after = {path: path.read_bytes() for path in server.state.rglob("*") if path.is_file()}
    for moment, files in (("running", live), ("stopped", after)):
        for path, content in files.items():
            if path.name != "root.key":
                texts[f"{path.name} while {moment}"] = content
    texts["server log"] = server.log.read_bytes()
    assert sum(map(len, texts.values())) > 100_000
    assert search(texts, canaries) == []
