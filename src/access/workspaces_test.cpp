// Workspaces: kept apart, changed, deleted, listed; on every database.
#include "access/workspaces.hpp"

#include "access/testdata/access_contract.hpp"
#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;

TEST_P(AccessContract, WorkspacesAreKeptApart) {
  const InitResult ours = house_.initialize();
  const InitResult theirs = house_.add_organization("Other");
  const Caller us = house_.caller(ours), them = house_.caller(theirs);
  const auto mine = run(workspaces().create(us, name("acme"))).value();
  EXPECT_EQ(mine.organization_id, ours.organization_id);
  EXPECT_EQ(mine.created_at, house_.clock().now());
  EXPECT_EQ(code_of(run(workspaces().create(us, name("acme")))), "workspace_exists");
  const auto same_name = run(workspaces().create(them, name("acme")));
  ASSERT_TRUE(same_name) << "the same name in another organization";

  WorkspaceChange rename;
  rename.name = name("stolen");
  EXPECT_EQ(kind_of(run(workspaces().find(them, mine.id))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().update(them, mine.id, rename))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().remove(them, mine.id))), ErrorKind::not_found);
  EXPECT_EQ(run(workspaces().list(them, {}))->workspaces.size(), 1u);
  const auto missing = run(workspaces().find(them, WorkspaceId::random()));
  EXPECT_EQ(missing.error().message, run(workspaces().find(them, mine.id)).error().message)
      << "a foreign one looks like a missing one";

  // A scoped token sees its own only, and administers nothing.
  const Caller scoped = authenticate(house_.scoped_token(us, "acme")).value();
  const auto second = run(workspaces().create(us, name("second"))).value();
  EXPECT_TRUE(run(workspaces().find(scoped, mine.id)));
  EXPECT_TRUE(run(workspaces().find_by_name(scoped, name("acme"))));
  EXPECT_TRUE(run(workspaces().find_or_create(scoped, name("acme"))));
  EXPECT_EQ(kind_of(run(workspaces().find(scoped, second.id))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().find_by_name(scoped, name("second")))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().find_or_create(scoped, name("second")))),
            ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().find_or_create(scoped, name("third")))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().create(scoped, name("third")))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(workspaces().list(scoped, {}))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(workspaces().count(scoped))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(workspaces().update(scoped, mine.id, rename))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(workspaces().remove(scoped, mine.id))), ErrorKind::forbidden);
  EXPECT_EQ(count("workspace"), 3);
}

TEST_P(AccessContract, UpdatesChangeWhatTheyName) {
  const InitResult client = house_.initialize();
  const Caller caller = house_.caller(client);
  const auto made = run(workspaces().create(caller, name("acme"))).value();
  (void)run(workspaces().create(caller, name("taken"))).value();
  house_.clock().advance(5s);

  WorkspaceChange change;
  change.name = name("Acme & Söhne");
  change.cache_enabled = std::optional<bool>(false);
  auto updated = run(workspaces().update(caller, made.id, change)).value();
  EXPECT_EQ(updated.name.str(), "Acme & Söhne");
  EXPECT_EQ(updated.cache_enabled, false);
  EXPECT_EQ(updated.created_at, made.created_at);
  EXPECT_EQ(updated.updated_at, made.created_at + 5s);
  EXPECT_EQ(updated.status, WorkspaceStatus::active);

  house_.clock().advance(5s);
  updated = run(workspaces().update(caller, made.id, {})).value();
  EXPECT_EQ(updated.updated_at, made.created_at + 5s) << "nothing was changed";
  EXPECT_EQ(updated.name.str(), "Acme & Söhne");
  change.status = WorkspaceStatus::active;
  updated = run(workspaces().update(caller, made.id, change)).value();
  EXPECT_EQ(updated.updated_at, made.created_at + 5s) << "the same was said again";
  EXPECT_EQ(kind_of(run(workspaces().update(caller, WorkspaceId::random(), {}))),
            ErrorKind::not_found);

  WorkspaceChange back;
  back.cache_enabled = std::optional<bool>();
  updated = run(workspaces().update(caller, made.id, back)).value();
  EXPECT_EQ(updated.cache_enabled, std::nullopt);
  EXPECT_EQ(updated.name.str(), "Acme & Söhne");
  WorkspaceChange clash;
  clash.name = name("taken");
  EXPECT_EQ(code_of(run(workspaces().update(caller, made.id, clash))), "workspace_exists");
  EXPECT_EQ(run(workspaces().find(caller, made.id))->name.str(), "Acme & Söhne");
  clash.name = name("Acme & Söhne");
  EXPECT_TRUE(run(workspaces().update(caller, made.id, clash))) << "its own name";
}

TEST_P(AccessContract, DeletionEndsTokensFreesTheNameAndTakesWhatHangsOnIt) {
  const InitResult client = house_.initialize();
  const Caller caller = house_.caller(client);
  const std::string token = house_.scoped_token(caller, "acme");
  const WorkspaceId id = *authenticate(token)->workspace();
  std::string seen;
  const auto failing = [&](store::Connection&, const OrganizationId&, const WorkspaceId&) {
    throw Failure(invalid("no"));
  };
  EXPECT_THROW((void)run(workspaces().remove(caller, id, failing)), Failure);
  EXPECT_TRUE(authenticate(token)) << "nothing happened";
  const auto removed = run(workspaces().remove(
      caller, id, [&](store::Connection&, const OrganizationId& org, const WorkspaceId& workspace) {
        seen = org.str() + workspace.str();
      }));
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->deleted_at, house_.clock().now());
  EXPECT_EQ(seen, client.organization_id.str() + id.str());
  EXPECT_EQ(code_of(authenticate(token)), "token_revoked");
  EXPECT_EQ(kind_of(run(workspaces().find(caller, id))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(workspaces().remove(caller, id))), ErrorKind::not_found);
  EXPECT_TRUE(run(workspaces().list(caller, {}))->workspaces.empty());
  const Caller fresh = authenticate(house_.scoped_token(caller, "acme")).value();
  EXPECT_NE(*fresh.workspace(), id);
}

TEST_P(AccessContract, ListsAreSearchedPagedAndExactMatchesComeFirst) {
  const InitResult client = house_.initialize();
  const InitResult theirs = house_.add_organization("Other");
  const Caller caller = house_.caller(client);
  (void)run(workspaces().create(house_.caller(theirs), name("acme")));
  std::set<std::string> all;
  for (int i = 0; i < 25; ++i) all.insert("aa-acme-" + std::to_string(i));
  for (const char* text : {"acme", "ACME", "100%", "a_b", "axb", "back\\slash", "Zoë"})
    all.insert(text);
  for (const auto& text : all) (void)run(workspaces().create(caller, name(text))).value();

  const auto walk = [&](WorkspaceQuery query) {
    std::vector<std::string> names;
    for (int page_number = 0; page_number < 50; ++page_number) {
      const auto page = run(workspaces().list(caller, query)).value();
      EXPECT_LE(page.workspaces.size(), query.limit);
      for (const Workspace& workspace : page.workspaces) names.push_back(workspace.name.str());
      if (!page.next_cursor) return names;
      query.cursor = page.next_cursor;
    }
    ADD_FAILURE() << "no end";
    return names;
  };
  for (const std::size_t limit : {1u, 3u, 20u, 100u}) {
    WorkspaceQuery query;
    query.limit = limit;
    const auto names = walk(query);
    EXPECT_EQ(names.size(), all.size()) << limit;
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), all) << limit;
    query.name_contains = "acme";
    const auto found = walk(query);
    EXPECT_EQ(found.size(), 27u) << limit;
    EXPECT_EQ(found.at(0), "acme") << "the exact name is on the first page";
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 27u);
  }
  struct Search {
    const char* text;
    std::vector<std::string> found;
  };
  const Search searches[] = {
      {"%", {"100%"}},           {"_", {"a_b"}},  {"\\", {"back\\slash"}}, {"ZO", {"Zoë"}},
      {"ACME-7", {"aa-acme-7"}}, {"nothing", {}}, {"' OR 1=1", {}}};
  for (const Search& search : searches) {
    WorkspaceQuery query;
    query.name_contains = search.text;
    EXPECT_EQ(walk(query), search.found) << search.text;
  }

  const auto acme = run(workspaces().find_by_name(caller, name("acme"))).value();
  WorkspaceChange off;
  off.status = WorkspaceStatus::inactive;
  (void)run(workspaces().update(caller, acme.id, off)).value();
  WorkspaceQuery inactive;
  inactive.status = WorkspaceStatus::inactive;
  EXPECT_EQ(walk(inactive), std::vector<std::string>{"acme"});
  const auto counts = run(workspaces().count(caller)).value();
  EXPECT_EQ(counts.inactive, 1);
  EXPECT_EQ(counts.active, static_cast<std::int64_t>(all.size()) - 1);

  for (const std::size_t limit : {0u, 101u}) {
    WorkspaceQuery query;
    query.limit = limit;
    EXPECT_EQ(run(workspaces().list(caller, query)).error().fields.at(0).field, "limit");
  }
  for (const std::string& cursor :
       {std::string(""), std::string("x"), to_base64url("[]"), to_base64url("[1,2,3]"),
        to_base64url(R"([0,"a","b"])"), to_base64url(R"([0,"\u0000",")" + random_uuid() + "\"]"),
        std::string(100'000, 'A')}) {
    WorkspaceQuery query;
    query.cursor = cursor;
    EXPECT_EQ(run(workspaces().list(caller, query)).error().fields.at(0).field, "cursor");
  }
}

}  // namespace
}  // namespace fairlead::access
