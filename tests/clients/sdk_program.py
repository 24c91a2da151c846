"""Runs under the Python of the published SDK: what a user of it would write, one named step after the other.

Reads what the fixture `setup` gives from the first argument and prints {step: outcome}: {"value": ..}, or what went wrong.
"""
import json
import os
import sys

SETUP = json.loads(sys.argv[1])
os.environ["SDK_DEV_ADP_API_HOST"] = SETUP["url"]
os.environ["AIRBYTE_TELEMETRY_MODE"] = "disabled"

import airbyte_agent_sdk as sdk  # noqa: E402

from steps import run_steps, step  # noqa: E402

CLIENT = {name: SETUP["client"][name] for name in ("client_id", "client_secret", "organization_id")}


def workspace(**more):
    return sdk.Workspace(**{**CLIENT, "workspace_name": "default", **more})


def harbor(**more):
    return sdk.HostedExecutor(**{"airbyte_client_id": CLIENT["client_id"], "airbyte_client_secret": CLIENT["client_secret"],
                                 "connector_id": SETUP["harbor"], "organization_id": CLIENT["organization_id"], **more})


# Workspace

@step
async def list_connectors():
    async with workspace() as one:
        return await one.list_connectors()


@step
async def connector_by_id():
    async with workspace() as one:
        connector = await one.get_connector(connector_id=SETUP["harbor"])
        return await connector.execute("account", "get")


@step
async def unknown_workspace():
    async with workspace(workspace_name="no-such-workspace") as one:
        return await one.list_connectors()


@step
async def delete_connector():
    async with workspace() as one:
        await one.delete_connector(SETUP["disposable"])
        return [connector.id for connector in await one.list_connectors()]


@step
async def delete_again():
    async with workspace() as one:
        return await one.delete_connector(SETUP["disposable"])


@step
async def workflows():
    async with workspace() as one:
        return await one.list_workflows()


# connect(): which takes the services that the SDK knows

@step
async def connect_by_id():
    # The name is only a label when the id is given.
    return await sdk.connect("stripe", client_id=CLIENT["client_id"], client_secret=CLIENT["client_secret"],
                             organization_id=CLIENT["organization_id"], connector_id=SETUP["harbor"]).execute("account", "get")


@step
async def connect_by_type():
    return await sdk.connect("stripe", **CLIENT, workspace_name="default").execute("no_such_entity", "list")


@step
async def connect_unknown_type():
    return sdk.connect("harbor", **CLIENT, workspace_name="default")


@step
async def connect_absent():
    return await sdk.connect("jira", **CLIENT, workspace_name="default").execute("issues", "search")


@step
async def connect_ambiguous():
    return await sdk.connect("slack", **CLIENT, workspace_name="default").execute("channels", "list")


@step
async def process_defaults():
    sdk.configure(**CLIENT, workspace_name="default")
    async with sdk.Workspace() as one:
        return len(await one.list_connectors())


# execute

@step
async def read_account():
    return await harbor().execute(entity="account", action="get")


@step
async def list_records():
    return await harbor().execute("customers", "list", params={"limit": 3})


@step
async def execution_config():
    return await harbor().execute(sdk.ExecutionConfig("customers", "list", params={"limit": 1}, select_fields=["id", "name"]))


@step
async def pages():
    connector, cursor, seen = harbor(), None, []
    while True:
        answer = await connector.execute("customers", "list", params={"limit": 7, **({"cursor": cursor} if cursor else {})})
        seen += [record["id"] for record in answer.data]
        if not answer.meta["has_next_page"]:
            return {"seen": len(seen), "different": len(set(seen))}
        cursor = answer.meta["end_cursor"]


@step
async def select_fields():
    return (await harbor().execute("customers", "list", params={"limit": 2}, select_fields=["id", "address.city"])).data


@step
async def fields_as_parameter():
    return (await harbor().execute("customers", "list", params={"limit": 1, "fields": ["name", "id"]})).data


@step
async def exclude_fields():
    return (await harbor().execute("customers", "list", params={"limit": 1}, exclude_fields=["email", "address.city"])).data


@step
async def search():
    return await harbor().execute("tickets", "search", params={"query": "refund", "limit": 2})


@step
async def write_and_read():
    connector = harbor()
    made = (await connector.execute("customers", "create", params={"name": "Ann Example", "email": SETUP["mail"]})).data
    changed = (await connector.execute("customers", "update", params={"id": made["id"], "name": "Ann Changed"})).data
    read = (await connector.execute("customers", "get", params={"id": made["id"]})).data
    gone = await connector.execute("customers", "delete", params={"id": made["id"]})
    return {"made": made["name"], "changed": changed["name"], "read": read["name"], "gone": gone.success}


@step
async def intent():
    return (await harbor().execute("account", "get", intent="to see whose account this is")).success


@step
async def truncation():
    connector = harbor()
    await connector.execute("tickets", "create", params={"subject": SETUP["mail"], "description": "x" * 500,
                                                         "customer_id": await first_customer(connector)})
    query = {"params": {"limit": 1, "sort": "-created_at"}, "select_fields": ["description"]}
    whole = (await connector.execute("tickets", "list", **query)).data[0]["description"]
    short = (await connector.execute("tickets", "list", **query, skip_truncation=False)).data[0]["description"]
    return {"whole": whole, "short": short}


async def first_customer(connector):
    return (await connector.execute("customers", "list", params={"limit": 1})).data[0]["id"]


@step
async def check():
    return await harbor().check()


@step
async def inspect_connector():
    return await harbor().inspect_connector()


@step
async def skill_docs():
    connector = harbor()
    docs = await connector.inspect_connector()
    whole = await connector.read_skill_docs(docs["docs_skill_id"])
    return {"whole": whole, "section": await connector.read_skill_docs(docs["docs_skill_id"], "entity:customers")}


@step
async def download_chunk():
    connector = harbor()
    file = next(one for one in (await connector.execute("files", "list")).data if one["size"] > 20)
    answer = await connector.execute("files", "download", params={"id": file["id"], "_airbyte_response_type": "json",
                                                                  "_airbyte_response_format": "base64", "range_header": "bytes=0-9"})
    return answer.data


@step
async def describe():
    return sorted((await harbor().execute("", "describe")).data)


@step
async def tools():
    """What an agent framework gets."""
    made = sdk.build_connector_tools(harbor(), framework="none")
    inspected = await made.inspect_connector()
    answer = await made.execute(entity="customers", action="list", params={"limit": 1}, select_fields=["id"])
    return {"names": [one.__name__ for one in made.as_list()], "inspected": inspected, "answer": answer}


@step
async def tool_error():
    made = sdk.build_connector_tools(harbor(), framework="none")
    return await made.execute(entity="customers", action="list", params={"colour": "red"})


# What goes wrong

@step
async def wrong_secret():
    return await harbor(airbyte_client_secret="wrong").execute("account", "get")


@step
async def unknown_connector():
    return await harbor(connector_id="00000000-0000-4000-8000-000000000000").execute("account", "get")


@step
async def unknown_entity():
    return await harbor().execute("costumers", "list")


@step
async def unknown_action():
    return await harbor().execute("account", "delete")


@step
async def unknown_parameter():
    return await harbor().execute("customers", "list", params={"colour": "red"})


@step
async def missing_parameter():
    return await harbor().execute("customers", "get")


@step
async def upstream_404():
    return await harbor().execute("customers", "get", params={"id": "cus_nowhere"})


@step
async def upstream_422():
    return await harbor().execute("customers", "create", params={"name": "Ann", "email": "not an address"})


@step
async def upstream_403():
    return await harbor(connector_id=SETUP["readonly"]).execute("customers", "create", params={"name": "A", "email": "a@example.com"})


@step
async def upstream_401():
    return await harbor(connector_id=SETUP["badkey"]).execute("customers", "list")


@step
async def upstream_429():
    return await harbor().execute("orders", "list")  # the test has armed it


@step
async def upstream_away():
    return await harbor(connector_id=SETUP["away"]).execute("customers", "list")


@step
async def intent_too_long():
    return await harbor().execute("account", "get", intent="x" * 600)


@step
async def context_store():
    return await harbor().execute("customers", "context_store_search", params={"query": {}})


run_steps()
