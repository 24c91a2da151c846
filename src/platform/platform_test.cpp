#include "platform/platform.hpp"

#include "platform/credential_bundle.hpp"
#include "platform/cursor.hpp"
#include "platform/paging.hpp"
#include "platform/renewals.hpp"
#include "platform/sealed_credentials.hpp"
#include "support/eventually.hpp"
#include "support/forwarding_database.hpp"
#include "support/platform_under_test.hpp"
#include "support/raw_socket.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace fairlead::platform {
namespace {

using connector::Definition;
using fairlead::testing::eventually;
using fairlead::testing::ForwardingDatabase;
using fairlead::testing::PlatformUnderTest;
using fairlead::testing::source_text;

std::shared_ptr<const Definition> harbor() {
  return connector::load_definition(source_text("src/platform/testdata/harbor.yaml")).value();
}

// --- Pages --------------------------------------------------------------------------------------

TEST(Paging, TellsOfFurtherPagesUnderOneName) {
  using connector::PageMark;
  const PageMark more{true, "x"}, last{false, {}}, unknown, stuck{true, {}};
  struct Case {
    const char* meta;
    std::optional<PageMark> page;
    const char* answered;
  };
  for (
      const Case& one : std::vector<Case>{
          {"", {}, "null"},
          {R"({"total":7})", {}, R"({"total":7})"},
          {"", unknown, R"({"has_more":null,"has_next_page":null,"end_cursor":null})"},
          {"", more, R"({"has_more":true,"has_next_page":true,"end_cursor":"x"})"},
          {"{}", last, R"({"has_more":false,"has_next_page":false,"end_cursor":null})"},
          {"{}", stuck, R"({"has_more":true,"has_next_page":true,"end_cursor":null})"},
          // What stands there keeps its text.
          {R"({"total": 12345678901234567890123})", more,
           R"({"total":12345678901234567890123,"has_more":true,"has_next_page":true,"end_cursor":"x"})"},
          {R"({"has_more":true,"end_cursor":"declared"})", more,
           R"({"has_more":true,"end_cursor":"declared","has_next_page":true})"},
          {R"({"has_next_page":false,"end_cursor":"e"})", last,
           R"({"has_next_page":false,"end_cursor":"e","has_more":false})"},
          {R"({"end_cursor":5})", more, R"({"end_cursor":5,"has_more":true,"has_next_page":true})"},
          // Unless more is known.
          {R"({"has_more":null,"end_cursor":null})", more,
           R"({"has_more":true,"end_cursor":"x","has_next_page":true})"},
          {R"({"has_more":"yes"})", last,
           R"({"has_more":false,"has_next_page":false,"end_cursor":null})"}})
    EXPECT_EQ(uniform_metadata(one.meta, one.page), one.answered) << one.meta;
}

// --- What is sealed -----------------------------------------------------------------------------

TEST(Bundle, ComesBackAsItWas) {
  connector::CredentialFields fields;
  fields.emplace("api_key", Secret("k\"\\\n\x01 \xc3\xbc"));
  fields.emplace("empty", Secret(""));
  connector::TokenState tokens;
  tokens.access_token = Secret("access");
  tokens.expires_at = Instant(std::chrono::microseconds(1'700'000'000'000'001));
  tokens.extracted = {{"instance_url", "https://x.example"}};
  tokens.token_type = "Bearer";
  const auto opened = read_bundle(write_bundle(fields, tokens)).value();
  ASSERT_EQ(opened.fields.size(), 2u);
  EXPECT_TRUE(opened.fields.at("api_key").matches(fields.at("api_key")));
  EXPECT_TRUE(opened.tokens.access_token.matches(tokens.access_token));
  EXPECT_TRUE(opened.tokens.refresh_token.empty());
  EXPECT_EQ(opened.tokens.expires_at, tokens.expires_at);
  EXPECT_EQ(opened.tokens.extracted, tokens.extracted);
  EXPECT_EQ(opened.tokens.token_type, "Bearer");
  for (const char* damaged : {"", "{}", "[]", "{\"fields\":1}", "{\"fields\":{}}"})
    EXPECT_FALSE(read_bundle(Secret(damaged))) << damaged;
}

TEST(Settings, AreCheckedAgainstTheDefinition) {
  const auto definition = harbor();
  EXPECT_TRUE(check_settings(*definition, "harborKey", {}, {}));
  EXPECT_TRUE(check_settings(*definition, "harborKey", {{"region", "us"}, {"berth", "7"}}, {}));
  EXPECT_FALSE(check_settings(*definition, "harborKey", {{"color", "red"}}, {}));
  // Settings of the copy into a Context Store are not ours to judge.
  EXPECT_TRUE(check_settings(*definition, "harborKey", {}, {{"start_date", "2026-01-01"}}));
}

// --- Waiting ------------------------------------------------------------------------------------

TEST(Admission, KeepsToWhatAServiceBears) {
  AdmissionLimits limits;
  limits.wait = std::chrono::milliseconds(20);
  Admission admission(limits);
  const auto organization = OrganizationId::random();
  const auto workspace = WorkspaceId::random();
  const auto one = ConnectorId::random(), other = ConnectorId::random();
  const auto enter = [&](const ConnectorId& id, std::size_t most) {
    return run_to_end(admission.enter(organization, workspace, id, Deadline::never(), most));
  };
  const auto first = enter(one, 2), second = enter(one, 2);
  ASSERT_TRUE(first && second);
  const auto third = enter(one, 2);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::rate_limited);
  EXPECT_TRUE(enter(other, 2)) << "another connector";
  EXPECT_TRUE(enter(one, 1'000)) << "never above our own limit, but up to it";
}

TEST(Admission, LetsTheFirstThatFitsIn) {
  net::Workers workers(2);
  workers.start();
  AdmissionLimits limits;
  limits.per_connector = 1;
  limits.wait = std::chrono::seconds(5);
  Admission admission(limits);
  const auto organization = OrganizationId::random();
  const auto workspace = WorkspaceId::random();
  const auto one = ConnectorId::random(), other = ConnectorId::random();
  const auto enter = [&](std::size_t loop, const ConnectorId& id) {
    return asio::co_spawn(
        workers.loop(loop),
        [](Admission& gate, OrganizationId org, WorkspaceId ws,
           ConnectorId connector) -> Task<std::shared_ptr<Admission::Place>> {
          auto place = co_await gate.enter(org, ws, connector, Deadline::never());
          co_return place ? std::make_shared<Admission::Place>(*std::move(place)) : nullptr;
        }(admission, organization, workspace, id),
        asio::use_future);
  };
  auto first = enter(0, one).get();
  ASSERT_TRUE(first);
  auto second = enter(1, one);
  auto elsewhere = enter(0, other).get();
  EXPECT_TRUE(elsewhere) << "a full connector holds up no other one";
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  first.reset();
  EXPECT_TRUE(second.get());
  elsewhere.reset();
  EXPECT_EQ(admission.running(), 0u);
  workers.stop();
  workers.join();
}

TEST(Admission, HoldsEveryLimit) {
  const auto organization = OrganizationId::random();
  const auto workspace = WorkspaceId::random();
  struct Case {
    const char* what;
    AdmissionLimits limits;
    bool same_organization, same_workspace, same_connector;
  };
  const auto limited = [](std::size_t AdmissionLimits::*limit) {
    AdmissionLimits limits;
    limits.*limit = 1;
    limits.wait = std::chrono::milliseconds(1);
    return limits;
  };
  for (const Case& one : std::vector<Case>{
           {"in all", limited(&AdmissionLimits::in_all), false, false, false},
           {"organization", limited(&AdmissionLimits::per_organization), true, false, false},
           {"workspace", limited(&AdmissionLimits::per_workspace), true, true, false},
           {"connector", limited(&AdmissionLimits::per_connector), true, true, true}}) {
    SCOPED_TRACE(one.what);
    Admission admission(one.limits);
    const auto connector = ConnectorId::random();
    run_to_end([](Admission& gate, const Case& wanted, OrganizationId org, WorkspaceId ws,
                  ConnectorId id) -> Task<void> {
      auto first = co_await gate.enter(org, ws, id, Deadline::never());
      EXPECT_TRUE(first);
      auto second = co_await gate.enter(wanted.same_organization ? org : OrganizationId::random(),
                                        wanted.same_workspace ? ws : WorkspaceId::random(),
                                        wanted.same_connector ? id : ConnectorId::random(),
                                        Deadline::never());
      EXPECT_FALSE(second);
      if (!second) EXPECT_EQ(second.error().kind, ErrorKind::rate_limited);
    }(admission, one, organization, workspace, connector));
    EXPECT_EQ(admission.running(), 0u);
  }
}

// --- Renewals -----------------------------------------------------------------------------------

TEST(Renewals, ShareAFailureForAMoment) {
  Renewals renewals;
  const auto turn = [&] { return run_to_end(renewals.take_turn("connector")); };
  {
    auto first = turn();
    ASSERT_TRUE(first);
    first->failed({.permanent = false, .message = "in trouble", .status = 503});
  }
  const auto second = turn();
  ASSERT_FALSE(second) << "a service in trouble is not asked by everyone in turn";
  EXPECT_EQ(second.error().message, "in trouble");
  renewals.forget_failure("connector");
  EXPECT_TRUE(turn()) << "new credentials have failed nowhere yet";
  EXPECT_TRUE(turn());
}

// --- On a whole platform ------------------------------------------------------------------------

AddConnector harbor_with(std::map<std::string, std::string> fields) {
  AddConnector command;
  command.workspace = *access::WorkspaceName::parse("acme");
  command.service = "test-harbor";
  command.service_field = "connector_type";
  for (const auto& [name, text] : fields) command.input.credentials.emplace(name, Secret(text));
  return command;
}

class Whole : public ::testing::Test {
 protected:
  void SetUp() override {
    auto added = test.run(test.platform->connectors().add(
        admin, harbor_with({{"api_key", PlatformUnderTest::good_key}}), Deadline::never()));
    ASSERT_TRUE(added) << added.error().message;
    id = added->row.id;
  }
  Result<Executed> execute(ExecuteCommand command) {
    return test.run(
        test.platform->executor().execute(admin, id, std::move(command), {}, Deadline::never()));
  }

  PlatformUnderTest test;
  access::Caller admin = access::LocalAdmin::of(test.first.organization);
  ConnectorId id = ConnectorId::random();
};

TEST_F(Whole, ExecutesFromMemoryOnceItHasBeenRead) {
  ASSERT_TRUE(execute({.entity = "customers", .action = "list"}));
  // With the row gone behind the platform's back, the copy in memory still serves.
  test.run(test.database->write([this](store::Connection& connection) {
    store::delete_connector(connection, test.first.organization, id);
  }));
  EXPECT_TRUE(execute({.entity = "customers", .action = "list"}));
}

TEST_F(Whole, RefusesASecretThatWasMoved) {
  auto other = test.run(test.platform->connectors().add(
      admin, harbor_with({{"api_key", PlatformUnderTest::good_key}}), Deadline::never()));
  ASSERT_TRUE(other);
  test.run(test.database->write([&](store::Connection& connection) {
    connection.execute(
        "UPDATE connector_credential SET sealed = (SELECT sealed FROM connector_credential WHERE "
        "org_id = $1 AND connector_id = $2) WHERE org_id = $1 AND connector_id = $3",
        {test.first.organization.str(), other->row.id.str(), id.str()});
  }));
  const auto refused = execute({.entity = "customers", .action = "list"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, vault::crypto_tamper_detected);
  auto seen = test.run(test.platform->connectors().find(admin, id));
  EXPECT_EQ(seen->row.status, "config_error");
}

TEST_F(Whole, KnowsOfWritesThatWereUnderWayWhenItStopped) {
  ASSERT_TRUE(execute({.entity = "customers", .action = "create", .params = {{"name", "x"}}}));
  test.run(test.database->write([this](store::Connection& connection) {
    connection.execute("UPDATE tool_call SET status = 'running' WHERE org_id = $1",
                       {test.first.organization.str()});
    connection.execute(
        "INSERT INTO idempotent_request (org_id, scope, key, fingerprint, state, server, outcome, "
        "started_at) SELECT org_id, workspace_id, 'lost', 'x', 'running', 'dead', NULL, $2 FROM "
        "connector WHERE org_id = $1 LIMIT 1",
        {test.first.organization.str(), test.clock.now().time_since_epoch().count()});
  }));
  test.run(test.platform->recover());
  auto calls = test.run(test.platform->tool_calls().list(admin, {}));
  ASSERT_TRUE(calls);
  ASSERT_EQ(calls->calls.size(), 1u);
  EXPECT_EQ(calls->calls[0].status, "outcome_unknown");

  ExecuteCommand again{.entity = "customers", .action = "create", .params = {{"name", "y"}}};
  again.idempotency = *IdempotencyKey::parse("lost", "whatever");
  const auto refused = execute(std::move(again));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).code, "idempotency_key_reused");
}

TEST_F(Whole, ForgetsWhatIsPastItsTime) {
  ASSERT_TRUE(execute({.entity = "customers", .action = "create", .params = {{"name", "x"}}}));
  EXPECT_FALSE(test.run(test.platform->tidy(Deadline::never())));
  EXPECT_EQ(test.run(test.platform->tool_calls().list(admin, {}))->calls.size(), 1u);
  test.run(test.database->write([this](store::Connection& connection) {
    connection.execute("UPDATE tool_call SET id = '0' || id WHERE org_id = $1",
                       {test.first.organization.str()});
  }));
  // More than goes in one step.
  test.run(test.database->write([this](store::Connection& connection) {
    connection.execute(
        "INSERT INTO tool_call SELECT org_id, '0000' || value, workspace_id, connector_id, time, "
        "request_id, interface, client, actor, connector_name, definition, definition_version, "
        "type, entity, action, effect, intent, params, status, error_code, upstream_status, "
        "attempts, record_count, request_bytes, answer_bytes, duration_us FROM tool_call, "
        "(WITH RECURSIVE n(value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM n WHERE value < "
        "6000) SELECT value FROM n) WHERE org_id = $1",
        {test.first.organization.str()});
  }));
  const auto left = [&] { return test.run(test.platform->tool_calls().list(admin, {}))->calls; };
  EXPECT_TRUE(test.run(test.platform->tidy(Deadline::after({})))) << "one step, and no time left";
  EXPECT_FALSE(left().empty());
  EXPECT_FALSE(test.run(test.platform->tidy(Deadline::never())));
  EXPECT_TRUE(left().empty());
}

// Calls are written to the log many at a time: one that the database refuses would take the others,
// of all organizations, with it.
TEST_F(Whole, KeepsACallInTheLogWhateverItsWordsAre) {
  const std::string long_word(100'000, 'x');
  json::object params{{std::string("n\0l", 3), 1}, {long_word, 2}};
  for (int i = 0; i < 9'000; ++i) params["p" + std::to_string(i)] = i;
  EXPECT_FALSE(execute({.entity = std::string("a\0b", 3), .action = long_word}));
  EXPECT_FALSE(execute({.entity = "customers", .action = std::string("l\0st", 4)}));
  EXPECT_TRUE(
      execute({.entity = "customers", .action = "list", .intent = std::string("why\0", 4)}));
  const auto refused = execute({.entity = "customers", .action = "list", .params = params});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.size(), 20u) << "nobody reads 9,000 complaints";
  test.run(test.platform->stop());  // writes what is left of the log

  const auto calls = test.run(test.platform->tool_calls().list(admin, {}))->calls;
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[3].entity, "a?b");
  EXPECT_EQ(calls[3].action, std::string(128, 'x'));
  EXPECT_EQ(calls[2].action, "l?st");
  EXPECT_EQ(calls[1].intent, "why?");
  const json::object logged = parse_json(calls[0].params).value().as_object();
  EXPECT_EQ(logged.size(), 256u);
  EXPECT_TRUE(logged.contains(std::string("n\0l", 3)));
  EXPECT_FALSE(logged.contains(long_word));
}

/// Another database, that counts what is asked of it, and can be away.
class CountingDatabase final : public ForwardingDatabase {
 public:
  CountingDatabase(store::Database& inner, asio::any_io_executor loop)
      : ForwardingDatabase(inner), loop_(std::move(loop)) {}
  std::atomic<int> reads = 0, writes = 0;
  std::atomic<bool> away = false;
  std::function<void()> after_a_read = [] {};  ///< before the reader hears of it

 private:
  void submit(Mode mode, std::function<void(store::Connection&)> work,
              std::function<void(std::exception_ptr)> done) override {
    ++(mode == Mode::write ? writes : reads);
    if (away)
      done(std::make_exception_ptr(Failure(Error{ErrorKind::unavailable, "away"})));
    else
      asio::co_spawn(loop_, forward(mode, std::move(work)),
                     [this, mode, told = std::move(done)](std::exception_ptr failure) {
                       if (mode == Mode::read) after_a_read();
                       told(std::move(failure));
                     });
  }
  asio::any_io_executor loop_;
};

TEST_F(Whole, KeepsNoConnectorThatWasReadBeforeAChange) {
  CountingDatabase counted(*test.database, test.workers.loop(1).get_executor());
  Services services = test.services_on(counted);
  ConnectorCache cache(services);
  const auto find = [&] {
    EXPECT_TRUE(test.run(cache.find(test.first.organization, id)));
    return counted.reads.load();
  };
  counted.after_a_read = [&] { cache.forget(id); };  // as after a change in between
  EXPECT_EQ(find(), 1);
  counted.after_a_read = [] {};
  EXPECT_EQ(find(), 2) << "what was read before the change was not kept";
  EXPECT_EQ(find(), 2);
}

// Many rows a commit are what a busy log costs less by.
TEST_F(Whole, WritesTheLogManyCallsAtATime) {
  CountingDatabase counted(*test.database, test.workers.loop(1).get_executor());
  Services services = test.services_on(counted);
  asio::io_context loop;  // stands still until all calls are in
  ToolCallLog log(services, loop.get_executor());
  const auto add = [&](int calls) {
    for (int i = 0; i < calls; ++i)
      log.add({.organization_id = test.first.organization,
               .id = store::tool_call_id(test.clock.now()),
               .workspace_id = WorkspaceId::random(),
               .connector_id = id,
               .time = test.clock.now()});
    loop.restart();
    loop.run();
  };
  const auto kept = [&] {
    return test.run(test.database->read([](store::Connection& connection) {
      return connection.query("SELECT count(*) FROM tool_call").front().integer(0);
    }));
  };
  add(2'500);
  EXPECT_EQ(counted.writes, 3) << "a thousand at a time";
  EXPECT_EQ(kept(), 2'500);

  counted.away = true;
  add(7);
  EXPECT_EQ(counted.writes, 6) << "three tries";
  EXPECT_EQ(log.dropped(), 7u);
  counted.away = false;
  add(1);
  EXPECT_EQ(counted.writes, 7);
  EXPECT_EQ(kept(), 2'501);
}

/// Runs `task` on the first loop and cancels it, as the server does when a client goes away, while
/// the service holds the answer to the request that `asked` counts.
template <class T>
void run_and_leave(PlatformUnderTest& test, Task<T> task, std::function<bool()> asked) {
  test.upstream.hold();
  asio::cancellation_signal gone;
  auto ended = asio::co_spawn(test.workers.loop(0), PlatformUnderTest::held(std::move(task)),
                              asio::bind_cancellation_slot(gone.slot(), asio::use_future));
  EXPECT_TRUE(eventually(asked));
  asio::post(test.workers.loop(0),
             asio::use_future([&gone] { gone.emit(asio::cancellation_type::terminal); }))
      .get();
  test.upstream.release();
  try {
    ended.get();
  } catch (const std::exception&) {  // how it ends is nobody's to see
  }
}

TEST_F(Whole, FinishesAWriteWhoseClientWentAway) {
  const auto order = [] {
    ExecuteCommand write{.entity = "customers", .action = "create", .params = {{"name", "x"}}};
    write.idempotency = *IdempotencyKey::parse("order", "the same");
    return write;
  };
  run_and_leave(test, test.platform->executor().execute(admin, id, order(), {}, Deadline::never()),
                [this] { return test.upstream.count("POST", "/v1/customers") > 0; });
  const auto again = execute(order());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(test.upstream.created(), 1u);
  const auto calls = test.run(test.platform->tool_calls().list(admin, {}));
  EXPECT_EQ(calls->calls.at(0).status, "succeeded");
}

TEST_F(Whole, FinishesAConnectorWhoseClientWentAway) {
  const auto order = [] {
    AddConnector command = harbor_with({{"api_key", PlatformUnderTest::good_key}});
    command.idempotency = *IdempotencyKey::parse("new", "the same");
    return command;
  };
  const std::size_t probes = test.upstream.requests().size();
  run_and_leave(test, test.platform->connectors().add(admin, order(), Deadline::never()),
                [&] { return test.upstream.requests().size() > probes; });
  const auto again = test.run(test.platform->connectors().add(admin, order(), Deadline::never()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(test.upstream.requests().size(), probes + 1);
  EXPECT_EQ(test.run(test.platform->connectors().list(admin, {}))->connectors.size(), 2u);
}

TEST_F(Whole, MakesNoConnectorInAWorkspaceThatIsDeletedMeanwhile) {
  AddConnector command = harbor_with({{"api_key", PlatformUnderTest::good_key}});
  const auto workspace =
      test.run(test.access->workspaces().find_by_name(admin, *command.workspace)).value();
  const std::size_t probes = test.upstream.requests().size();
  test.upstream.hold();
  auto running =
      test.start(test.platform->connectors().add(admin, std::move(command), Deadline::never()));
  EXPECT_TRUE(eventually([&] { return test.upstream.requests().size() > probes; }));
  test.run(test.platform->connectors().remove_workspace(admin, workspace.id)).value();
  test.upstream.release();
  const auto answer = running.get();
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::conflict);
  const auto sealed = test.run(test.database->read([](store::Connection& c) {
    return c.query("SELECT count(*) FROM connector_credential").at(0).integer(0);
  }));
  EXPECT_EQ(sealed, 0) << "credentials outlive their workspace";
}

TEST_F(Whole, AnswersAWriteThatWorkedThoughItCannotBeRecorded) {
  ExecuteCommand write{.entity = "customers", .action = "create", .params = {{"name", "x"}}};
  write.idempotency = *IdempotencyKey::parse("order", "the same");
  test.upstream.hold();
  auto running = test.start(
      test.platform->executor().execute(admin, id, std::move(write), {}, Deadline::never()));
  EXPECT_TRUE(eventually([&] { return test.upstream.count("POST", "/v1/customers") > 0; }));
  for (const char* table : {"idempotent_request", "tool_call"})
    test.run(test.database->write([table](store::Connection& connection) {
      connection.execute("DROP TABLE " + std::string(table));
    }));
  test.upstream.release();
  const auto answer = running.get();
  ASSERT_TRUE(answer && *answer) << (*answer).error().message;
}

TEST_F(Whole, FreesTheKeyOfAWriteThatNeverWentOut) {
  test.run(test.database->write(
      [](store::Connection& connection) { connection.execute("DROP TABLE tool_call"); }));
  ExecuteCommand write{.entity = "customers", .action = "create", .params = {{"name", "x"}}};
  write.idempotency = *IdempotencyKey::parse("order", "the same");
  EXPECT_FALSE(execute(std::move(write)));
  EXPECT_EQ(test.upstream.created(), 0u);
  EXPECT_EQ(test.run(test.database->read([](store::Connection& connection) {
    return connection.query("SELECT count(*) FROM idempotent_request").front().integer(0);
  })),
            0);
}

TEST_F(Whole, KeepsBothOfTwoChangesAtOnce) {
  // The first one waits for its credentials to be tried while the other is made.
  const std::size_t probes = test.upstream.requests().size();
  test.upstream.hold();
  ConnectorChange slow;
  slow.name = "slow";
  slow.credentials.emplace();
  slow.credentials->emplace("api_key", Secret(PlatformUnderTest::good_key));
  auto running =
      test.start(test.platform->connectors().update(admin, id, std::move(slow), Deadline::never()));
  EXPECT_TRUE(eventually([&] { return test.upstream.requests().size() > probes; }));
  ConnectorChange quick;
  quick.entities.emplace(json::array{json::object{{"entity", "customers"}}});
  ASSERT_TRUE(
      test.run(test.platform->connectors().update(admin, id, std::move(quick), Deadline::never())));
  test.upstream.release();
  const auto answer = running.get();
  ASSERT_TRUE(answer && *answer) << (*answer).error().message;
  const auto found = test.run(test.platform->connectors().find(admin, id));
  EXPECT_EQ(found->row.name, "slow");
  EXPECT_TRUE(found->entities);
  EXPECT_EQ(test.upstream.requests().size(), probes + 1) << "credentials are tried once";
}

TEST_F(Whole, TellsOfStoredCredentialsThatNoRequestCanCarry) {
  connector::CredentialFields fields;
  fields.emplace("api_key", Secret("two\nlines"));
  // Not through the platform, which would keep what it read.
  const auto workspace = test.run(test.database->read([this](store::Connection& connection) {
    return store::find_connector(connection, test.first.organization, id)->workspace_id;
  }));
  const vault::SecretAddress address{test.first.organization, workspace, id, "credentials", 2};
  auto sealed = test.run(test.vault->seal(address, write_bundle(fields, {})));
  test.run(test.database->write([&](store::Connection& connection) {
    store::replace_credential(connection, test.first.organization, id, {2, sealed},
                              test.clock.now());
  }));
  const auto refused = execute({.entity = "customers", .action = "list"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict) << refused.error().message;
  EXPECT_EQ(refused.error().code, "credential_needs_reauth");
}

TEST_F(Whole, CursorsAreGoodForTheirListingAndOrganizationOnly) {
  const std::string cursor =
      seal_cursor(*test.vault, test.first.organization, "tool-calls", join_place(7, "id"));
  EXPECT_EQ(open_cursor(*test.vault, test.first.organization, "tool-calls", cursor).value(),
            "7 id");
  EXPECT_FALSE(open_cursor(*test.vault, test.second.organization, "tool-calls", cursor));
  EXPECT_FALSE(open_cursor(*test.vault, test.first.organization, "skills", cursor));
  std::string changed = cursor;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(open_cursor(*test.vault, test.first.organization, "tool-calls", changed));
  EXPECT_FALSE(open_cursor(*test.vault, test.first.organization, "tool-calls", ""));
  EXPECT_FALSE(split_place("x"));
  EXPECT_FALSE(split_place("7"));
}

TEST_F(Whole, FingerprintsTellEqualValuesOfOneOrganizationOnly) {
  const auto of = [this](const OrganizationId& organization, json::object params) {
    return fingerprints(*test.vault, organization, params);
  };
  const OrganizationId &first = test.first.organization, &second = test.second.organization;
  EXPECT_EQ(of(first, {{"a", "x"}}), of(first, {{"a", "x"}}));
  EXPECT_NE(of(first, {{"a", "x"}}), of(first, {{"a", "y"}}));
  EXPECT_NE(of(first, {{"a", "x"}}), of(second, {{"a", "x"}}));
  EXPECT_EQ(of(first, {}), "{}");
}

/// A service that reads a request and hangs up.
class HangsUp {
 public:
  HangsUp() : acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {
    thread_ = std::thread([this] { serve(); });
  }
  ~HangsUp() {
    stopping_ = true;
    net::RawSocket::connect(endpoint().port);
    thread_.join();
  }
  net::Endpoint endpoint() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }
  std::atomic<int> requests = 0;

 private:
  void serve() {
    while (!stopping_) {
      asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket);
      std::string text;
      char bytes[4096];
      boost::system::error_code ended;
      while (!ended && text.find("\"name\"") == std::string::npos) {
        const std::size_t size = socket.read_some(asio::buffer(bytes), ended);
        text.append(bytes, size);
      }
      if (!ended) ++requests;
    }
  }
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
};

TEST_F(Whole, TakesNoWriteForUndoneWhoseSuccessCannotBeRead) {
  net::HttpServer page(test.workers, {}, [](net::Request) -> Task<net::Response> {
    co_return net::Response{200, {{"Content-Type", "text/html"}}, "<p>Welcome back</p>", {}};
  });
  page.start();
  Platform elsewhere(test.services_with({"127.0.0.1", page.port()}),
                     test.workers.loop(0).get_executor());
  const auto failure_of = [&](ExecuteCommand command) {
    auto answer = test.run(
        elsewhere.executor().execute(admin, id, std::move(command), {}, Deadline::never()));
    return answer ? Error{} : answer.error();
  };
  const Error write =
      failure_of({.entity = "customers", .action = "create", .params = {{"name", "x"}}});
  EXPECT_EQ(write.code, "outcome_unknown");
  EXPECT_EQ(write.kind, ErrorKind::conflict);
  EXPECT_NE(write.message.find("look there before you send it again"), std::string::npos)
      << write.message;
  const Error read = failure_of({.entity = "customers", .action = "get", .params = {{"id", "c1"}}});
  EXPECT_EQ(read.code, "provider_unavailable") << "a read may be asked for again";
  test.run(elsewhere.stop());
}

TEST_F(Whole, NeverRepeatsAWriteWhoseOutcomeNobodyKnows) {
  HangsUp service;
  Platform elsewhere(test.services_with(service.endpoint()), test.workers.loop(0).get_executor());
  for (int i = 0; i < 2; ++i) {
    ExecuteCommand write{.entity = "customers", .action = "create", .params = {{"name", "x"}}};
    write.idempotency = *IdempotencyKey::parse("order", "the same");
    const auto lost =
        test.run(elsewhere.executor().execute(admin, id, std::move(write), {}, Deadline::never()));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, "outcome_unknown") << lost.error().message;
    EXPECT_EQ(lost.error().kind, ErrorKind::conflict);
    const auto* const next = i == 0 ? "look there before you send it again" : "look at the service";
    EXPECT_NE(lost.error().message.find(next), std::string::npos) << lost.error().message;
  }
  EXPECT_EQ(service.requests, 1);
  const auto calls = test.run(test.platform->tool_calls().list(admin, {}));
  EXPECT_EQ(calls->calls.at(0).status, "outcome_unknown");
  test.run(elsewhere.stop());
}

}  // namespace
}  // namespace fairlead::platform
