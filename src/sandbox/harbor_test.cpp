// The records of Harbor, idempotency keys and the rate limit.
#include "sandbox/harbor.hpp"

#include "sandbox/test_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace fairlead::sandbox {
namespace {

using testing::IsEmpty;

json::value new_order(std::string_view customer = "cus_1001") {
  return {{"customer_id", customer},
          {"items", json::array{json::object{
                        {"sku", "A-1"}, {"name", "Lamp"}, {"quantity", 2}, {"unit_price", 1250}}}}};
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
