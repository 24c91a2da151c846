"""Prism in front of a service's own OpenAPI description: a mock that refuses every request which breaks the description.

The description is cut down to the paths that the connector uses, so that the mock starts in seconds, and made stricter: a JSON body
may hold only the members it lists.
"""
import contextlib
import dataclasses
import json
import re

import installation
from programs import running
from recorder import Recorder

METHODS = ("get", "post", "put", "patch", "delete")


def shape(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


class Description:
    def __init__(self, source, operations):
        document = json.loads(source.read_text())
        wanted = {shape(o.path) for o in operations if not o.graphql}
        self.document = {key: value for key, value in document.items() if key not in ("components", "webhooks", "x-webhooks")}
        self.components = document.get("components", {})
        self.document["paths"] = {path: item for path, item in document["paths"].items() if shape(path) in wanted}
        for item in self.document["paths"].values():
            for method in METHODS:
                self.close_body(item.get(method, {}))
        self.document["components"] = self.used_components()

    def find(self, operation):
        """The described operation, or None."""
        for path, item in self.document["paths"].items():
            if shape(path) == shape(operation.path):
                return item.get(operation.method.lower())
        return None

    def query_names(self, operation):
        return {p["name"] for p in map(self.follow, self.find(operation).get("parameters", [])) if p["in"] == "query"}

    def follow(self, node):
        while "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            node = self.components[kind][name]
        return node

    def close_body(self, described):
        content = self.follow(described.get("requestBody", {})).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "properties" in schema and not {"oneOf", "anyOf", "allOf", "additionalProperties"} & set(schema):
            schema["additionalProperties"] = False

    def used_components(self):
        kept = {}
        waiting = [self.document["paths"]]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else [])
            reference = node.get("$ref") if isinstance(node, dict) else None
            if isinstance(reference, str) and reference.startswith("#/components/"):
                _, _, kind, name = reference.split("/")
                if name not in kept.setdefault(kind, {}):
                    kept[kind][name] = self.components[kind][name]
                    waiting.append(kept[kind][name])
        kept["securitySchemes"] = self.components.get("securitySchemes", {})
        return kept


@contextlib.contextmanager
def prism(name, description, host):
    """A recorder in front of Prism for this description of `host`; what a redirect fetches elsewhere is answered by the recorder."""
    file = installation.HOME / f"{name}-description.json"
    file.write_text(json.dumps(description.document))
    script = installation.node_modules() / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = lambda port: [installation.node(), script, "mock", "-h", "127.0.0.1", "-p", port, file]
    with running(f"prism-{name}", command) as upstream, Recorder(upstream, host, adapt=plain_accept) as recorder:
        yield recorder


def plain_accept(exchange):
    """Descriptions label their answers application/json; a vendor's own media type in Accept gets a 406 from Prism alone."""
    headers = {name: value for name, value in exchange.headers.items() if name != "accept"}
    return dataclasses.replace(exchange, headers=headers)


def must_fit(result, exchanges, description, operation):
    """No request of a call breaks the description, and the call succeeded."""
    assert exchanges, f"nothing was sent: {result['error']}"
    first = exchanges[0]
    # The examples that a description gives as answers do not always fit it; that is not ours to judge.
    found = [v for v in json.loads(first.answer_headers.get("sl-violations", "[]")) if v["location"][0] != "response"]
    assert not found and first.status < 400, f"{first.method} {first.target} {first.body!r}\n{found}\n{first.answer.decode()[:2000]}"
    unknown = {name for name, _ in first.query} - description.query_names(operation)
    assert not unknown, f"the description has no query parameter {sorted(unknown)}"
    assert result["success"], result["error"]
