"""Every operation of the Stripe connector against Stripe's own mock server, which checks requests by Stripe's API description."""
import dataclasses
import json

import pytest

import installation
from definitions import LIST_ACTIONS, operations, parameters_of
from programs import running
from recorder import Recorder

CREDENTIALS = {"api_key": "sk_test_123"}


def with_content_type(exchange):
    """Stripe takes a POST without a body; its mock wants to see the type of the body even then."""
    if exchange.method != "POST" or exchange.body:
        return exchange
    return dataclasses.replace(exchange, headers={**exchange.headers, "content-type": "application/x-www-form-urlencoded"})


@pytest.fixture(scope="module")
def stripe():
    program = installation.stripe_mock()
    with running("stripe-mock", lambda port: [program, "-http-addr", f"127.0.0.1:{port}"]) as url:
        with Recorder(url, adapt=with_content_type) as recorder:
            yield recorder


@pytest.mark.parametrize("every", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("operation", operations("stripe"), ids=lambda o: o.name)
def test_request_fits_the_official_description(fairlead, stripe, operation, every):
    stripe.take()
    result = fairlead.call("stripe", operation.entity, operation.action, parameters_of(operation, every), url=stripe.url,
                           credentials=CREDENTIALS)
    exchanges = stripe.take()
    assert exchanges, f"nothing was sent: {result['error']}"
    assert result["success"], f"{exchanges[0].method} {exchanges[0].target} {exchanges[0].body!r}\n{result['error']}"
    if operation.action in LIST_ACTIONS:
        # Three searches give the whole answer, as published clients read it.
        records = result["data"] if isinstance(result["data"], list) else result["data"]["data"]
        assert [record["id"] for record in records], "no record was found in the answer"
    else:
        assert result["data"]["object"] == json.loads(exchanges[0].answer)["object"]


WRONG = [
    ("customers", "list", {"limit": "many"}, "limit"),
    ("payment_methods", "list", {"type": "seashells"}, "type"),
    ("customers", "create", {"address": "Main Street"}, "address"),
    ("payment_intents", "create", {"amount": "ten", "currency": "usd"}, "amount"),
]


@pytest.mark.parametrize("entity, action, params, named", WRONG, ids=[f"{w[0]}.{w[1]} {w[3]}" for w in WRONG])
def test_wrong_values_are_refused(fairlead, stripe, entity, action, params, named):
    result = fairlead.call("stripe", entity, action, params, url=stripe.url, credentials=CREDENTIALS)
    assert not result["success"]
    assert result["error"]["kind"] in ("validation", "invalid_parameter")
    assert named in result["error"]["message"]


def test_without_a_test_key_stripe_answers_401(fairlead, stripe):
    result = fairlead.call("stripe", "customers", "list", url=stripe.url, credentials={"api_key": "no-key"})
    assert (result["success"], result["error"]["kind"], result["error"]["status"]) == (False, "authentication", 401)


def test_a_parameter_stripe_does_not_have_never_leaves(fairlead, stripe):
    """Stripe would refuse it; the engine knows the names and sends only those."""
    stripe.take()
    fairlead.call("stripe", "customers", "list", {"limit": 3, "colour": "red"}, url=stripe.url, credentials=CREDENTIALS)
    assert all(("colour", "red") not in exchange.query for exchange in stripe.take())
