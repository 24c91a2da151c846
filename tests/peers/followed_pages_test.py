"""Pages followed from end to end against services that keep state (emulate): whatever their own words, `paging` tells of the next page and
`cursor` asks for it."""
import json
import subprocess

import pytest

from definitions import ROOT
from emulated import emulate
from recorder import Recorder
from slack_emulate_test import as_post
from support.harness import BINARY, write_secret

SERVICES = {"github": ("https://api.github.com", {"token": "gho_ann"}), "slack": ("https://slack.com", {"token": "xoxb-ann"}),
            "stripe": ("https://api.stripe.com", {"api_key": "sk_test_ann"})}


@pytest.fixture(scope="module", params=sorted(SERVICES))
def service(request):
    origin, credentials = SERVICES[request.param]
    with emulate(request.param, origin) as url:
        if request.param != "slack":
            yield request.param, url, credentials
            return
        with Recorder(url, adapt=as_post) as recorder:
            yield request.param, recorder.url, credentials


LISTS = {"github": ("issues", {"owner": "acme", "repo": "site"}, "number"), "slack": ("channels", {}, "id"), "stripe": ("customers", {}, "id")}


@pytest.fixture(scope="module")
def made(service, fairlead):
    """Seven records, so that there are pages."""
    name, url, credentials = service
    entity, scope, key = LISTS[name]
    given = {"github": lambda number: {**scope, "title": f"Issue {number}"}, "slack": lambda number: {"name": f"room-{number}"},
             "stripe": lambda number: {"name": f"Customer {number}"}}[name]
    keys = set()
    for number in range(7):
        result = fairlead.call(name, entity, "create", given(number), url=url, credentials=credentials)
        assert result["success"], result["error"]
        keys.add(result["data"][key])
    return keys


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def run_all(service, tmp_path, params):
    name, url, credentials = service
    entity, scope, key = LISTS[name]
    write_secret(tmp_path / "credentials.json", json.dumps(credentials))
    done = subprocess.run([BINARY, "exec-local", "--definition", ROOT / "connectors" / name / "connector.yaml", "--entity", entity, "--action", "list",
                           "--params", json.dumps({**scope, **params}), "--credentials", tmp_path / "credentials.json", "--connect-to", url, "--all"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [record[key] for record in lines(done.stdout)], lines(done.stderr)


def test_all_pages_are_read(service, made, tmp_path):
    size = {"github": "per_page", "slack": "limit", "stripe": "limit"}[service[0]]
    found, progress = run_all(service, tmp_path, {size: 3})
    assert made <= set(found) and len(found) == len(set(found))
    assert progress[-1]["page"] == -(-len(found) // 3) or service[0] == "slack"  # Slack's pages may be short
    assert progress[-1]["page"] > 2


def test_one_page_holds_the_same(service, made, tmp_path):
    size = {"github": "per_page", "slack": "limit", "stripe": "limit"}[service[0]]
    found, progress = run_all(service, tmp_path, {size: 100})
    assert made <= set(found) and len(progress) == 1
