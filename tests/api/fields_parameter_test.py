"""`params.fields` chooses members of records in every read, as it does where a definition declares it."""
import pytest


@pytest.fixture
def execute(server, harbor):
    def call(entity, action, params, **more):
        return server.call("POST", f"/integrations/connectors/{harbor}/execute", {"entity": entity, "action": action, "params": params, **more})
    return call


@pytest.mark.parametrize("fields, more, members", [
    (["name", "id"], {}, ["name", "id"]),
    (["address.city"], {}, ["address"]),
    (["name"], {"select_fields": ["email"]}, ["email"]),
    (["name"], {"exclude_fields": ["name"]}, ["name"]),
])
def test_reads_give_these_members(execute, fields, more, members):
    answer = execute("customers", "list", {"limit": 1, "sort": "created_at", "fields": fields}, **more)
    assert answer.status == 200, answer.body
    assert [list(record) for record in answer.json()["result"]] == [members]


def test_an_empty_list_chooses_nothing(execute):
    [record] = execute("customers", "list", {"limit": 1, "fields": []}).json()["result"]
    assert {"id", "name", "email"} <= set(record)


@pytest.mark.parametrize("entity, action, params", [
    ("customers", "list", {"fields": "name"}),
    ("customers", "list", {"fields": [1]}),
    ("customers", "list", {"fields": {"name": True}}),
    ("customers", "create", {"name": "Ann", "email": "ann@example.com", "fields": ["id"]}),
])
def test_anything_else_is_an_unknown_parameter(execute, entity, action, params):
    answer = execute(entity, action, params)
    assert answer.status == 422
    assert answer.json()["errors"][0]["field"] == "params.fields"
    assert answer.json()["errors"][0]["error_code"] == "unknown_parameter"
