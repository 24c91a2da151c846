"""Every GraphQL operation of the connectors against the service's own schema, judged by the graphql reference library: the text of the
query with its default fields, and the variables by their declared types."""
import json
import subprocess

import pytest

import installation
from definitions import HERE, operations, parameters_of
from recorder import Recorder

CREDENTIALS = {"github": {"token": "a-token"}, "linear": {"api_key": "a-key"}}
OPERATIONS = [o for connector in CREDENTIALS for o in operations(connector) if o.graphql]


class Judge:
    """Checks {"schema", "query", "variables"} lines, answers with the list of what is wrong."""

    def __init__(self):
        command = [installation.node(), HERE / "graphql_judge.mjs", installation.node_modules()]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def faults(self, schema, request):
        self.process.stdin.write(json.dumps({"schema": schema, **request}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def judge():
    judge = Judge()
    yield judge
    judge.process.stdin.close()
    judge.process.wait(10)


@pytest.fixture(scope="module")
def service():
    with Recorder(answer=lambda exchange: (200, {"data": {}})) as recorder:
        yield recorder


def sent(fairlead, service, connector, entity, action, params):
    service.take()
    result = fairlead.call(connector, entity, action, params, url=service.url, credentials=CREDENTIALS[connector])
    exchanges = service.take()
    assert len(exchanges) == 1, result
    assert (exchanges[0].method, exchanges[0].path) == ("POST", "/graphql")
    return exchanges[0].json()


@pytest.mark.parametrize("every", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.connector} {o.name}")
def test_query_and_variables_fit_the_official_schema(fairlead, service, judge, operation, every):
    params = parameters_of(operation, every)
    params.pop("fields", None)  # so the default ones are asked for
    request = sent(fairlead, service, operation.connector, operation.entity, operation.action, params)
    assert judge.faults(operation.connector, request) == []


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "fields" in parameters_of(o, every=True)],
                         ids=lambda o: f"{o.connector} {o.name}")
def test_chosen_fields_take_the_place_of_the_default_ones(fairlead, service, judge, operation):
    params = {**parameters_of(operation, every=True), "fields": ["__typename"]}
    request = sent(fairlead, service, operation.connector, operation.entity, operation.action, params)
    assert "{ __typename }" in request["query"]
    assert judge.faults(operation.connector, request) == []


def test_a_dotted_field_selects_inside_an_object(fairlead, service, judge):
    request = sent(fairlead, service, "linear", "issues", "get", {"id": "ENG-1", "fields": ["title", "assignee.name"]})
    assert "title assignee { name }" in request["query"]
    assert judge.faults("linear", request) == []


NULLABLE = [(o, name) for o in OPERATIONS
            for name in o.detail["requestBody"]["x-airbyte-body-type"].get("x-airbyte-nullable-variables", [])]


@pytest.mark.parametrize("operation, name", NULLABLE, ids=[f"{o.connector} {o.name} {name}" for o, name in NULLABLE])
def test_what_may_be_emptied_is_sent_as_null(fairlead, service, judge, operation, name):
    params = {**parameters_of(operation, every=False), name: None}
    request = sent(fairlead, service, operation.connector, operation.entity, operation.action, params)
    assert f": null" in json.dumps(request["variables"])
    assert judge.faults(operation.connector, request) == []


@pytest.mark.parametrize("schema, query, variables, fault", [
    ("github", "query { viewer { login shoeSize } }", {}, "shoeSize"),
    ("github", "query($n: Int!) { viewer { repositories(first: $n) { totalCount } } }", {"n": "ten"}, "$n"),
    ("linear", "query { issues(first: 1) { nodes { id smell } } }", {}, "smell"),
    ("linear", "query($id: String!) { issue(id: $id) { id } }", {}, "$id"),
    ("linear", "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success } }", {"input": {"title": "No team"}}, "teamId"),
])
def test_the_judge_finds_faults(judge, schema, query, variables, fault):
    found = judge.faults(schema, {"query": query, "variables": variables})
    assert any(fault in text for text in found), found
