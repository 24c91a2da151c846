"""The Slack connector against a Slack that keeps state (emulate). Slack reports failures with 200 and {"ok": false}."""
import dataclasses
import time

import pytest

from emulated import emulate
from recorder import Recorder

ANN = {"token": "xoxb-ann"}


def as_post(exchange):
    """Slack takes every method by GET and by POST with a form; the emulator knows most of them by POST only."""
    if exchange.method != "GET":
        return exchange
    path, _, query = exchange.target.partition("?")
    headers = {**exchange.headers, "content-type": "application/x-www-form-urlencoded"}
    return dataclasses.replace(exchange, method="POST", target=path, headers=headers, body=query.encode())


@pytest.fixture(scope="module")
def slack(fairlead):
    with emulate("slack", "https://slack.com") as url, Recorder(url, adapt=as_post) as recorder:

        def call(entity, action, params=None, credentials=ANN):
            return fairlead.call("slack", entity, action, params, url=recorder.url, credentials=credentials)

        yield call


@pytest.fixture
def data(slack):
    def succeed(entity, action, params=None):
        result = slack(entity, action, params)
        assert result["success"], result["error"]
        return result["data"]

    return succeed


def assert_api_error(result, code):
    """A failure inside a 200: it has no status, and the message carries Slack's own word."""
    assert not result["success"]
    assert code in result["error"]["message"]


def test_the_token_says_who_calls(data):
    assert data("identities", "get")["user"] == "ann"


@pytest.mark.parametrize("credentials", [{"token": "xoxb-nobody"}, {"access_token": "xoxb-nobody"}], ids=["token", "oauth"])
def test_an_unknown_token_is_refused(slack, credentials):
    assert_api_error(slack("channels", "list", credentials=credentials), "auth")


def test_messages_and_threads(data):
    channel = data("channels", "create", {"name": "harvest"})["id"]
    first = data("messages", "create", {"channel": channel, "text": "Apples are ripe"})["ts"]
    data("messages", "create", {"channel": channel, "text": "So are the pears", "thread_ts": first})
    assert [m["text"] for m in data("messages", "list", {"channel": channel})] == ["Apples are ripe"]
    assert [m["text"] for m in data("threads", "list", {"channel": channel, "ts": first})] == ["Apples are ripe", "So are the pears"]

    data("messages", "update", {"channel": channel, "ts": first, "text": "Apples are picked"})
    got = data("messages", "get", {"channel": channel, "latest": first})
    assert got["text"] == "Apples are picked"
    assert first.replace(".", "") in data("message_permalinks", "get", {"channel": channel, "message_ts": first})["permalink"]

    data("reactions", "create", {"channel": channel, "timestamp": first, "name": "apple"})
    data("pins", "create", {"channel": channel, "timestamp": first})
    assert len(data("pins", "list", {"channel": channel})) == 1
    data("pins", "delete", {"channel": channel, "timestamp": first})
    data("reactions", "delete", {"channel": channel, "timestamp": first, "name": "apple"})
    data("messages", "delete", {"channel": channel, "ts": first})
    assert "Apples are picked" not in [m["text"] for m in data("messages", "list", {"channel": channel})]


def test_channels(slack, data):
    made = data("channels", "create", {"name": "cellar"})
    this = {"channel": made["id"]}
    data("channel_topics", "update", {**this, "topic": "Potatoes"})
    data("channel_purposes", "update", {**this, "purpose": "What is stored"})
    data("channels", "update", {**this, "name": "storeroom"})
    got = data("channels", "get", this)
    assert (got["name"], got["topic"]["value"], got["purpose"]["value"]) == ("storeroom", "Potatoes", "What is stored")
    assert_api_error(slack("channels", "create", {"name": "storeroom"}), "name_taken")
    data("channel_archives", "create", this)
    assert made["id"] not in [c["id"] for c in data("channels", "list", {"exclude_archived": True})]
    assert_api_error(slack("messages", "create", {**this, "text": "hello"}), "is_archived")


def test_pages_follow_the_cursor(slack):
    seen, cursor = [], None
    for _ in range(10):
        result = slack("users", "list", {"limit": 1, **({"cursor": cursor} if cursor else {})})
        seen += [user["name"] for user in result["data"]]
        cursor = result["meta"]["next_cursor"]
        if not cursor:
            break
    assert not cursor
    assert len(seen) == len(set(seen)) and {"ann", "ben"} <= set(seen)


def test_people(data):
    [ben] = data("users", "search", {"email": "ben@example.com"})
    assert data("users", "get", {"user": ben["id"]})["real_name"] == "Ben Example"
    data("user_profiles", "update", {"profile": {"status_text": "In the garden"}})
    assert data("user_profiles", "get")["status_text"] == "In the garden"
    channel = data("channels", "create", {"name": "orchard"})["id"]
    data("channel_members", "create", {"channel": channel, "users": ben["id"]})
    assert ben["id"] in [member["value"] for member in data("channel_members", "list", {"channel": channel})]
    data("channel_members", "delete", {"channel": channel, "user": ben["id"]})


def test_a_message_for_later(data):
    channel = data("channels", "create", {"name": "calendar"})["id"]
    later = data("scheduled_messages", "create", {"channel": channel, "text": "Sow", "post_at": int(time.time()) + 3600})
    assert [m["text"] for m in data("scheduled_messages", "list", {"channel": channel})] == ["Sow"]
    data("scheduled_messages", "delete", {"channel": channel, "scheduled_message_id": later["scheduled_message_id"]})
    assert data("scheduled_messages", "list", {"channel": channel}) == []


@pytest.mark.parametrize("entity, action, params, code", [
    ("messages", "create", {"channel": "C404", "text": "hello"}, "channel_not_found"),
    ("channels", "get", {"channel": "C404"}, "channel_not_found"),
    ("users", "get", {"user": "U404"}, "user_not_found"),
    ("users", "search", {"email": "nobody@example.com"}, "users_not_found"),
], ids=["post", "channel", "user", "email"])
def test_refusals_carry_slacks_own_word(slack, entity, action, params, code):
    assert_api_error(slack(entity, action, params), code)
