// The rows of connectors, tool calls and idempotent requests, on every database.
#include "store/connectors.hpp"
#include "store/idempotency.hpp"
#include "store/organizations.hpp"
#include "store/tool_calls.hpp"
#include "store/workspaces.hpp"
#include "support/databases.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::store {
namespace {

using fairlead::testing::DatabaseKind;
using fairlead::testing::every_database;
using fairlead::testing::name_of_database;

Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

class ConnectorRows : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  template <class F>
  auto write(F work) {
    return run_to_end(database_->write(std::move(work)));
  }
  template <class F>
  auto read(F work) {
    return run_to_end(database_->read(std::move(work)));
  }

  void SetUp() override {
    place_ = GetParam().make();
    database_ = place_->open();
    run_to_end(migrate(*database_));
    write([this](Connection& c) {
      for (const auto& [organization, workspace] :
           {std::pair(&mine, &workspace_of_mine), std::pair(&other, &workspace_of_other)}) {
        insert_organization(c, {*organization, "Org", at(1)});
        insert_workspace(c, *organization,
                         {.id = *workspace,
                          .name = "acme",
                          .status = "active",
                          .visibility = "shared",
                          .created_at = at(1),
                          .updated_at = at(1)});
      }
    });
  }

  ConnectorRow connector(std::int64_t seconds) const {
    return {.id = ConnectorId::random(),
            .workspace_id = workspace_of_mine,
            .definition_id = "d1",
            .name = "One",
            .auth_scheme = "key",
            .created_at = at(seconds),
            .updated_at = at(seconds)};
  }
  ToolCallRow call(std::int64_t seconds, const std::string& status = "succeeded") const {
    ToolCallRow row{.organization_id = mine,
                    .id = tool_call_id(at(seconds)),
                    .workspace_id = workspace_of_mine,
                    .connector_id = ConnectorId::random(),
                    .time = at(seconds)};
    row.status = status;
    row.params = R"({"a":"b"})";
    return row;
  }

  const OrganizationId mine = OrganizationId::random(), other = OrganizationId::random();
  const WorkspaceId workspace_of_mine = WorkspaceId::random(),
                    workspace_of_other = WorkspaceId::random();

 private:
  std::unique_ptr<fairlead::testing::DatabasePlace> place_;
  std::unique_ptr<Database> database_;
};

TEST_P(ConnectorRows, ComeBackAsTheyWere) {
  ConnectorRow row = connector(5);
  row.environment = R"({"region":"eu"})";
  row.entities = "[]";
  row.status = "degraded";
  row.status_reason = "away";
  const Blob sealed{std::string("\x00\xff sealed", 9)};
  write([&](Connection& c) { insert_connector(c, mine, row, {7, sealed}); });
  const auto found = read([&](Connection& c) { return find_connector(c, mine, row.id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->environment, row.environment);
  EXPECT_EQ(found->entities, "[]");
  EXPECT_EQ(found->status_reason, "away");
  EXPECT_EQ(found->workspace_name, "acme");
  EXPECT_TRUE(found->workspace_active);
  EXPECT_EQ(found->created_at, at(5));
  const auto credential = read([&](Connection& c) { return find_credential(c, mine, row.id); });
  EXPECT_EQ(credential->version, 7);
  EXPECT_EQ(credential->sealed, sealed);

  EXPECT_FALSE(read([&](Connection& c) { return find_connector(c, other, row.id); }));
  EXPECT_FALSE(read([&](Connection& c) { return find_credential(c, other, row.id); }));
}

TEST_P(ConnectorRows, ReplaceCredentialsOnlyOnTopOfTheVersionBefore) {
  const ConnectorRow row = connector(5);
  write([&](Connection& c) { insert_connector(c, mine, row, {1, Blob{"one"}}); });
  const auto replace = [&](const OrganizationId& organization, std::int64_t version) {
    return write([&, version](Connection& c) {
      return replace_credential(c, organization, row.id, {version, Blob{"next"}}, at(6));
    });
  };
  EXPECT_FALSE(replace(mine, 3));
  EXPECT_FALSE(replace(other, 2));
  EXPECT_TRUE(replace(mine, 2));
  EXPECT_FALSE(replace(mine, 2)) << "the other of two racers";
}

TEST_P(ConnectorRows, ChangeOnlyAsTheyWereSeen) {
  ConnectorRow row = connector(5);
  write([&](Connection& c) { insert_connector(c, mine, row, {1, Blob{"one"}}); });
  const Instant seen = row.updated_at;
  row.updated_at = at(6);
  row.name = "first";
  row.status = "no word of this";
  const auto update = [&](const OrganizationId& organization) {
    return write([&](Connection& c) { return update_connector(c, organization, row, seen); });
  };
  EXPECT_FALSE(update(other));
  EXPECT_TRUE(update(mine));
  row.name = "second";
  EXPECT_FALSE(update(mine)) << "the other of two racers";
  const auto found = read([&](Connection& c) { return find_connector(c, mine, row.id); });
  EXPECT_EQ(found->name, "first");
  EXPECT_NE(found->status, row.status);
}

TEST_P(ConnectorRows, ListOldestFirstInPages) {
  std::vector<ConnectorRow> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(connector(i / 2));
  rows[4].definition_id = "d2";
  write([&](Connection& c) {
    for (const auto& row : rows) insert_connector(c, mine, row, {1, Blob{"x"}});
  });
  ConnectorListing listing;
  listing.limit = 2;
  std::vector<std::string> seen;
  for (;;) {
    const auto page = read([&](Connection& c) { return list_connectors(c, mine, listing); });
    if (page.empty()) break;
    for (const auto& row : page) seen.push_back(row.id.str());
    listing.after =
        ConnectorPlace{page.back().created_at.time_since_epoch().count(), page.back().id.str()};
  }
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 5u);
  const auto count = [&](const OrganizationId& organization, ConnectorListing wanted) {
    return read([&](Connection& c) { return list_connectors(c, organization, wanted).size(); });
  };
  EXPECT_EQ(count(mine, {}), 5u);
  EXPECT_EQ(count(other, {}), 0u);
  EXPECT_EQ(count(mine, {.definition_id = "d2"}), 1u);
  EXPECT_EQ(count(mine, {.workspace = workspace_of_other}), 0u);
  EXPECT_EQ(count(mine, {.limit = 10, .offset = 4}), 1u);
  EXPECT_EQ(read([&](Connection& c) { return count_connectors(c, mine, std::nullopt); }), 5);
  EXPECT_EQ(read([&](Connection& c) { return count_connectors(c, mine, workspace_of_other); }), 0);
}

TEST_P(ConnectorRows, AreNotMadeInAWorkspaceThatIsGone) {
  const ConnectorRow row = connector(1);
  const auto insert = [&](const OrganizationId& organization) {
    return write([&](Connection& c) {
      return insert_connector(c, organization, row, {1, Blob{"x"}});
    });
  };
  EXPECT_FALSE(insert(other)) << "of another organization";
  EXPECT_TRUE(
      write([&](Connection& c) { return delete_workspace(c, mine, row.workspace_id, at(2)); }));
  EXPECT_FALSE(insert(mine));
  EXPECT_FALSE(read([&](Connection& c) { return find_credential(c, mine, row.id); }));
}

TEST_P(ConnectorRows, GoTogetherWithTheirCredentials) {
  const ConnectorRow one = connector(1), two = connector(2);
  write([&](Connection& c) {
    insert_connector(c, mine, one, {1, Blob{"x"}});
    insert_connector(c, mine, two, {1, Blob{"y"}});
  });
  EXPECT_FALSE(write([&](Connection& c) { return delete_connector(c, other, one.id); }));
  EXPECT_TRUE(write([&](Connection& c) { return delete_connector(c, mine, one.id); }));
  EXPECT_FALSE(read([&](Connection& c) { return find_credential(c, mine, one.id); }));
  write([&](Connection& c) { delete_connectors_of(c, other, workspace_of_mine); });
  EXPECT_TRUE(read([&](Connection& c) { return find_credential(c, mine, two.id); }));
  write([&](Connection& c) { delete_connectors_of(c, mine, workspace_of_mine); });
  EXPECT_FALSE(read([&](Connection& c) { return find_credential(c, mine, two.id); }));

  const JobRow job{.id = random_uuid(),
                   .workspace_id = workspace_of_mine,
                   .kind = "delete_connector",
                   .status = "running",
                   .connector_id = one.id,
                   .created_at = at(3)};
  write([&](Connection& c) { insert_job(c, mine, job); });
  EXPECT_FALSE(read([&](Connection& c) { return find_job(c, other, job.id); }));
  EXPECT_EQ(write([&](Connection& c) { return finish_running_jobs(c, mine, at(4)); }), 1);
  EXPECT_EQ(read([&](Connection& c) { return find_job(c, mine, job.id); })->finished_at, at(4));
}

TEST_P(ConnectorRows, ToolCallsListNewestFirst) {
  std::vector<ToolCallRow> rows;
  for (int i = 1; i <= 4; ++i) rows.push_back(call(i));
  rows[1].status = "failed";
  rows[1].error_code = "provider_auth";
  rows[3].status = "running";
  write([&](Connection& c) { insert_tool_calls(c, rows); });
  const auto list = [&](ToolCallListing wanted) {
    return read([&](Connection& c) { return list_tool_calls(c, mine, wanted); });
  };
  const auto all = list({});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].time, at(4));
  EXPECT_EQ(all[2].error_code, "provider_auth");
  EXPECT_EQ(list({.before = all[1].id}).size(), 2u);
  EXPECT_EQ(list({.since = at(2), .until = at(4)}).size(), 2u);
  EXPECT_EQ(list({.connector = rows[0].connector_id}).size(), 1u);
  EXPECT_EQ(list({.status = "failed"}).size(), 1u);
  EXPECT_EQ(list({.workspace = workspace_of_other}).size(), 0u);
  EXPECT_EQ(list({.limit = 3}).size(), 3u);
  EXPECT_TRUE(read([&](Connection& c) { return list_tool_calls(c, other, {}); }).empty());

  EXPECT_EQ(write([&](Connection& c) { return give_up_running_tool_calls(c, other, at(9)); }), 0);
  EXPECT_EQ(write([&](Connection& c) { return give_up_running_tool_calls(c, mine, at(9)); }), 1);
  EXPECT_EQ(list({.status = "outcome_unknown"}).size(), 1u);
  ToolCallRow finished = rows[0];
  finished.status = "failed";
  finished.duration_us = 12;
  write([&](Connection& c) { finish_tool_call(c, finished); });
  EXPECT_EQ(list({}).back().duration_us, 12);
  const auto forget = [&](std::int64_t most) {
    return write([&](Connection& c) { return delete_tool_calls(c, mine, at(4), most); });
  };
  EXPECT_EQ(forget(2), 2);
  ASSERT_EQ(list({}).size(), 2u);
  EXPECT_EQ(list({}).back().time, at(3)) << "the oldest go first";
  EXPECT_EQ(forget(2), 1);
  EXPECT_EQ(list({}).size(), 1u);
}

TEST_P(ConnectorRows, ToolCallsAreWrittenAsTheyAreHoweverMany) {
  std::vector<ToolCallRow> rows;
  for (int i = 0; i < 37; ++i) {
    rows.push_back(call(i + 1));
    rows.back().attempts = i;
    if (i % 2 == 0) rows.back().error_code = "not_found";
    if (i % 3 == 0) rows.back().upstream_status = 400 + i;
    if (i % 5 == 0) rows.back().record_count = 0;
  }
  write([&](Connection& c) {
    insert_tool_calls(c, {});
    insert_tool_calls(c, rows);
  });
  const auto found = read([&](Connection& c) { return list_tool_calls(c, mine, {.limit = 100}); });
  ASSERT_EQ(found.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ToolCallRow &written = rows[i], &row = found[rows.size() - 1 - i];
    EXPECT_EQ(row.id, written.id);
    EXPECT_EQ(row.attempts, written.attempts);
    EXPECT_EQ(row.error_code, written.error_code) << i;
    EXPECT_EQ(row.upstream_status, written.upstream_status) << i;
    EXPECT_EQ(row.record_count, written.record_count) << i;
    EXPECT_EQ(row.params, written.params);
    EXPECT_EQ(row.duration_us, written.duration_us);
  }
}

// As after a commit whose answer was lost: what is stored must not keep the others out.
TEST_P(ConnectorRows, ToolCallsMayComeAgainTogetherWithNewOnes) {
  std::vector<ToolCallRow> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(call(i + 1));
  const std::span all(rows);
  write([&](Connection& c) { insert_tool_calls(c, all.first(3)); });
  rows[0].duration_us = 77;
  write([&](Connection& c) { insert_tool_calls(c, all); });
  write([&](Connection& c) { insert_tool_calls(c, all.last(1)); });
  const auto found = read([&](Connection& c) { return list_tool_calls(c, mine, {.limit = 100}); });
  ASSERT_EQ(found.size(), rows.size());
  EXPECT_NE(found.back().duration_us, 77);
}

TEST_P(ConnectorRows, IdempotencyKeysAreTakenOnce) {
  IdempotentRow row{.scope = "s",
                    .key = "k",
                    .fingerprint = "f",
                    .server = "me",
                    .outcome = {},
                    .started_at = at(100)};
  const auto claim = [&](const OrganizationId& organization, const IdempotentRow& wanted,
                         std::int64_t forget_before) {
    return write([&, forget_before](Connection& c) {
      return claim_idempotency_key(c, organization, wanted, at(forget_before));
    });
  };
  EXPECT_FALSE(claim(mine, row, 0));
  EXPECT_FALSE(claim(other, row, 0)) << "another organization's key is another key";
  IdempotentRow elsewhere = row;
  elsewhere.scope = "t";
  EXPECT_FALSE(claim(mine, elsewhere, 0));
  EXPECT_EQ(claim(mine, row, 0)->state, "running");

  row.state = "done";
  row.outcome = Blob{"sealed"};
  write([&](Connection& c) { finish_idempotent_request(c, mine, row); });
  EXPECT_EQ(claim(mine, row, 0)->outcome, Blob{"sealed"});
  EXPECT_FALSE(claim(mine, row, 101)) << "what is too old does not count";
  write([&](Connection& c) { release_idempotency_key(c, mine, "s", "k"); });
  EXPECT_FALSE(claim(mine, row, 0));
  const auto forget = [&](const OrganizationId& organization) {
    return write(
        [&](Connection& c) { return delete_idempotent_requests(c, organization, at(101), 1); });
  };
  EXPECT_EQ(forget(mine), 1);
  EXPECT_EQ(forget(mine), 1);
  EXPECT_EQ(forget(mine), 0);
  EXPECT_EQ(forget(other), 1);
}

INSTANTIATE_TEST_SUITE_P(Drivers, ConnectorRows, ::testing::ValuesIn(every_database()),
                         &name_of_database);

}  // namespace
}  // namespace fairlead::store
