"""Every operation of the Notion connector against the types of Notion's own client package, which know what its description leaves out:
new databases and data sources, replies to comments, and the content of each kind of block."""
import re

import pytest

import vendor_types
from definitions import operation, operations, parameters_of
from recorder import Recorder

CREDENTIALS = {"token": "ntn_a-token"}
SETUP = ["import { Client } from '@notionhq/client';", "const client = new Client();"]
TEXT = [{"type": "text", "text": {"content": "Hello"}}]
CALLS = {
    "POST /v1/search": "search",
    "POST /v1/pages": "pages.create",
    "GET /v1/pages/{page_id}": "pages.retrieve",
    "PATCH /v1/pages/{page_id}": "pages.update",
    "GET /v1/pages/{page_id}/markdown": "pages.retrieveMarkdown",
    "PATCH /v1/pages/{page_id}/markdown": "pages.updateMarkdown",
    "POST /v1/pages/{page_id}/move": "pages.move",
    "GET /v1/pages/{page_id}/properties/{property_id}": "pages.properties.retrieve",
    "POST /v1/databases": "databases.create",
    "GET /v1/databases/{database_id}": "databases.retrieve",
    "POST /v1/data_sources": "dataSources.create",
    "GET /v1/data_sources/{data_source_id}": "dataSources.retrieve",
    "PATCH /v1/data_sources/{data_source_id}": "dataSources.update",
    "POST /v1/data_sources/{data_source_id}/query": "dataSources.query",
    "GET /v1/data_sources/{data_source_id}/templates": "dataSources.listTemplates",
    "GET /v1/blocks/{block_id}": "blocks.retrieve",
    "PATCH /v1/blocks/{block_id}": "blocks.update",
    "DELETE /v1/blocks/{block_id}": "blocks.delete",
    "GET /v1/blocks/{block_id}/children": "blocks.children.list",
    "PATCH /v1/blocks/{block_id}/children": "blocks.children.append",
    "GET /v1/users": "users.list",
    "GET /v1/users/me": "users.me",
    "GET /v1/users/{user_id}": "users.retrieve",
    "GET /v1/comments": "comments.list",
    "POST /v1/comments": "comments.create",
}
MORE = {
    ("pages", "create", "in a data source"): {"parent": {"data_source_id": "248104cd-477e-80af-bc30-000bd28de8f9"}, "properties": {}},
    ("pages", "create", "from markdown"): {"parent": {"page_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "properties": {},
                                           "markdown": "# Plan"},
    ("page_contents", "update", "words"): {"page_id": "p", "type": "update_content", "update_content": {
        "content_updates": [{"old_str": "a", "new_str": "b", "replace_all_matches": True}], "allow_deleting_content": True}},
    ("page_contents", "update", "all"): {"page_id": "p", "type": "replace_content", "replace_content": {"new_str": "# New"}},
    ("page_contents", "update", "at the end"): {"page_id": "p", "type": "insert_content", "insert_content": {
        "content": "The end", "position": {"type": "end"}}},
    ("page_parents", "update", "the workspace"): {"page_id": "p", "parent": {"type": "page_id", "page_id": "q"}},
    ("data_source_rows", "list", "by time"): {"data_source_id": "d", "sorts": [{"timestamp": "created_time", "direction": "descending"}]},
    ("comments", "create", "a reply"): {"discussion_id": "d", "rich_text": [{"text": {"content": "Yes"}}]},
    **{("blocks", "update", kind): {"block_id": "b", kind: {"rich_text": TEXT}}
       for kind in ("heading_1", "heading_2", "heading_3", "bulleted_list_item", "numbered_list_item", "toggle", "quote", "callout")},
    ("blocks", "update", "to_do"): {"block_id": "b", "to_do": {"rich_text": TEXT, "checked": True}},
    ("blocks", "update", "code"): {"block_id": "b", "code": {"rich_text": TEXT, "language": "python"}},
}
CASES = {f"{o.name}-{kind}": (o, parameters_of(o, every))
         for o in operations("notion") for kind, every in (("required", False), ("everything", True))}
CASES.update({f"{entity}.{action}-{kind}": (operation("notion", entity, action), params) for (entity, action, kind), params in MORE.items()})


def argument(operation, exchange, params):
    """What the request carries: the parts of its path, its query (with the kinds they had before) and its body."""
    found = {name: params[name] for name in re.findall(r"\{(\w+)\}", operation.path)}
    found.update({name: params[name] for name, _ in exchange.query})
    return {**found, **(exchange.json() if exchange.body else {})}


@pytest.fixture(scope="module")
def results(fairlead):
    """What the connector did for every case, and what the compiler says to all of them together."""
    sent, calls = {}, []
    with Recorder() as notion:
        for case, (called, params) in CASES.items():
            result = fairlead.call("notion", called.entity, called.action, params, url=notion.url, credentials=CREDENTIALS)
            sent[case] = (result, notion.take())
            for exchange in sent[case][1]:
                call = f"client.{CALLS[f'{called.method} {called.path}']}"
                calls.append({"id": case, "call": call, "argument": argument(called, exchange, params)})
    return sent, vendor_types.faults("notion-calls", SETUP, calls)


@pytest.mark.parametrize("case", CASES)
def test_request_fits_the_types_of_the_vendors_client(results, case):
    sent, faults = results
    operation, params = CASES[case]
    result, exchanges = sent[case]
    assert result["success"], result["error"]
    assert len(exchanges) == 1
    assert exchanges[0].method == operation.method
    assert exchanges[0].path == re.sub(r"\{(\w+)\}", lambda hole: params[hole[1]], operation.path)
    assert exchanges[0].headers["notion-version"] == "2025-09-03"
    assert faults[case] == []


def test_the_compiler_finds_faults():
    wrong = {
        "colour": {"page_id": "p", "colour": "red"},
        "missing": {},
        "number": {"page_id": 7},
    }
    calls = [{"id": fault, "call": "client.pages.retrieve", "argument": argument} for fault, argument in wrong.items()]
    found = vendor_types.faults("notion-faults", SETUP, calls)
    assert {fault: fault in " ".join(texts) for fault, texts in found.items()} == dict.fromkeys(wrong, True)
