// What Harbor refuses, and who may ask.
#include "sandbox/harbor.hpp"
#include "sandbox/test_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::sandbox {
namespace {

using testing::StartsWith;

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

}  // namespace
}  // namespace fairlead::sandbox
