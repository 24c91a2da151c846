"""The Stripe connector against a Stripe that keeps state (emulate): what one call changes, the next one sees."""
import pytest

from emulated import emulate

CREDENTIALS = {"api_key": "sk_test_ann"}


@pytest.fixture(scope="module")
def stripe(fairlead):
    with emulate("stripe", "https://api.stripe.com") as url:

        def call(entity, action, params=None):
            return fairlead.call("stripe", entity, action, params, url=url, credentials=CREDENTIALS)

        yield call


@pytest.fixture
def data(stripe):
    def succeed(entity, action, params=None):
        result = stripe(entity, action, params)
        assert result["success"], result["error"]
        return result["data"]

    return succeed


def test_a_customer_lives(stripe, data):
    made = data("customers", "create", {"email": "ben@example.com", "name": "Ben & Söhne", "metadata": {"plan": "a b", "seats": "3"}})
    this = {"customer": made["id"]}
    got = data("customers", "get", this)
    assert (got["email"], got["name"], got["metadata"]) == ("ben@example.com", "Ben & Söhne", {"plan": "a b", "seats": "3"})
    data("customers", "update", {**this, "description": "Pays late"})
    assert data("customers", "get", this)["description"] == "Pays late"
    assert [c["id"] for c in data("customers", "list", {"email": "ben@example.com"})] == [made["id"]]
    assert data("customers", "delete", this)["deleted"] is True
    gone = stripe("customers", "get", this)
    assert (gone["success"], gone["error"]["status"]) == (False, 404)
    assert "No such customer" in gone["error"]["message"]


def test_pages_follow_the_last_id(stripe, data):
    made = {data("customers", "create", {"name": f"Customer {number}"})["id"] for number in range(5)}
    seen, after = [], {}
    for _ in range(20):
        result = stripe("customers", "list", {"limit": 2, **after})
        seen += [customer["id"] for customer in result["data"]]
        if not result["meta"]["has_more"]:
            break
        after = {"starting_after": seen[-1]}
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


def test_products_and_prices(data):
    product = data("products", "create", {"name": "Seeds", "metadata": {"kind": "carrot"}})
    price = data("prices", "create", {"product": product["id"], "currency": "usd", "unit_amount": 250})
    assert (price["product"], price["unit_amount"]) == (product["id"], 250)
    assert [p["id"] for p in data("prices", "list", {"product": product["id"]})] == [price["id"]]
    assert data("products", "get", {"id": product["id"]})["name"] == "Seeds"
    session = data("checkout_sessions", "create", {"mode": "payment", "success_url": "https://example.com/done",
                                                   "line_items": [{"price": price["id"], "quantity": 2}]})
    assert session["object"] == "checkout.session"
    assert data("checkout_sessions", "get", {"session": session["id"]})["id"] == session["id"]


def test_a_payment_is_planned_and_given_up(data):
    payment = data("payment_intents", "create", {"amount": 1999, "currency": "eur"})
    assert (payment["amount"], payment["currency"]) == (1999, "eur")
    assert payment["id"] in [p["id"] for p in data("payment_intents", "list")]
    data("payment_intent_cancellations", "create", {"payment_intent": payment["id"]})
    assert data("payment_intents", "get", {"payment_intent": payment["id"]})["status"] == "canceled"


def test_a_reference_to_nothing_is_refused(stripe):
    result = stripe("checkout_sessions", "create", {"mode": "payment", "success_url": "https://example.com/done",
                                                    "line_items": [{"price": "price_none", "quantity": 1}]})
    assert not result["success"]
    assert (result["error"]["kind"], result["error"]["status"]) == ("validation", 400)
    assert "price_none" in result["error"]["message"]
