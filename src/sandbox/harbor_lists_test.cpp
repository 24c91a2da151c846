// Lists of Harbor: filters, order, pages, and the searches.
#include "sandbox/harbor.hpp"
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

std::vector<std::string> ids_of(const Answer& answer) {
  std::vector<std::string> ids;
  for (const json::value& record : answer.data()) ids.emplace_back(record.at("id").as_string());
  return ids;
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

}  // namespace
}  // namespace fairlead::sandbox
