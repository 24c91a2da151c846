#!/usr/bin/env python3
"""Makes what the server serves of its contract: openapi/fairlead.yaml as JSON and as a page for people.

make_api_document.py fairlead.yaml VERSION out.cpp
"""
import html
import json
import pathlib
import sys

import yaml

METHODS = ("get", "post", "put", "patch", "delete")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563eb; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
nav { columns: 18rem; padding: 1rem 1.5rem; border: 1px solid var(--line); border-radius: .5rem; }
nav a { display: block; text-decoration: none; padding: .1rem 0; break-inside: avoid; }
a { color: var(--accent); }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
section.operation { border: 1px solid var(--line); border-radius: .5rem; margin: 1.2rem 0; padding: 1rem 1.2rem; }
section.operation h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
.method { font-weight: 700; text-transform: uppercase; color: var(--accent); margin-right: .5rem; }
.old { text-decoration: line-through; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .9rem; margin: .6rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); }
td:first-child code { white-space: nowrap; }
td:last-child { min-width: 12rem; width: 100%; }
pre { background: var(--soft); padding: .8rem; border-radius: .4rem; overflow: auto; font-size: .85rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .2rem; font-size: .9rem; }
"""


class Page:
    """Renders the document; every text of it goes through `escape`."""

    def __init__(self, document):
        self.document = document
        self.parts = []

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node

    def add(self, text):
        self.parts.append(text)

    def text(self, description):
        """Paragraphs, and blocks of code between lines of three backticks."""
        for paragraph in description.strip().split("\n\n"):
            if paragraph.startswith("```"):
                self.add(f"<pre><code>{escape(paragraph.strip('`').strip())}</code></pre>")
            elif paragraph:
                self.add(f"<p>{marked(paragraph)}</p>")

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item, item[method]

    def type_of(self, schema):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
        for joiner in ("oneOf", "anyOf", "allOf"):
            if joiner in schema:
                return (" and " if joiner == "allOf" else " or ").join(self.type_of(one) for one in schema[joiner])
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return ", ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
        kind = schema.get("type", "any")
        kinds = kind if isinstance(kind, list) else [kind]
        names = []
        for one in kinds:
            if one == "array":
                names.append("list of " + self.type_of(schema.get("items", {})))
            else:
                names.append(escape(schema.get("format", one) if one == "string" else one))
        return " or ".join(names)

    def properties(self, schema):
        schema = self.resolve(schema)
        properties = dict(schema.get("properties", {}))
        required = set(schema.get("required", []))
        for one in schema.get("allOf", []):
            more, also = self.properties(one)
            properties.update(more)
            required |= also
        return properties, required

    def property_table(self, schema):
        properties, required = self.properties(schema)
        if not properties:
            return
        self.add("<table><tr><th>member</th><th>type</th><th></th><th>meaning</th></tr>")
        for name, one in properties.items():
            note = "required" if name in required else ""
            if one.get("deprecated"):
                note = "deprecated"
            meaning = one.get("description", self.resolve(one).get("description", "") if "$ref" in one else "")
            self.add(f"<tr><td><code>{escape(name)}</code></td><td>{self.type_of(one)}</td><td>{note}</td>"
                     f"<td>{marked(meaning)}</td></tr>")
        self.add("</table>")

    def example(self, media):
        examples = [media["example"]] if "example" in media else []
        examples += [one["value"] for one in media.get("examples", {}).values()]
        for one in examples:
            self.add(f"<pre><code>{escape(json.dumps(one, indent=2, ensure_ascii=False))}</code></pre>")

    def operation(self, path, method, item, operation):
        old = ' class="old"' if operation.get("deprecated") else ""
        self.add(f'<section class="operation" id="{escape(operation["operationId"])}"><h3><span class="method">{method}</span>'
                 f"<code{old}>{escape(path)}</code></h3><p>{marked(operation['summary'])}</p>")
        self.text(operation.get("description", ""))
        parameters = [self.resolve(one) for one in item.get("parameters", []) + operation.get("parameters", [])]
        if parameters:
            self.add("<h4>Parameters</h4><table><tr><th>name</th><th>in</th><th>type</th><th></th><th>meaning</th></tr>")
            for one in parameters:
                note = "required" if one.get("required") else "deprecated" if one.get("deprecated") else ""
                self.add(f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td><td>{self.type_of(one['schema'])}</td>"
                         f"<td>{note}</td><td>{marked(one.get('description', ''))}</td></tr>")
            self.add("</table>")
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            self.add(f"<h4>Body <code>{escape(media_type)}</code></h4>")
            self.property_table(media["schema"])
            self.example(media)
        self.add("<h4>Answers</h4><table><tr><th>status</th><th>type</th><th>meaning</th></tr>")
        for status, answer in operation["responses"].items():
            answer = self.resolve(answer)
            types = ", ".join(self.type_of(media.get("schema", {})) for media in answer.get("content", {}).values())
            self.add(f"<tr><td><code>{status}</code></td><td>{types}</td><td>{marked(answer['description'])}</td></tr>")
        self.add("</table>")
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                for media in self.resolve(answer).get("content", {}).values():
                    self.example(media)
        self.add("</section>")

    def render(self):
        info = self.document["info"]
        self.add(f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
                 f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
                 f"<header><h1>{escape(info['title'])}</h1><p>{escape(info['summary'])}</p>")
        self.text(info["description"])
        self.add('<p>The same as data: <a href="/openapi.json">/openapi.json</a></p><nav>')
        for tag in self.document["tags"]:
            self.add(f"<strong>{escape(tag['name'])}</strong>")
            for _, _, _, operation in self.operations():
                if tag["name"] in operation["tags"]:
                    self.add(f'<a href="#{escape(operation["operationId"])}">{marked(operation["summary"])}</a>')
        self.add("</nav></header><main>")
        for tag in self.document["tags"]:
            self.add(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>")
            for path, method, item, operation in self.operations():
                if tag["name"] in operation["tags"]:
                    self.operation(path, method, item, operation)
        self.add("<h2>Types</h2>")
        for name, schema in self.document["components"]["schemas"].items():
            self.add(f'<section class="operation" id="schema-{escape(name)}"><h3>{escape(name)}</h3>')
            if "description" in schema:
                self.text(schema["description"])
            if "properties" in schema or "allOf" in schema:
                self.property_table(schema)
            else:
                self.add(f"<p>{self.type_of(schema)}</p>")
            self.add("</section>")
        self.add("</main></body></html>\n")
        return "".join(self.parts)


def escape(text):
    return html.escape(str(text))


def marked(text):
    """**bold** and `code`, after escaping."""
    out = []
    for number, piece in enumerate(escape(text).split("`")):
        if number % 2:
            out.append(f"<code>{piece}</code>")
        else:
            for inner, part in enumerate(piece.split("**")):
                out.append(f"<strong>{part}</strong>" if inner % 2 else part)
    return "".join(out)


def literal(text):
    """A C++ string, in pieces that compilers and editors can take."""
    pieces = [text[start:start + 12000] for start in range(0, len(text), 12000)]
    return "\n".join(f'    R"~~~({piece})~~~"' for piece in pieces)


def main():
    source, version, target = sys.argv[1:]
    document = yaml.safe_load(pathlib.Path(source).read_text())
    document["info"]["version"] = version
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
    page = Page(document).render()
    for text in (data, page):
        if ")~~~" in text:
            sys.exit("the document holds the end mark of the C++ literal")
    pathlib.Path(target).write_text(f"""// Made by tools/make_api_document.py from openapi/fairlead.yaml.
#include "api/document.hpp"

namespace fairlead::api {{

std::string_view openapi_document() {{
  static constexpr std::string_view text =
{literal(data)};
  return text;
}}

std::string_view api_page() {{
  static constexpr std::string_view text =
{literal(page)};
  return text;
}}

}}  // namespace fairlead::api
""")


if __name__ == "__main__":
    main()
