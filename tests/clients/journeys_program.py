"""Runs under the Python of the published SDK: what a user does with the typed connectors of four services that keep state.

Reads {"servers": {service: {"url", "client"}}} from the first argument and prints {step: outcome}.
"""
import json
import os
import sys

SETUP = json.loads(sys.argv[1])
os.environ["AIRBYTE_TELEMETRY_MODE"] = "disabled"

import airbyte_agent_sdk as sdk  # noqa: E402

from steps import run_steps, step  # noqa: E402

GARDEN = {"owner": "ann", "repo": "garden"}


def connect(service):
    os.environ["SDK_DEV_ADP_API_HOST"] = SETUP["servers"][service]["url"]  # read when the connector is made
    client = SETUP["servers"][service]["client"]
    return sdk.connect(service, client_id=client["client_id"], client_secret=client["client_secret"], workspace_name="default",
                       organization_id=client["organization_id"])


@step
async def github_issue():
    github = connect("github")
    made = await github.issues.create(**GARDEN, title="Weeds", body="They grow.", labels=["bug"])
    await github.issues.create(**GARDEN, title="Moles")
    number = made["number"]
    await github.comments.create(**GARDEN, issue_number=str(number), body="I saw them")
    await github.issues.update(**GARDEN, issue_number=str(number), title="More weeds", state="closed")
    return {"got": (await github.issues.get(**GARDEN, number=number))["title"],
            "comments": [one["body"] for one in (await github.comments.list(**GARDEN, number=number)).data],
            "open": [one["title"] for one in (await github.issues.list(**GARDEN, states=["OPEN"])).data],
            "closed": [one["title"] for one in (await github.issues.list(**GARDEN, states=["CLOSED"])).data],
            "both": len((await github.issues.list(**GARDEN, states=["OPEN", "CLOSED"])).data)}


@step
async def github_pages():
    github, after, seen = connect("github"), {}, []
    while True:
        answer = await github.issues.list(**GARDEN, states=["OPEN", "CLOSED"], per_page=1, **after)
        seen += [one["number"] for one in answer.data]
        if not answer.meta.has_next_page:
            return seen
        after = {"after": answer.meta.end_cursor}


@step
async def github_fields():
    return (await connect("github").issues.list(**GARDEN, states=["CLOSED"], fields=["number", "title"])).data


@step
async def github_repository():
    github = connect("github")
    return {"got": (await github.repositories.get(**GARDEN))["name"],
            "listed": [one["name"] for one in (await github.repositories.list(username="ann")).data],
            "mine": [one["name"] for one in (await github.viewer_repositories.list()).data],
            "found": [one["name"] for one in (await github.repositories.search(query="garden", limit=5)).data],
            "viewer": (await github.viewer.get())["login"]}


@step
async def github_404():
    return await connect("github").issues.get(**GARDEN, number=4711)


@step
async def slack_messages():
    slack = connect("slack")
    channel = (await slack.channels.create(name="harvest"))["id"]
    sent = await slack.messages.create(channel=channel, text="Apples are ripe")
    first = sent["ts"]
    await slack.messages.create(channel=channel, text="So are the pears", thread_ts=first)
    await slack.reactions.create(channel=channel, timestamp=first, name="apple")
    await slack.channel_topics.create(channel=channel, topic="Fruit")
    return {"messages": [one.text for one in (await slack.channel_messages.list(channel=channel)).data],
            "thread": [one.text for one in (await slack.threads.list(channel=channel, ts=first)).data],
            "channels": [one.name for one in (await slack.channels.list()).data],
            "people": [one.name for one in (await slack.users.list()).data],
            "check": await slack.check()}


@step
async def slack_refusal():
    return await connect("slack").messages.create(channel="C000000000", text="Hello")


@step
async def stripe_customers():
    stripe = connect("stripe")
    made = await stripe.execute("customers", "create", {"email": "ben@example.com", "name": "Ben"})
    await stripe.execute("customers", "create", {"email": "cy@example.com", "name": "Cy"})
    one = await stripe.customers.get(id=made["id"])
    page = await stripe.customers.list(limit=1)
    return {"got": one["email"], "listed": [c.email for c in (await stripe.customers.list(email="ben@example.com")).data],
            "more": page.meta.has_more, "gone": (await stripe.customers.delete(id=made["id"]))["deleted"]}


@step
async def linear_teams():
    return [team.key for team in (await connect("linear").teams.list(first=5)).data]


run_steps()
