"""Runs under the Python of PyAirbyte: what a user of its `airbyte.agents` would write, one named step after the other.

Reads what the fixture `setup` gives from the first argument and prints {step: outcome}: {"value": ..}, or what went wrong.
"""
import json
import os
import sys

SETUP = json.loads(sys.argv[1])
os.environ.update({"AIRBYTE_AGENTS_API_URL": SETUP["url"] + "/api/v1", "AIRBYTE_CLOUD_API_URL": SETUP["url"] + "/v1", "DO_NOT_TRACK": "1",
                   "AIRBYTE_CLOUD_CLIENT_ID": SETUP["client"]["client_id"], "AIRBYTE_CLOUD_CLIENT_SECRET": SETUP["client"]["client_secret"],
                   "AIRBYTE_CLOUD_WORKSPACE_ID": SETUP["workspace_id"], "AIRBYTE_CLOUD_ORGANIZATION_ID": SETUP["client"]["organization_id"]})

from airbyte import agents  # noqa: E402

from steps import run_steps, step  # noqa: E402


# The environment is enough for from_env(); the constructors want the address of the token call once more.
WHO = {"organization_id": SETUP["client"]["organization_id"], "client_id": SETUP["client"]["client_id"],
       "client_secret": SETUP["client"]["client_secret"], "public_api_root": SETUP["url"] + "/v1"}


def workspace(**more):
    return agents.AgentWorkspace(**{"workspace_id": SETUP["workspace_id"], **WHO, **more})


def harbor():
    return workspace().get_connector(SETUP["harbor"])


@step
def list_workspaces():
    return [found.get_info() for found in agents.AgentOrganization(**WHO).list_workspaces()]


@step
def workspace_info():
    return workspace().get_info()


@step
def from_env():
    return agents.AgentWorkspace.from_env().get_info()


@step
def list_connectors():
    return [connector.name for connector in workspace().list_connectors()]


@step
def connector_by_name():
    return workspace().get_connector(name="berth").inspect()


@step
def connector_by_part_of_a_name():
    return workspace().get_connector("BERT").name


@step
def ambiguous_name():
    return workspace().get_connector("team").name


@step
def list_entities():
    return harbor().list_entities("customers", {"limit": 3})


@step
def page_size():
    return len(harbor().list_entities("customers", page_size=4).entities)


@step
def iter_entities():
    found = [record["id"] for record in harbor().iter_entities("customers", page_size=9)]
    return {"seen": len(found), "different": len(set(found))}


@step
def iter_some():
    return len(list(harbor().iter_entities("customers", {"status": "active"}, limit=5)))


@step
def next_page():
    connector = harbor()
    first = connector.execute("customers", "list", page_size=2)
    second = connector.execute("customers", "list", page_size=2, cursor=first.connector_metadata.end_cursor)
    return [[record["id"] for record in page.entities] for page in (first, second)]


@step
def search_entities():
    return harbor().search_entities("tickets", {"query": "refund"}, page_size=2)


@step
def fields():
    return harbor().list_entities("customers", {"limit": 1}, select_fields=["id"]).entities


@step
def write_and_read():
    connector = harbor()
    made = connector.create_entity("customers", {"name": "Bea Example", "email": "py-" + SETUP["mail"]}).result
    changed = connector.update_entity("customers", {"id": made["id"], "name": "Bea Changed"}).result
    read = connector.get_entity("customers", {"id": made["id"]}).result
    gone = connector.delete_entity("customers", {"id": made["id"]})
    return {"made": made["name"], "changed": changed["name"], "read": read["name"], "gone": gone.status}


@step
def execution_metadata():
    return harbor().execute("account", "get", intent="to see whose account this is").execution_metadata


@step
def skills():
    one = workspace()
    listed = one.list_skills()
    own = next(skill for skill in listed if SETUP["harbor"] in skill.skill_id)
    whole = one.read_skill_docs(own.skill_id)
    section = one.read_skill_docs(own.skill_id, section="entity:customers")
    return {"count": len(listed), "whole": whole, "section": section}


@step
def wrong_secret():
    return workspace(client_secret="wrong").list_connectors()


@step
def unknown_connector():
    return workspace().get_connector("00000000-0000-4000-8000-000000000000").list_entities("customers")


@step
def unknown_workspace():
    return workspace(workspace_id="00000000-0000-4000-8000-000000000000").get_info()


@step
def unknown_entity():
    return harbor().list_entities("costumers")


@step
def upstream_404():
    return harbor().get_entity("customers", {"id": "cus_nowhere"})


@step
def upstream_429():
    return harbor().list_entities("orders")


@step
def download():
    return harbor().execute("files", "download", {"id": "1"})


run_steps()
