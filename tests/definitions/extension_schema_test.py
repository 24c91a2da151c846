"""The JSON Schema of the x-fairlead-* extensions and the loader agree: the same samples, good and bad, through both."""
import copy
import json
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

from support.harness import BINARY

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "connectors/schema/x-fairlead.schema.json").read_text())
CHECKER = jsonschema.Draft202012Validator(SCHEMA)

BASE = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1", "x-airbyte-connector-definition-id": "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04",
             "x-airbyte-external-documentation-urls": []},
    "servers": [{"url": "https://api.acme.example/v1"}],
    "paths": {
        "/things": {
            "get": {"x-airbyte-entity": "things", "x-airbyte-action": "list",
                    "parameters": [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in
                                   (("after", "string"), ("limit", "integer"), ("page", "integer"), ("offset", "integer"), ("since", "string"))]},
            "post": {"x-airbyte-entity": "things", "x-airbyte-action": "create"}},
        "/files/{id}": {"get": {"x-airbyte-entity": "files", "x-airbyte-action": "download",
                                "parameters": [{"name": "id", "in": "path"}]}}},
    "components": {
        "schemas": {"Thing": {"type": "object", "x-airbyte-entity-name": "things",
                              "properties": {"id": {"type": "string"}, "changed": {"type": "string"}, "owner": {"type": "object"}}}},
        "securitySchemes": {"oauth": {"type": "oauth2", "flows": {}}}}}
NODES = {"info": ("info",), "list": ("paths", "/things", "get"), "create": ("paths", "/things", "post"),
         "download": ("paths", "/files/{id}", "get"), "schema": ("components", "schemas", "Thing"),
         "scheme": ("components", "securitySchemes", "oauth"), "root": ()}
SAMPLES = yaml.safe_load((ROOT / "tests/definitions/extension_samples.yaml").read_text())


def with_extension(node, extension):
    definition = copy.deepcopy(BASE)
    place = definition
    for key in NODES[node]:
        place = place[key]
    place.update(extension)
    return definition


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """What the loader says of a definition: None, or its complaint."""
    folder = tmp_path_factory.mktemp("definitions")
    process = subprocess.Popen([BINARY, "exec-local", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    numbers = iter(range(1_000_000))

    def ask(definition):
        path = folder / f"{next(numbers)}.yaml"
        path.write_text(yaml.safe_dump(definition, sort_keys=False))
        line = {"id": 1, "definition": str(path), "entity": "no such", "action": "list"}
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        error = json.loads(process.stdout.readline())["result"]["error"]
        return None if error["kind"] == "entity_not_found" else error["message"]

    yield ask
    process.stdin.close()
    assert process.wait(30) == 0


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert not list(CHECKER.iter_errors(BASE))


@pytest.mark.parametrize("sample", SAMPLES["good"], ids=json.dumps)
def test_both_accept(sample, load):
    [(node, extension)] = sample.items()
    definition = with_extension(node, extension)
    assert [error.message for error in CHECKER.iter_errors(definition)] == []
    assert load(definition) is None


@pytest.mark.parametrize("sample", SAMPLES["bad"], ids=json.dumps)
def test_both_refuse(sample, load):
    [(node, extension)] = sample.items()
    definition = with_extension(node, extension)
    assert list(CHECKER.iter_errors(definition)), "the schema accepts it"
    message = load(definition)
    assert message is not None, "the loader accepts it"
    assert next(iter(extension)) in message  # names the place


@pytest.mark.parametrize("sample", SAMPLES["bad_for_the_loader_only"], ids=json.dumps)
def test_the_loader_sees_more(sample, load):
    [(node, extension)] = sample.items()
    definition = with_extension(node, extension)
    assert [error.message for error in CHECKER.iter_errors(definition)] == []
    assert load(definition) is not None


@pytest.mark.parametrize("path", sorted((ROOT / "connectors").glob("*/connector.yaml")) +
                         [ROOT / "src/connector/testdata/every-extension.yaml"], ids=lambda path: path.parent.name)
def test_our_own_definitions_fit(path):
    definition = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert [f"{error.json_path}: {error.message}" for error in CHECKER.iter_errors(definition)] == []
