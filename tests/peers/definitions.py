"""The operations of a definition, and plausible parameters for each: the same values every time.

A value comes, first found, from the operation's entry in samples/SLUG.yaml (which is always sent), from that file's `names`, from the
enum, default and limits in the definition, and from the type. `null` in the file leaves a parameter out.
"""
import dataclasses
import functools
import pathlib

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LIST_ACTIONS = ("list", "search")


def read_yaml(path):
    return yaml.load(path.read_text(), LOADER)


@dataclasses.dataclass
class Operation:
    connector: str
    entity: str
    action: str
    method: str
    path: str
    parameters: list
    body: dict  # its schema, references resolved; {} when it has none
    graphql: bool
    detail: dict

    @property
    def name(self):
        return f"{self.entity}.{self.action}"


@functools.cache
def definition(connector):
    return read_yaml(ROOT / "connectors" / connector / "connector.yaml")


@functools.cache
def samples(connector):
    found = read_yaml(HERE / "samples" / f"{connector}.yaml")
    return {"names": {}, "operations": {}, **(found or {})}


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


@functools.cache
def operations(connector):
    document = definition(connector)
    found = []
    for path, item in document["paths"].items():
        for method, detail in item.items():
            body = detail.get("requestBody", {})
            content = list(body.get("content", {}).values())
            schema = resolve(document, content[-1].get("schema", {})) if content else {}
            found.append(Operation(
                connector=connector,
                entity=detail["x-airbyte-entity"],
                action=detail["x-airbyte-action"],
                method=method.upper(),
                path=detail.get("x-airbyte-path-override", {}).get("path", path),
                parameters=[p for p in detail.get("parameters", []) if p["in"] != "header"],
                body=schema,
                graphql="x-airbyte-body-type" in body,
                detail=detail))
    return found


def operation(connector, entity, action):
    return next(o for o in operations(connector) if (o.entity, o.action) == (entity, action))


TEXT_BY_FORMAT = {"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "uri": "https://example.com/page", "email": "ann@example.com",
                  "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}


def value_of(document, name, schema, names):
    if name in names:
        return names[name]
    schema = resolve(document, schema)
    if "enum" in schema:
        return next(value for value in schema["enum"] if value is not None)
    kinds = schema.get("type", "string")
    kind = next(k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null")
    if kind == "object":
        return {key: value for key, member in schema.get("properties", {}).items()
                if (value := value_of(document, key, member, names)) is not None}
    if kind == "array":
        return [value_of(document, name + "[]", schema.get("items", {}), names)]
    if schema.get("default") is not None:
        return schema["default"]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    return TEXT_BY_FORMAT.get(schema.get("format"), "text")


def parameters_of(operation, every):
    """Parameters for one call: the required ones, or every one that the definition offers."""
    document = definition(operation.connector)
    table = samples(operation.connector)
    own = table["operations"].get(operation.name, {})
    names = {**table["names"], **own}
    required = set(operation.body.get("required", [])) | {p["name"] for p in operation.parameters if p.get("required") or p["in"] == "path"}
    offered = {p["name"]: p.get("schema", {}) for p in operation.parameters}
    offered.update(operation.body.get("properties", {}))
    unknown = [name for name in own if name not in offered and not used_inside(operation.body, name)]
    assert not unknown, f"samples/{operation.connector}.yaml names {unknown}, which {operation.name} does not have"
    given = {}
    for name, schema in offered.items():
        if every or name in required or name in own:
            value = value_of(document, name, schema, names)
            if value is not None:
                given[name] = value
    return given


def used_inside(schema, name):
    """Whether a member of this name occurs anywhere in a schema."""
    if isinstance(schema, dict):
        return name in schema.get("properties", {}) or any(used_inside(member, name) for member in schema.values())
    return isinstance(schema, list) and any(used_inside(member, name) for member in schema)
