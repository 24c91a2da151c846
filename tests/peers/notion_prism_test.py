"""The Notion connector against the OpenAPI description in Notion's own package, as Prism enforces it.

The description is behind the service in a few places; notion_types_test.py checks those operations against a newer source.
"""
import pytest

import installation
from definitions import operations, parameters_of
from official import Description, must_fit, prism

BEHIND = {
    "databases.create": "the operation is missing",
    "pages.create": "blocks, icon and cover are described as text",
    "data_sources.create": "the parent is described as a page",
    "data_sources.update": "icon and in_trash are missing",
    "blocks.update": "the content is described under a stand-in named type",
}
OPERATIONS = [o for o in operations("notion") if o.name not in BEHIND]
CREDENTIALS = {"token": "ntn_a-token"}


@pytest.fixture(scope="module")
def description():
    return Description(installation.node_modules() / "@notionhq" / "notion-mcp-server" / "scripts" / "notion-openapi.json", OPERATIONS)


@pytest.fixture(scope="module")
def notion(description):
    with prism("notion", description, "api.notion.com") as recorder:
        yield recorder


@pytest.mark.parametrize("every", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_request_fits_the_official_description(fairlead, notion, description, operation, every):
    notion.take()
    result = fairlead.call("notion", operation.entity, operation.action, parameters_of(operation, every), url=notion.url,
                           credentials=CREDENTIALS)
    exchanges = notion.take()
    must_fit(result, exchanges, description, operation)
