"""Every GraphQL operation of the connectors against the service's own schema, judged by the graphql reference library: the text of the
query with its default fields, and the variables by their declared types. The answers have the shape that the schema promises, so they
show whether the connector finds its records in them."""
import json
import subprocess

import pytest

import installation
from definitions import HERE, LIST_ACTIONS, operations, parameters_of
from recorder import Recorder

CREDENTIALS = {"github": {"token": "a-token"}, "linear": {"api_key": "a-key"}}
SCHEMA_OF_HOST = {"api.github.com": "github", "api.linear.app": "linear"}
OPERATIONS = [o for connector in CREDENTIALS for o in operations(connector) if o.graphql]


def named(operation):
    return f"{operation.connector} {operation.name}"


class Judge:
    """Answers {"faults": [...], "data": ...} to a GraphQL request."""

    def __init__(self):
        command = [installation.node(), HERE / "graphql_judge.mjs", installation.node_modules()]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, schema, request):
        self.process.stdin.write(json.dumps({"schema": schema, **request}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def judge():
    judge = Judge()
    yield judge
    judge.process.stdin.close()
    judge.process.wait(10)


class Service:
    """Stands for both services: answers by their schemas, as they do with 200 and `errors` when a request does not fit."""

    def __init__(self, judge):
        self.judge = judge
        self.verdict = None
        self.recorder = Recorder(answer=self.answer)

    def answer(self, exchange):
        self.verdict = self.judge.ask(SCHEMA_OF_HOST[exchange.headers["host"]], exchange.json())
        if self.verdict["faults"]:
            return 200, {"errors": [{"message": fault} for fault in self.verdict["faults"]]}
        return 200, {"data": self.verdict["data"]}


@pytest.fixture(scope="module")
def service(judge):
    service = Service(judge)
    with service.recorder:
        yield service


def call(fairlead, service, operation, params):
    """The result and the one GraphQL request that was sent for it."""
    service.recorder.take()
    result = fairlead.call(operation.connector, operation.entity, operation.action, params, url=service.recorder.url,
                           credentials=CREDENTIALS[operation.connector])
    exchanges = service.recorder.take()
    assert [(exchange.method, exchange.path) for exchange in exchanges] == [("POST", "/graphql")], result
    return result, exchanges[0].json()


@pytest.mark.parametrize("every", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_query_and_variables_fit_the_official_schema(fairlead, service, operation, every):
    params = parameters_of(operation, every)
    params.pop("fields", None)  # so the default ones are asked for
    result, _ = call(fairlead, service, operation, params)
    assert service.verdict["faults"] == []
    assert result["success"], result["error"]
    assert result["data"], f"no record was found in {json.dumps(service.verdict['data'])[:500]}"
    assert isinstance(result["data"], list) == (operation.action in LIST_ACTIONS)
    for name, value in (result["meta"] or {}).items():
        assert value is not None, f"{name} is not where the connector looks for it"


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "fields" in parameters_of(o, every=True)], ids=named)
def test_chosen_fields_take_the_place_of_the_default_ones(fairlead, service, operation):
    result, request = call(fairlead, service, operation, {**parameters_of(operation, every=True), "fields": ["__typename"]})
    assert service.verdict["faults"] == []
    assert "{ __typename }" in request["query"]
    record = result["data"][0] if isinstance(result["data"], list) else result["data"]
    assert "__typename" in record


def test_a_dotted_field_selects_inside_an_object(fairlead, service):
    operation = next(o for o in OPERATIONS if named(o) == "linear issues.get")
    result, request = call(fairlead, service, operation, {"id": "ENG-1", "fields": ["title", "assignee.name"]})
    assert "title assignee { name }" in request["query"]
    assert result["data"] == {"title": "text", "assignee": {"name": "text"}}


def test_an_unknown_field_is_an_error(fairlead, service):
    operation = next(o for o in OPERATIONS if named(o) == "linear issues.get")
    result, _ = call(fairlead, service, operation, {"id": "ENG-1", "fields": ["smell"]})
    assert not result["success"]
    assert "smell" in result["error"]["message"]


NULLABLE = [(o, name) for o in OPERATIONS
            for name in o.detail["requestBody"]["x-airbyte-body-type"].get("x-airbyte-nullable-variables", [])]


@pytest.mark.parametrize("operation, name", NULLABLE, ids=[f"{named(o)} {name}" for o, name in NULLABLE])
def test_what_may_be_emptied_is_sent_as_null(fairlead, service, operation, name):
    _, request = call(fairlead, service, operation, {**parameters_of(operation, every=False), name: None})
    assert service.verdict["faults"] == []
    assert None in request["variables"].values()


@pytest.mark.parametrize("schema, query, variables, fault", [
    ("github", "query { viewer { login shoeSize } }", {}, "shoeSize"),
    ("github", "query($n: Int!) { viewer { repositories(first: $n) { totalCount } } }", {"n": "ten"}, "$n"),
    ("linear", "query { issues(first: 1) { nodes { id smell } } }", {}, "smell"),
    ("linear", "query($id: String!) { issue(id: $id) { id } }", {}, "$id"),
    ("linear", "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success } }", {"input": {"title": "No team"}}, "teamId"),
])
def test_the_judge_finds_faults(judge, schema, query, variables, fault):
    found = judge.ask(schema, {"query": query, "variables": variables})["faults"]
    assert any(fault in text for text in found), found
