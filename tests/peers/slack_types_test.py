"""Every operation of the Slack connector against the types of Slack's own client package: the method exists there, each argument has the
name and the kind it declares, and none that it requires is missing."""
import re

import pytest

import vendor_types
from definitions import operations, parameters_of
from recorder import Recorder

CREDENTIALS = {"token": "xoxb-a-token"}
SETUP = ["import { WebClient } from '@slack/web-api';", "const client = new WebClient();"]
CASES = {f"{operation.name}-{kind}": (operation, every)
         for operation in operations("slack") for kind, every in (("required", False), ("everything", True))}


def arguments(exchange, params):
    """What the request carries, with the kinds that values in a query have lost."""
    if exchange.method == "GET":
        return {name: params.get(name, value) for name, value in exchange.query}
    return exchange.json() if exchange.body else {}


@pytest.fixture(scope="module")
def results(fairlead):
    """What the connector did for every case, and what the compiler says to all of them together."""
    sent, calls = {}, []
    with Recorder(answer=lambda exchange: (200, {"ok": True})) as slack:
        for case, (operation, every) in CASES.items():
            params = parameters_of(operation, every)
            result = fairlead.call("slack", operation.entity, operation.action, params, url=slack.url, credentials=CREDENTIALS)
            sent[case] = (result, slack.take())
            for exchange in sent[case][1]:
                method = exchange.path.removeprefix("/api/")
                calls.append({"id": case, "call": f"client.{method}", "argument": arguments(exchange, params)})
    return sent, vendor_types.faults("slack-calls", SETUP, calls)


@pytest.mark.parametrize("case", CASES)
def test_request_fits_the_types_of_the_vendors_client(results, case):
    sent, faults = results
    result, exchanges = sent[case]
    assert result["success"], result["error"]
    assert len(exchanges) == 1
    assert re.fullmatch(r"/api/[a-zA-Z.]+", exchanges[0].path)
    assert exchanges[0].headers["host"] == "slack.com"
    assert faults[case] == []


WRONG = {
    "sendPigeon": ("client.chat.sendPigeon", {"channel": "C1"}),
    "colour": ("client.conversations.history", {"channel": "C1", "colour": "red"}),
    "number": ("client.conversations.history", {"channel": 7}),
    "missing": ("client.conversations.history", {}),
}


def test_the_compiler_finds_faults():
    calls = [{"id": fault, "call": call, "argument": argument} for fault, (call, argument) in WRONG.items()]
    found = vendor_types.faults("slack-faults", SETUP, calls)
    assert {fault: fault in " ".join(texts) for fault, texts in found.items()} == dict.fromkeys(WRONG, True)
