#include "sandbox/harbor.hpp"

#include "base/digest.hpp"
#include "sandbox/test_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace fairlead::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

json::value new_order(std::string_view customer = "cus_1001") {
  return {{"customer_id", customer},
          {"items", json::array{json::object{
                        {"sku", "A-1"}, {"name", "Lamp"}, {"quantity", 2}, {"unit_price", 1250}}}}};
}

std::vector<std::string> ids_of(const Answer& answer) {
  std::vector<std::string> ids;
  for (const json::value& record : answer.data()) ids.emplace_back(record.at("id").as_string());
  return ids;
}

// ---- what is refused ----

struct RefusedCase {
  std::string_view method, target, body;
  int status;
  std::string_view error, field = {};
};

TEST(Harbor, RefusesBadInputAndNamesIt) {
  const RefusedCase cases[] = {
      {"GET", "/v1/nothing", "", 404, "not_found"},
      {"GET", "/v1", "", 404, "not_found"},
      {"GET", "/v1/customers/", "", 404, "not_found"},
      {"GET", "/nothing", "", 404, "not_found"},
      {"GET", "/v1/customers?%zz=1", "", 400, "invalid_target"},
      {"GET", "/v1/customers?a=%ff", "", 400, "invalid_target"},
      {"GET", "v1/customers", "", 400, "invalid_target"},
      {"PUT", "/v1/customers", "", 405, "method_not_allowed"},
      {"POST", "/v1/account", "{}", 405, "method_not_allowed"},
      {"DELETE", "/v1/files/fil_1001/content", "", 405, "method_not_allowed"},
      // ids
      {"GET", "/v1/customers/cus_9999", "", 404, "not_found"},
      {"GET", "/v1/customers/cus_01001", "", 404, "not_found"},
      {"GET", "/v1/customers/ord_1001", "", 404, "not_found"},
      {"GET", "/v1/customers/cus_99999999999999999999999", "", 404, "not_found"},
      {"GET", "/v1/customers/..%2fx", "", 404, "not_found"},
      {"GET", "/v1/tickets/tkt_9999/comments", "", 404, "not_found"},
      {"POST", "/v1/tickets/tkt_9999/comments", R"({"body":"x"})", 404, "not_found"},
      {"PATCH", "/v1/orders/ord_9999", "{}", 404, "not_found"},
      {"DELETE", "/v1/files/fil_9999", "", 404, "not_found"},
      {"GET", "/v1/files/fil_9999/content", "", 404, "not_found"},
      // queries
      {"GET", "/v1/customers?limit=0", "", 400, "invalid_parameter", "limit"},
      {"GET", "/v1/customers?limit=101", "", 400, "invalid_parameter", "limit"},
      {"GET", "/v1/customers?limit=ten", "", 400, "invalid_parameter", "limit"},
      {"GET", "/v1/customers?limit=", "", 400, "invalid_parameter", "limit"},
      {"GET", "/v1/customers?limit=5&limit=6", "", 400, "invalid_parameter", "limit"},
      {"GET", "/v1/customers?cursor=abc", "", 400, "invalid_parameter", "cursor"},
      {"GET", "/v1/customers?cursor=%00", "", 400, "invalid_parameter", "cursor"},
      {"GET", "/v1/customers?statut=active", "", 400, "invalid_parameter", "statut"},
      {"GET", "/v1/customers?status=happy", "", 400, "invalid_parameter", "status"},
      {"GET", "/v1/customers?sort=email", "", 400, "invalid_parameter", "sort"},
      {"GET", "/v1/customers?sort=--name", "", 400, "invalid_parameter", "sort"},
      {"GET", "/v1/customers?created_after=yesterday", "", 400, "invalid_parameter",
       "created_after"},
      {"GET", "/v1/orders?customer_id=1001", "", 400, "invalid_parameter", "customer_id"},
      {"GET", "/v1/orders?priority=low", "", 400, "invalid_parameter", "priority"},
      {"GET", "/v1/customers/search", "", 400, "invalid_parameter", "q"},
      {"GET", "/v1/customers/search?q=%20.%20", "", 400, "invalid_parameter", "q"},
      {"GET", "/v1/customers/search?q=a&sort=name", "", 400, "invalid_parameter", "sort"},
      {"POST", "/v1/tickets/search", "{}", 400, "invalid_parameter", "query"},
      {"POST", "/v1/tickets/search", R"({"query":["a"]})", 400, "invalid_parameter", "query"},
      {"POST", "/v1/tickets/search", R"({"query":"a","limit":1000})", 400, "invalid_parameter",
       "limit"},
      {"POST", "/v1/tickets/search", R"({"query":"a","state":"open"})", 400, "invalid_parameter",
       "state"},
      // bodies
      {"POST", "/v1/customers", "{", 400, "invalid_json"},
      {"POST", "/v1/customers", "[]", 400, "invalid_json"},
      {"POST", "/v1/customers", R"({"name":"a","name":"b"})", 400, "invalid_json"},
      {"POST", "/v1/customers", "{\"name\":\"\xff\"}", 400, "invalid_json"},
      {"POST", "/v1/customers", R"({"email":"a@b.example"})", 422, "validation_failed", "name"},
      {"POST", "/v1/customers", R"({"name":"  ","email":"a@b.example"})", 422, "validation_failed",
       "name"},
      {"POST", "/v1/customers", R"({"name":null,"email":"a@b.example"})", 422, "validation_failed",
       "name"},
      {"POST", "/v1/customers", R"({"name":7,"email":"a@b.example"})", 422, "validation_failed",
       "name"},
      {"POST", "/v1/customers", R"({"name":"a\u0000","email":"a@b.example"})", 422,
       "validation_failed", "name"},
      {"POST", "/v1/customers", R"({"name":"A","email":"nobody"})", 422, "validation_failed",
       "email"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@@b.example"})", 422, "validation_failed",
       "email"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@.example"})", 422, "validation_failed",
       "email"},
      {"POST", "/v1/customers", R"({"id":"cus_1","name":"A","email":"a@b.example"})", 422,
       "validation_failed", "id"},
      {"POST", "/v1/customers", R"({"colour":"red","name":"A","email":"a@b.example"})", 422,
       "validation_failed", "colour"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@b.example","status":"gone"})", 422,
       "validation_failed", "status"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@b.example","tags":"vip"})", 422,
       "validation_failed", "tags"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@b.example","tags":["a",5]})", 422,
       "validation_failed", "tags[1]"},
      {"POST", "/v1/customers", R"({"name":"A","email":"a@b.example","metadata":{"k":1}})", 422,
       "validation_failed", "metadata.k"},
      {"POST", "/v1/customers",
       R"({"name":"A","email":"a@b.example","address":{"line1":"x","country":"PT"}})", 422,
       "validation_failed", "address.city"},
      {"POST", "/v1/customers",
       R"({"name":"A","email":"a@b.example","address":{"line1":"x","city":"y","country":"pt"}})",
       422, "validation_failed", "address.country"},
      {"POST", "/v1/customers",
       R"({"name":"A","email":"a@b.example","address":{"line1":"x","city":"y","country":"PT","planet":"z"}})",
       422, "validation_failed", "address.planet"},
      {"POST", "/v1/customers", R"({"name":"A","email":"ANA.MARQUES@cafelumiere.example"})", 409,
       "already_exists", "email"},
      {"POST", "/v1/orders", R"({"customer_id":"cus_1001"})", 422, "validation_failed", "items"},
      {"POST", "/v1/orders", R"({"customer_id":"cus_1001","items":[]})", 422, "validation_failed",
       "items"},
      {"POST", "/v1/orders", R"({"customer_id":"cus_1001","items":[7]})", 422, "validation_failed",
       "items[0]"},
      {"POST", "/v1/orders",
       R"({"customer_id":"cus_1001","items":[{"sku":"a","name":"b","quantity":0,"unit_price":1}]})",
       422, "validation_failed", "items[0].quantity"},
      {"POST", "/v1/orders",
       R"({"customer_id":"cus_1001","items":[{"sku":"a","name":"b","quantity":1.5,"unit_price":1}]})",
       422, "validation_failed", "items[0].quantity"},
      {"POST", "/v1/orders",
       R"({"customer_id":"cus_1001","items":[{"name":"b","quantity":1,"unit_price":1}]})", 422,
       "validation_failed", "items[0].sku"},
      {"POST", "/v1/orders",
       R"({"customer_id":"cus_9999","items":[{"sku":"a","name":"b","quantity":1,"unit_price":1}]})",
       422, "validation_failed", "customer_id"},
      {"POST", "/v1/orders",
       R"({"customer_id":"cus_1001","total":5,"items":[{"sku":"a","name":"b","quantity":1,"unit_price":1}]})",
       422, "validation_failed", "total"},
      {"PATCH", "/v1/orders/ord_1001", R"({"customer_id":"cus_1002"})", 422, "validation_failed",
       "customer_id"},
      {"PATCH", "/v1/orders/ord_1001", "{}", 422, "validation_failed"},
      {"PATCH", "/v1/tickets/tkt_1001", R"({"priority":"very"})", 422, "validation_failed",
       "priority"},
      {"PATCH", "/v1/tickets/tkt_1001", R"({"order_id":"ord_9999"})", 422, "validation_failed",
       "order_id"},
      {"POST", "/v1/tickets", R"({"subject":""})", 422, "validation_failed", "subject"},
      {"POST", "/v1/tickets", R"({"subject":"x","attachments":[]})", 422, "validation_failed",
       "attachments"},
      {"POST", "/v1/tickets/tkt_1001/comments", R"({"body":"x","public":"yes"})", 422,
       "validation_failed", "public"},
      {"POST", "/v1/tickets/tkt_1001/comments", R"({"body":"x","ticket_id":"tkt_1002"})", 422,
       "validation_failed", "ticket_id"},
      {"POST", "/v1/files", R"({"name":"a.txt"})", 422, "validation_failed", "content_base64"},
      {"POST", "/v1/files", R"({"name":"a.txt","content_base64":"***"})", 422, "validation_failed",
       "content_base64"},
      {"POST", "/v1/files", R"({"name":"../a.txt","content_base64":""})", 422, "validation_failed",
       "name"},
      {"POST", "/v1/files", R"({"name":"..","content_base64":""})", 422, "validation_failed",
       "name"},
      {"POST", "/v1/files", R"({"name":"a","content_type":"text","content_base64":""})", 422,
       "validation_failed", "content_type"},
      {"POST", "/v1/files", R"({"name":"a","content_type":"text/a\nb","content_base64":""})", 422,
       "validation_failed", "content_type"},
      {"POST", "/v1/files", R"({"name":"a","ticket_id":"tkt_9999","content_base64":""})", 422,
       "validation_failed", "ticket_id"},
  };
  TestService service({.requests_per_minute = 0});
  const std::string before = service.get("/v1/account").text;
  for (const RefusedCase& one : cases) {
    const Answer answer =
        service.send(std::string(one.method), std::string(one.target), std::string(one.body));
    SCOPED_TRACE(fmt::format("{} {} {} -> {}", one.method, one.target, one.body, answer.text));
    EXPECT_EQ(answer.status, one.status);
    EXPECT_EQ(answer.error(), one.error);
    EXPECT_EQ(answer.field(), one.field);
    EXPECT_EQ(answer.str("request_id"), answer.header("X-Request-Id"));
  }
  EXPECT_EQ(service.get("/v1/account").text, before) << "a refused request changes nothing";
}

TEST(Harbor, TellsAllThatIsWrongAtOnce) {
  TestService service;
  const Answer answer = service.post("/v1/customers", {{"email", "x"}, {"status", 1}, {"hue", 1}});
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer["errors"].as_array().size(), 4u);
  EXPECT_EQ(answer.str("message"), "4 fields are not right");
}

TEST(Harbor, NamesTheMethodsThatAPathKnows) {
  TestService service;
  EXPECT_EQ(service.send("PUT", "/v1/customers").header("Allow"), "GET, POST");
  EXPECT_EQ(service.send("PUT", "/v1/orders/ord_1001").header("Allow"), "DELETE, GET, PATCH");
  EXPECT_EQ(service.send("HEAD", "/v1/customers").status, 200);
}

TEST(Harbor, NeedsJsonWhereItReadsJson) {
  TestService service;
  for (const char* type : {"text/plain", "application/jsonp", "multipart/form-data; boundary=x"})
    EXPECT_EQ(service.send("POST", "/v1/customers", "{}", {{"Content-Type", type}}).status, 415);
  EXPECT_EQ(service.send("POST", "/v1/files", "x", {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(service
                .send("POST", "/v1/customers", "{}",
                      {{"Content-Type", "Application/JSON; charset=utf-8"}})
                .status,
            422);
}

// ---- who may ----

TEST(Harbor, KnowsItsKeys) {
  struct Case {
    std::string_view authorization, error;
    int status;
  };
  const Case cases[] = {
      {"", "unauthenticated", 401},
      {"hk_sandbox", "unauthenticated", 401},
      {"Basic aGtfc2FuZGJveDo=", "unauthenticated", 401},
      {"Bearer ", "invalid_token", 401},
      {"Bearer hk_sandbox ", "invalid_api_key", 401},
      {"Bearer hk_sandbo", "invalid_api_key", 401},
      {"Bearer hat_1_x", "invalid_token", 401},
      {"Bearer hat_", "invalid_token", 401},
      {"bearer hk_sandbox", "", 200},
      {"Bearer hk_sandbox", "", 200},
  };
  TestService service;
  for (const Case& one : cases) {
    SCOPED_TRACE(one.authorization);
    const Answer answer =
        service.get("/v1/account", {{"Authorization", std::string(one.authorization)}});
    EXPECT_EQ(answer.status, one.status);
    if (one.status == 200) continue;
    EXPECT_EQ(answer.error(), one.error);
    EXPECT_THAT(answer.header("WWW-Authenticate"), StartsWith("Bearer realm=\"harbor\""));
  }
  // A stranger does not learn which paths there are.
  EXPECT_EQ(service.get("/v1/nothing", {{"Authorization", ""}}).status, 401);
}

TEST(Harbor, ReadOnlyKeysRead) {
  TestService service;
  service.key = "hk_readonly";
  EXPECT_EQ(service.get("/v1/customers").status, 200);
  EXPECT_EQ(service.post("/v1/tickets/search", {{"query", "refund"}}).status, 200);
  EXPECT_EQ(json::serialize(service.get("/v1/account").body.at("credential")),
            R"({"type":"api_key","scopes":["read"]})");
  for (const Answer& answer :
       {service.post("/v1/customers", {{"name", "A"}, {"email", "a@b.example"}}),
        service.patch("/v1/customers/cus_1001", {{"name", "A"}}),
        service.erase("/v1/customers/cus_1001"), service.erase("/v1/files/fil_1001")}) {
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.error(), "insufficient_scope");
  }
}

// ---- records ----

TEST(Harbor, CustomersAreMadeReadChangedAndDeleted) {
  TestService service;
  const Answer made = service.post(
      "/v1/customers", {{"name", "Zoë Ångström 🚢"},
                        {"email", "zoe@angstrom.example"},
                        {"tags", {"vip", "vip", "new"}},
                        {"address", {{"line1", "Kajen 1"}, {"city", "Malmö"}, {"country", "SE"}}}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("Location"), "/v1/customers/cus_1041");
  EXPECT_EQ(made.text,
            "{\"id\":\"cus_1041\",\"name\":\"Zoë Ångström 🚢\",\"email\":\"zoe@angstrom.example\","
            "\"phone\":null,\"company\":null,\"status\":\"active\",\"locale\":\"en\","
            "\"address\":{\"line1\":\"Kajen 1\",\"line2\":null,\"city\":\"Malmö\",\"region\":null,"
            "\"postal_code\":null,\"country\":\"SE\"},\"tags\":[\"vip\",\"new\"],\"metadata\":{},"
            "\"created_at\":\"2026-02-01T12:00:00.000000Z\","
            "\"updated_at\":\"2026-02-01T12:00:00.000000Z\"}");
  EXPECT_EQ(service.get("/v1/customers/cus_1041").text, made.text);

  service.clock.advance(std::chrono::seconds(5));
  const Answer changed =
      service.patch("/v1/customers/cus_1041", {{"status", "lead"}, {"phone", "+46 40 555 01"}});
  EXPECT_EQ(changed.str("status"), "lead");
  EXPECT_EQ(changed.str("phone"), "+46 40 555 01");
  EXPECT_EQ(changed.str("name"), "Zoë Ångström 🚢");
  EXPECT_EQ(changed.str("updated_at"), "2026-02-01T12:00:05.000000Z");
  EXPECT_EQ(changed.str("created_at"), "2026-02-01T12:00:00.000000Z");
  // Null and an empty text both clear what may be empty.
  EXPECT_TRUE(service.patch("/v1/customers/cus_1041", {{"phone", ""}})["phone"].is_null());
  EXPECT_TRUE(service.patch("/v1/customers/cus_1041", {{"address", nullptr}})["address"].is_null());

  const Answer gone = service.erase("/v1/customers/cus_1041");
  EXPECT_EQ(gone.status, 204);
  EXPECT_THAT(gone.text, IsEmpty());
  EXPECT_EQ(service.get("/v1/customers/cus_1041").status, 404);
  EXPECT_EQ(service.erase("/v1/customers/cus_1041").status, 404);
  // Numbers are not given twice.
  EXPECT_EQ(service.post("/v1/customers", {{"name", "B"}, {"email", "b@b.example"}}).str("id"),
            "cus_1042");
}

TEST(Harbor, OrdersGoTheirWay) {
  struct Case {
    std::string_view from, to;
    int status;
  };
  const Case cases[] = {
      {"pending", "paid", 200},      {"pending", "shipped", 409},   {"pending", "cancelled", 200},
      {"paid", "shipped", 200},      {"paid", "pending", 409},      {"paid", "refunded", 200},
      {"shipped", "delivered", 200}, {"shipped", "cancelled", 409}, {"delivered", "refunded", 200},
      {"delivered", "paid", 409},    {"cancelled", "paid", 409},    {"refunded", "refunded", 200}};
  TestService service;
  for (const Case& one : cases) {
    SCOPED_TRACE(fmt::format("{} to {}", one.from, one.to));
    json::value order = new_order();
    order.as_object()["status"] = one.from;
    const std::string path = "/v1/orders/" + service.post("/v1/orders", order).str("id");
    const Answer answer = service.patch(path, {{"status", one.to}});
    EXPECT_EQ(answer.status, one.status);
    if (one.status == 409) {
      EXPECT_EQ(answer.error(), "invalid_state");
      EXPECT_EQ(service.get(path).str("status"), one.from);
    }
    const bool erasable = service.get(path).str("status") == "pending" ||
                          service.get(path).str("status") == "cancelled";
    EXPECT_EQ(service.erase(path).status, erasable ? 204 : 409);
  }
}

TEST(Harbor, OrdersAddUpAndKeepTheirItemsOncePaid) {
  TestService service;
  const Answer order = service.post("/v1/orders", new_order());
  EXPECT_EQ(order["total"].as_int64(), 2500);
  EXPECT_EQ(order.str("number"), "H-" + order.str("id").substr(4));
  const std::string path = "/v1/orders/" + order.str("id");
  json::value items = {{"items", new_order().at("items")}};
  items.at("items").at(0).at("quantity") = 3;
  EXPECT_EQ(service.patch(path, items)["total"].as_int64(), 3750);
  service.patch(path, {{"status", "paid"}});
  EXPECT_EQ(service.patch(path, items).error(), "invalid_state");
}

TEST(Harbor, TicketsBelongToTheCustomerOfTheirOrder) {
  TestService service;
  const std::string order = service.post("/v1/orders", new_order("cus_1007")).str("id");
  const Answer ticket = service.post("/v1/tickets", {{"subject", "Late"}, {"order_id", order}});
  EXPECT_EQ(ticket.status, 201);
  EXPECT_EQ(ticket.str("customer_id"), "cus_1007");
  const Answer other = service.post(
      "/v1/tickets", {{"subject", "Late"}, {"order_id", order}, {"customer_id", "cus_1002"}});
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.field(), "order_id");
  // A deleted order leaves the ticket behind.
  EXPECT_EQ(service.erase("/v1/orders/" + order).status, 204);
  EXPECT_TRUE(service.get("/v1/tickets/" + ticket.str("id"))["order_id"].is_null());
}

TEST(Harbor, CustomersWithOrdersOrTicketsStay) {
  TestService service;
  for (const char* path : {"/v1/orders", "/v1/tickets"}) {
    const std::string email = fmt::format("{}@x.example", std::string(path).substr(4));
    const std::string id =
        service.post("/v1/customers", {{"name", "A"}, {"email", email}}).str("id");
    json::value body = new_order(id);
    if (std::string_view(path) == "/v1/tickets") body = {{"subject", "s"}, {"customer_id", id}};
    const std::string child = std::string(path) + "/" + service.post(path, body).str("id");
    EXPECT_EQ(service.erase("/v1/customers/" + id).error(), "in_use");
    EXPECT_EQ(service.erase(child).status, 204);
    EXPECT_EQ(service.erase("/v1/customers/" + id).status, 204);
  }
}

TEST(Harbor, CommentsLiveWithTheirTicket) {
  TestService service;
  const std::string ticket =
      "/v1/tickets/" + service.post("/v1/tickets", {{"subject", "s"}}).str("id");
  service.clock.advance(std::chrono::minutes(1));
  const Answer first =
      service.post(ticket + "/comments", {{"body", "one\nline"}, {"author", "Noor"}});
  ASSERT_EQ(first.status, 201) << first.text;
  EXPECT_EQ(first.str("author_role"), "agent");
  EXPECT_EQ(first["public"], json::value(true));
  EXPECT_EQ(first.header("Location"), ticket + "/comments/" + first.str("id"));
  EXPECT_EQ(service.get(ticket).str("updated_at"), first.str("created_at"));
  service.post(ticket + "/comments",
               {{"body", "two"}, {"author_role", "customer"}, {"public", false}});

  const Answer all = service.get(ticket + "/comments");
  ASSERT_EQ(all.data().size(), 2u);
  EXPECT_EQ(all.data()[0].at("body"), json::value("one\nline")) << "oldest first";
  EXPECT_EQ(service.get(ticket + "/comments?author_role=customer").data().size(), 1u);
  EXPECT_EQ(service.get(ticket + "/comments?sort=-created_at").data()[0].at("body"),
            json::value("two"));

  const std::string path = ticket + "/comments/" + first.str("id");
  EXPECT_EQ(service.patch(path, {{"body", "changed"}}).str("body"), "changed");
  EXPECT_EQ(service.patch(path, {{"author", "x"}}).field(), "author");
  EXPECT_EQ(service.get("/v1/tickets/tkt_1001/comments/" + first.str("id")).status, 404)
      << "of another ticket";
  EXPECT_EQ(service.erase("/v1/tickets/tkt_1001/comments/" + first.str("id")).status, 404);

  service.patch(ticket, {{"status", "closed"}});
  EXPECT_EQ(service.post(ticket + "/comments", {{"body", "late"}}).error(), "invalid_state");
  EXPECT_EQ(service.erase(path).status, 204);
  EXPECT_EQ(service.erase(ticket).status, 204);
  EXPECT_EQ(service.get(ticket + "/comments").status, 404);
}

TEST(Harbor, FullMeansFull) {
  TestService service(
      {.seed = {0, 0, 0, 0, 0}, .limits = {.records = 9, .file_bytes = 10, .all_file_bytes = 25}});
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(service.post("/v1/tickets", {{"subject", "s"}}).status, 201);
  const Answer full = service.post("/v1/tickets", {{"subject", "s"}});
  EXPECT_EQ(full.status, 422);
  EXPECT_EQ(full.error(), "limit_reached");
  EXPECT_EQ(service.erase("/v1/tickets/tkt_1001").status, 204);
  EXPECT_EQ(service.post("/v1/tickets", {{"subject", "s"}}).status, 201);

  const auto store = [&](std::size_t size) {
    const std::string content = to_base64(std::string(size, 'x'));
    return service.post("/v1/files", {{"name", "a"}, {"content_base64", content}}).status;
  };
  EXPECT_EQ(store(11), 422) << "one file";
  EXPECT_EQ(store(10), 201);
  EXPECT_EQ(store(10), 201);
  EXPECT_EQ(store(6), 422) << "all files together";
  EXPECT_EQ(store(5), 201);
  EXPECT_EQ(service.erase("/v1/files/fil_1001").status, 204);
  EXPECT_EQ(store(10), 201) << "the room of a deleted file is free again";
}

TEST(Harbor, HasNoRoomForMoreSeedsThanItsLimits) {
  const FakeClock clock(moment("2026-01-01"));
  EXPECT_THROW(Harbor({.limits = {.records = 5}}, clock), Failure);
}

TEST(Harbor, IsBornTheSame) {
  TestService one, other;
  for (const char* list : {"/v1/customers?limit=100", "/v1/orders?limit=100&sort=total",
                           "/v1/tickets?limit=100", "/v1/files", "/v1/tickets/tkt_1003/comments"}) {
    const std::string text = one.get(list).body.at("data").is_array()
                                 ? json::serialize(one.get(list).body.at("data"))
                                 : "";
    EXPECT_EQ(text, json::serialize(other.get(list).body.at("data"))) << list;
  }
  EXPECT_EQ(json::serialize(one.get("/v1/account").body.at("counts")),
            json::serialize(other.get("/v1/account").body.at("counts")));
  EXPECT_EQ(one.get("/v1/account").body.at("counts").at("orders").as_int64(), 120);
  EXPECT_EQ(one.get("/v1/customers/cus_1003").str("name"), "佐藤 美咲");
}

TEST(Harbor, OpenPathsNeedNoKey) {
  TestService service;
  for (const char* path : {"/", "/health", "/.well-known/oauth-authorization-server"})
    EXPECT_EQ(service.get(path, {{"Authorization", ""}}).status, 200) << path;
  EXPECT_EQ(service.get("/.well-known/oauth-authorization-server").str("token_endpoint"),
            "http://127.0.0.1:8301/oauth/token");
}

// ---- lists ----

TEST(Harbor, FiltersHoldForEveryRecord) {
  struct Case {
    std::string_view target, field, value;
  };
  const Case cases[] = {
      {"/v1/customers?status=lead", "status", "lead"},
      {"/v1/customers?email=ANA.marques@cafelumiere.example", "email",
       "ana.marques@cafelumiere.example"},
      {"/v1/orders?status=shipped", "status", "shipped"},
      {"/v1/orders?customer_id=cus_1003", "customer_id", "cus_1003"},
      {"/v1/tickets?status=open", "status", "open"},
      {"/v1/tickets?priority=urgent", "priority", "urgent"},
      {"/v1/tickets?assignee=noor@harbor.example", "assignee", "noor@harbor.example"},
      {"/v1/files?ticket_id=tkt_1002", "ticket_id", "tkt_1002"},
      {"/v1/files?content_type=image/png", "content_type", "image/png"},
  };
  TestService service;
  for (const Case& one : cases) {
    const Answer answer = service.get(std::string(one.target));
    SCOPED_TRACE(one.target);
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_FALSE(answer.data().empty());
    for (const json::value& record : answer.data())
      EXPECT_EQ(record.at(one.field), json::value(one.value));
  }
  EXPECT_EQ(service.get("/v1/orders?customer_id=cus_9999").data().size(), 0u);
  for (const json::value& ticket : service.get("/v1/tickets?tag=Billing").data())
    EXPECT_THAT(json::serialize(ticket.at("tags")), HasSubstr("billing"));
}

TEST(Harbor, TimesDivideAList) {
  TestService service;
  const auto count = [&](std::string query) {
    return service.get("/v1/customers?limit=100" + query).data().size();
  };
  const std::size_t before = count("&created_before=2025-06-01"),
                    after = count("&created_after=2025-06-01T00:00:00Z");
  EXPECT_GT(before, 5u);
  EXPECT_GT(after, 5u);
  EXPECT_EQ(before + after, 40u);
  EXPECT_EQ(count("&created_after=2025-06-01T02:00:00%2B02:00"), after);
  EXPECT_EQ(count("&updated_after=2027-01-01"), 0u);
  EXPECT_EQ(count("&created_after=2025-03-01&created_before=2025-03-01"), 0u);
}

TEST(Harbor, SortsBothWays) {
  struct Case {
    std::string_view target, field;
    bool descending;
  };
  const Case cases[] = {{"/v1/customers", "created_at", true},
                        {"/v1/customers?sort=name", "name", false},
                        {"/v1/customers?sort=-name", "name", true},
                        {"/v1/orders?sort=total", "total", false},
                        {"/v1/orders?sort=-total", "total", true},
                        {"/v1/tickets?sort=updated_at", "updated_at", false},
                        {"/v1/tickets?sort=subject", "subject", false},
                        {"/v1/files?sort=-size", "size", true}};
  TestService service;
  for (const Case& one : cases) {
    SCOPED_TRACE(one.target);
    const json::array data = service.get(std::string(one.target)).data();
    ASSERT_GT(data.size(), 5u);
    for (std::size_t i = 1; i < data.size(); ++i) {
      const json::value &a = data[i - 1].at(one.field), &b = data[i].at(one.field);
      const bool less =
          a.is_string() ? a.get_string() < b.get_string() : a.as_int64() < b.as_int64();
      const bool equal = a == b;
      EXPECT_TRUE(equal || less != one.descending) << i;
    }
  }
}

/// Every id of a list, page by page.
std::vector<std::string> walk(TestService& service, const std::string& list, std::size_t limit) {
  std::vector<std::string> ids;
  std::string cursor;
  for (;;) {
    const std::string mark = list.find('?') == std::string::npos ? "?" : "&";
    const Answer page = service.get(fmt::format("{}{}limit={}{}", list, mark, limit,
                                                cursor.empty() ? "" : "&cursor=" + cursor));
    EXPECT_EQ(page.status, 200) << page.text;
    const auto some = ids_of(page);
    ids.insert(ids.end(), some.begin(), some.end());
    const json::value& next = page["paging"].at("next_cursor");
    EXPECT_EQ(page["paging"].at("has_more").as_bool(), !next.is_null());
    if (next.is_null()) return ids;
    EXPECT_EQ(some.size(), limit);
    cursor = std::string(next.as_string());
  }
}

TEST(Harbor, PagesHoldEveryRecordOnce) {
  TestService service({.requests_per_minute = 0});
  for (const char* list : {"/v1/orders", "/v1/orders?sort=total", "/v1/orders?sort=-updated_at",
                           "/v1/orders?created_after=2025-01-01&sort=created_at"})
    for (const std::size_t limit : {1u, 7u, 40u, 60u, 100u}) {
      std::vector<std::string> ids = walk(service, list, limit);
      EXPECT_EQ(ids.size(), 120u) << list << limit;
      EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 120u) << list << limit;
    }
  EXPECT_THAT(walk(service, "/v1/orders?customer_id=cus_9999", 5), IsEmpty());
}

TEST(Harbor, CursorsAreGoodForTheirListOnly) {
  TestService service;
  const Answer page = service.get("/v1/orders?status=delivered&limit=2");
  const std::string cursor(page["paging"].at("next_cursor").as_string());
  const auto status = [&](const std::string& target) {
    return service.get(target + cursor).status;
  };
  EXPECT_EQ(status("/v1/orders?limit=9&status=delivered&cursor="), 200) << "limit may change";
  EXPECT_EQ(status("/v1/orders?status=shipped&cursor="), 400);
  EXPECT_EQ(status("/v1/orders?cursor="), 400);
  EXPECT_EQ(status("/v1/orders?status=delivered&sort=total&cursor="), 400);
  EXPECT_EQ(status("/v1/tickets?cursor="), 400);
  EXPECT_EQ(service.get("/v1/orders?status=delivered&cursor=A" + cursor).status, 400);
  EXPECT_EQ(TestService().get("/v1/orders?status=delivered&cursor=" + cursor).status, 400)
      << "of another service";
  EXPECT_EQ(service.get("/v1/orders?cursor=").status, 200) << "an empty one is none";
}

TEST(Harbor, PagesAreCompleteWhileRecordsComeAndGo) {
  TestService service({.requests_per_minute = 0});
  std::set<std::string> stays;
  for (const std::string& id : walk(service, "/v1/tickets", 100)) stays.insert(id);
  std::atomic<bool> done = false;
  std::atomic<int> made = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer)
    writers.emplace_back([&, writer] {
      while (!done && made < 1500) {
        service.clock.advance(std::chrono::microseconds(700));
        const std::string id =
            service.post("/v1/tickets", {{"subject", fmt::format("new {}", writer)}}).str("id");
        if (++made % 3 != 0) EXPECT_EQ(service.erase("/v1/tickets/" + id).status, 204);
      }
    });
  for (const char* list :
       {"/v1/tickets", "/v1/tickets?sort=created_at", "/v1/tickets?sort=subject"})
    for (int round = 0; round < 3; ++round) {
      std::set<std::string> missing = stays;
      std::set<std::string> seen;
      for (const std::string& id : walk(service, list, 5)) {
        EXPECT_TRUE(seen.insert(id).second) << id << " stands twice in " << list;
        missing.erase(id);
      }
      EXPECT_THAT(missing, IsEmpty()) << list;
    }
  done = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(made, 0);
}

// ---- search ----

TEST(Harbor, FindsTickets) {
  TestService service;
  service.post("/v1/tickets",
               {{"subject", "Zeppelin inflation"}, {"description", "Ein ÄRGERNIS mit dem Ventil"}});
  const std::string id =
      service.post("/v1/tickets", {{"subject", "Other"}, {"tags", {"zeppelin"}}}).str("id");
  service.post("/v1/tickets/" + id + "/comments", {{"body", "The gas leaks quietly"}});
  struct Case {
    std::string_view query;
    std::size_t found;
  };
  const Case cases[] = {
      {"zeppelin", 2},           {"ZEPP", 2},           {"eppelin", 0},
      {"zeppelin inflation", 1}, {"zeppelin leaks", 1}, {"\"gas leaks\"", 1},
      {"\"leaks gas\"", 0},      {"ärgernis", 1},       {"zeppelin \"dem ventil\"", 1},
      {"nothingofthekind", 0}};
  for (const Case& one : cases)
    EXPECT_EQ(service.post("/v1/tickets/search", {{"query", one.query}}).data().size(), one.found)
        << one.query;
  const Answer best = service.post("/v1/tickets/search", {{"query", "zeppelin"}});
  EXPECT_EQ(best.data()[0].at("subject"), json::value("Zeppelin inflation"))
      << "subjects weigh most";
  EXPECT_GT(service.post("/v1/tickets/search", {{"query", "会社名"}}).data().size(), 0u);
}

TEST(Harbor, SearchesTurnPagesAndFilter) {
  TestService service;
  std::set<std::string> ids;
  json::value cursor;
  for (int pages = 0; pages < 50; ++pages) {
    const Answer page =
        service.post("/v1/tickets/search", {{"query", "refund"}, {"limit", 2}, {"cursor", cursor}});
    ASSERT_EQ(page.status, 200) << page.text;
    for (const std::string& id : ids_of(page)) EXPECT_TRUE(ids.insert(id).second);
    cursor = page["paging"].at("next_cursor");
    if (cursor.is_null()) break;
  }
  EXPECT_EQ(
      ids.size(),
      service.post("/v1/tickets/search", {{"query", "refund"}, {"limit", 100}}).data().size());
  EXPECT_GT(ids.size(), 3u);
  for (const json::value& ticket :
       service.post("/v1/tickets/search", {{"query", "refund"}, {"status", "open"}}).data())
    EXPECT_EQ(ticket.at("status"), json::value("open"));
}

TEST(Harbor, FindsCustomers) {
  TestService service;
  EXPECT_THAT(ids_of(service.get("/v1/customers/search?q=marques&status=active&limit=1")),
              ElementsAre("cus_1021"));
  EXPECT_EQ(service.get("/v1/customers/search?q=%E7%BE%8E%E5%92%B2").data().size(), 2u);
  EXPECT_EQ(service.get("/v1/customers/search?q=MINATO").data().size(), 2u);
  EXPECT_EQ(service.get("/v1/customers/search?q=nobody+here").data().size(), 0u);
}

// ---- files ----

TEST(Harbor, FilesComeInBothForms) {
  TestService service;
  const std::string bytes("\0\r\n--x\xff binary", 14);
  const Answer plain = service.post(
      "/v1/files",
      {{"name", "Übung “1”.bin"}, {"ticket_id", "tkt_1005"}, {"content_base64", to_base64(bytes)}});
  const std::string body =
      "--B1\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
      "{\"name\": \"Übung “1”.bin\", \"ticket_id\": \"tkt_1005\"}\r\n"
      "--B1\r\nContent-Type: image/x-test\r\n\r\n" +
      bytes + "\r\n--B1--\r\n";
  const Answer related = service.send("POST", "/v1/files", body,
                                      {{"Content-Type", "multipart/related; boundary=\"B1\""}});
  for (const Answer& made : {plain, related}) {
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made["size"].as_int64(), 14);
    EXPECT_EQ(made.str("sha256"), to_hex(bytes_of(sha256(bytes))));
    const Answer content = service.get("/v1/files/" + made.str("id") + "/content");
    EXPECT_EQ(content.text, bytes);
    EXPECT_EQ(content.header("Content-Type"), made.str("content_type"));
    EXPECT_EQ(content.header("Content-Disposition"),
              "attachment; filename=\"_bung _1_.bin\"; "
              "filename*=UTF-8''%C3%9Cbung%20%E2%80%9C1%E2%80%9D.bin");
  }
  EXPECT_EQ(plain.str("content_type"), "application/octet-stream");
  EXPECT_EQ(related.str("content_type"), "image/x-test");
  const Answer ticket = service.get("/v1/tickets/tkt_1005");
  EXPECT_EQ(ticket["attachments"].as_array().size(), 2u);
}

TEST(Harbor, RefusesWhatIsNoMultipart) {
  const std::string head = "--B\r\nContent-Type: application/json\r\n\r\n{\"name\":\"a\"}\r\n";
  const std::pair<std::string_view, std::string> cases[] = {
      {"multipart/related", head},
      {"multipart/related; boundary=", head},
      {"multipart/related; boundary=B", ""},
      {"multipart/related; boundary=B", "nothing"},
      {"multipart/related; boundary=B", head},
      {"multipart/related; boundary=B", head + "--B--"},
      {"multipart/related; boundary=B", head + "--B\r\n\r\nx"},
      {"multipart/related; boundary=B", head + "--B\r\nno header\r\n\r\nx\r\n--B--"},
      {"multipart/related; boundary=B", head + "--B\r\n--B--"},
      {"multipart/related; boundary=B", head + head + head + head + "--B--"},
      {"multipart/related; boundary=B",
       "--B\r\nContent-Type: text/plain\r\n\r\n{}\r\n--B\r\n\r\nx\r\n--B--"},
      {"multipart/related; boundary=B",
       "--B\r\nContent-Type: application/json\r\n\r\n{\r\n--B\r\n\r\nx\r\n--B--"},
  };
  TestService service;
  for (const auto& [type, body] : cases)
    EXPECT_EQ(service.send("POST", "/v1/files", body, {{"Content-Type", std::string(type)}}).status,
              400)
        << type << "\n"
        << body;
  EXPECT_EQ(service
                .send("POST", "/v1/files", head + "--B\r\n\r\nx\r\n--B--",
                      {{"Content-Type", "multipart/related; boundary=B"}})
                .status,
            201);
}

TEST(Harbor, ServesRanges) {
  struct Case {
    std::string_view range;
    int status;
    std::string_view content, content_range;
  };
  const Case cases[] = {
      {"bytes=0-3", 206, "0123", "bytes 0-3/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},
      {"bytes=-2", 206, "89", "bytes 8-9/10"},
      {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=9-99", 206, "9", "bytes 9-9/10"},
      {"bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=10-", 416, "", "bytes */10"},
      {"bytes=10-20", 416, "", "bytes */10"},
      {"bytes=-0", 416, "", "bytes */10"},
      {"bytes=5-4", 200, "0123456789", ""},
      {"bytes=a-b", 200, "0123456789", ""},
      {"bytes=-", 200, "0123456789", ""},
      {"bytes=0-1,4-5", 200, "0123456789", ""},
      {"lines=1-2", 200, "0123456789", ""},
      {"bytes=1", 200, "0123456789", ""},
      {"bytes=99999999999999999999-", 200, "0123456789", ""},
  };
  TestService service;
  const std::string id =
      service.post("/v1/files", {{"name", "d.txt"}, {"content_base64", to_base64("0123456789")}})
          .str("id");
  const std::string path = "/v1/files/" + id + "/content";
  for (const Case& one : cases) {
    SCOPED_TRACE(one.range);
    const Answer answer = service.get(path, {{"Range", std::string(one.range)}});
    EXPECT_EQ(answer.status, one.status);
    EXPECT_EQ(answer.header("Content-Range"), one.content_range);
    if (one.status != 416) EXPECT_EQ(answer.text, one.content);
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  }
  const std::string tag = service.get(path).header("ETag");
  EXPECT_EQ(service.get(path, {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(service.get(path, {{"If-None-Match", "\"x\", " + tag}}).status, 304);
  EXPECT_EQ(service.get(path, {{"If-None-Match", "\"x\""}}).status, 200);
  EXPECT_EQ(service.get(path, {{"If-Range", tag}, {"Range", "bytes=0-1"}}).status, 206);
  EXPECT_EQ(service.get(path, {{"If-Range", "\"x\""}, {"Range", "bytes=0-1"}}).status, 200);
  EXPECT_EQ(service.get("/v1/files/fil_1008/content", {{"Range", "bytes=0-"}}).status, 416)
      << "empty";
  EXPECT_EQ(service.get("/v1/files/fil_1008/content").status, 200);
}

TEST(Harbor, LinksLetAnybodyReadOneFileForAWhile) {
  TestService service;
  const Answer file = service.get("/v1/files/fil_1001");
  const std::string url = file.str("download_url");
  ASSERT_THAT(url, StartsWith("http://127.0.0.1:8301/download/fil_1001?token="));
  const std::string target = url.substr(std::string_view("http://127.0.0.1:8301").size());
  const net::Headers no_key{{"Authorization", ""}};
  const auto status = [&](const std::string& path) { return service.get(path, no_key).status; };

  const Answer content = service.get(target, {{"Authorization", ""}, {"Range", "bytes=1-3"}});
  EXPECT_EQ(content.status, 206);
  EXPECT_EQ(content.text, "PNG");
  std::string other = target;
  other.replace(other.find("fil_1001"), 8, "fil_1002");
  EXPECT_EQ(status(other), 403) << "of another file";
  EXPECT_EQ(status("/download/fil_1001"), 403);
  EXPECT_EQ(status("/download/fil_1001?token=abc"), 403);
  EXPECT_EQ(status(target + "A"), 403);
  EXPECT_EQ(service.get("/v1/tickets/tkt_1001")["attachments"].at(0).at("download_url").as_string(),
            url);

  service.clock.advance(std::chrono::seconds(299));
  EXPECT_EQ(status(target), 200);
  service.clock.advance(std::chrono::seconds(1));
  const Answer late = service.get(target, no_key);
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.error(), "link_expired");

  const Answer foreign = service.get("/v1/files/fil_1001", {{"Host", "evil\"><script>"}});
  EXPECT_THAT(foreign.str("download_url"), StartsWith("http://127.0.0.1/download/"));
}

TEST(Harbor, DeletedFilesAreGone) {
  TestService service;
  const std::string url = service.get("/v1/files/fil_1002").str("download_url");
  EXPECT_EQ(service.patch("/v1/files/fil_1002", {{"name", "x.txt"}, {"ticket_id", ""}}).str("name"),
            "x.txt");
  EXPECT_EQ(service.patch("/v1/files/fil_1002", {{"content_type", "a/b"}}).field(), "content_type");
  EXPECT_EQ(service.erase("/v1/files/fil_1002").status, 204);
  EXPECT_EQ(service.get("/v1/files/fil_1002/content").status, 404);
  EXPECT_EQ(service.get(url.substr(url.find("/download"))).status, 404);
}

// ---- idempotency and the rate limit ----

TEST(Harbor, TheSameKeyMakesOneRecord) {
  TestService service;
  const net::Headers key{{"Idempotency-Key", "k-1"}};
  const json::value body{{"subject", "once"}};
  const Answer first = service.post("/v1/tickets", body, key);
  const Answer again = service.post("/v1/tickets", body, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.str("id"), first.str("id"));
  EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(first.header("Idempotent-Replayed"), "");
  EXPECT_NE(again.header("X-Request-Id"), first.header("X-Request-Id"));

  const Answer other = service.post("/v1/tickets", {{"subject", "twice"}}, key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.error(), "idempotency_key_reused");
  EXPECT_EQ(service.post("/v1/tickets", {{"subject", ""}}, {{"Idempotency-Key", "k-2"}}).status,
            422);
  EXPECT_EQ(service.post("/v1/tickets", {{"subject", "s"}}, {{"Idempotency-Key", "k-2"}}).status,
            201)
      << "a refused request does not use the key up";
  EXPECT_EQ(service.post("/v1/tickets", body, {{"Idempotency-Key", ""}}).field(),
            "Idempotency-Key");
  EXPECT_EQ(service.post("/v1/tickets", body, {{"Idempotency-Key", std::string(256, 'k')}}).status,
            400);

  service.clock.advance(std::chrono::hours(24));
  EXPECT_NE(service.post("/v1/tickets", body, key).str("id"), first.str("id")) << "after a day";
}

TEST(Harbor, TheSameKeyStoresOneFile) {
  TestService service;
  const auto upload = [&](const std::string& boundary, const std::string& content) {
    const std::string body = fmt::format(
        "--{0}\r\nContent-Type: application/json\r\n\r\n{{\"name\":\"a\"}}\r\n--{0}\r\n\r\n{1}\r\n"
        "--{0}--",
        boundary, content);
    return service.send(
        "POST", "/v1/files", body,
        {{"Content-Type", "multipart/related; boundary=" + boundary}, {"Idempotency-Key", "k"}});
  };
  const Answer first = upload("B1", "x"), again = upload("another", "x");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.str("id"), first.str("id"));
  EXPECT_EQ(upload("B1", "y").status, 422);
}

TEST(Harbor, ForgetsTheOldestIdempotencyKeys) {
  TestService service({.limits = {.idempotency_keys = 2}});
  const auto make = [&](const char* key) {
    return service.post("/v1/tickets", {{"subject", "s"}}, {{"Idempotency-Key", key}}).str("id");
  };
  const std::string first = make("1"), second = make("2");
  EXPECT_EQ(make("1"), first);
  const std::string third = make("3");
  EXPECT_EQ(make("2"), second);
  EXPECT_EQ(make("3"), third);
  EXPECT_NE(make("1"), first);
}

TEST(Harbor, SlowsCallersDown) {
  TestService service({.requests_per_minute = 3});
  for (const char* left : {"2", "1", "0"}) {
    const Answer answer = service.get("/v1/account");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-RateLimit-Limit"), "3");
    EXPECT_EQ(answer.header("X-RateLimit-Remaining"), left);
    EXPECT_EQ(answer.header("X-RateLimit-Reset"), "1769947260");
    service.clock.advance(std::chrono::milliseconds(700));
  }
  const Answer refused = service.get("/v1/nothing");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error(), "rate_limited");
  EXPECT_EQ(refused.header("Retry-After"), "58") << "57.9 seconds are left";
  EXPECT_EQ(refused.header("X-RateLimit-Remaining"), "0");

  TestService& same = service;
  same.key = "hk_readonly";
  EXPECT_EQ(same.get("/v1/account").status, 200) << "another key has its own minute";
  same.key = "hk_unknown";
  EXPECT_EQ(same.get("/v1/account").status, 401) << "a stranger uses up nobody's minute";
  service.key = "hk_sandbox";
  service.clock.advance(std::chrono::seconds(57));
  EXPECT_EQ(service.get("/v1/account").status, 429);
  service.clock.advance(std::chrono::milliseconds(900));
  EXPECT_EQ(service.get("/v1/account").status, 200) << "the answer to Retry-After was true";
}

TEST(Harbor, IsSafeForManyThreads) {
  TestService service({.requests_per_minute = 0});
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const Answer one =
            service.post("/v1/customers", {{"name", "T"}, {"email", "same@t.example"}});
        if (one.status != 201) continue;
        ++made;
        EXPECT_EQ(service.erase("/v1/customers/" + one.str("id")).status, 204);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(made, 1);
  EXPECT_EQ(service.get("/v1/account").body.at("counts").at("customers").as_int64(), 40);
}

}  // namespace
}  // namespace fairlead::sandbox
