// Clients, their secrets and tokens, over restarts and servers, and revocation; on every database.
#include "access/access.hpp"

#include "access/testdata/access_contract.hpp"
#include "store/keys.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(Drivers, AccessContract,
                         ::testing::ValuesIn(fairlead::testing::every_database()),
                         &fairlead::testing::name_of_database);

// --- tokens over restarts and servers

TEST_P(AccessContract, TokensAndSecretsOutliveARestart) {
  const InitResult client = house_.initialize();
  const std::string token = house_.application_token(client);
  const std::string scoped = house_.scoped_token(house_.authenticate(token), "acme");
  const std::string jwks = house_.access().jwks();
  house_.restart();
  if (house_.access().jwks() != jwks) {
    // In memory nothing outlives the program, but the test's database did.
    FAIL() << "the signing key changed";
  }
  EXPECT_TRUE(authenticate(token));
  EXPECT_TRUE(authenticate(scoped));
  EXPECT_TRUE(exchange(client.client_id.str(), client.client_secret.reveal()));
}

TEST_P(AccessContract, TwoServersShareKeysAndRevocations) {
  const InitResult client = house_.initialize();
  const auto other = house_.another_server();
  EXPECT_EQ(other->jwks(), house_.access().jwks());
  const std::string token = house_.application_token(client);
  EXPECT_TRUE(other->authenticator().authenticate(token));
  const Caller caller = house_.authenticate(token);
  ASSERT_TRUE(run(clients().rotate_secret(caller, client.client_id)));
  EXPECT_EQ(code_of(house_.access().authenticator().authenticate(token)), "token_revoked")
      << "here: at once";
  EXPECT_TRUE(other->authenticator().authenticate(token)) << "there: not yet";
  // A token issued there is good on both, also before the other has polled.
  const auto fresh = run(other->tokens().application_token(
      client.client_id.str(), client.client_secret.duplicate(), "192.0.2.1"));
  ASSERT_TRUE(fresh);
  EXPECT_TRUE(house_.access().authenticator().authenticate(fresh->access_token));
  run(other->poll());
  EXPECT_EQ(code_of(other->authenticator().authenticate(token)), "token_revoked");
}

// --- client secrets

TEST_P(AccessContract, WrongCredentialsGetOneAnswer) {
  const InitResult client = house_.initialize();
  const InitResult other = house_.add_organization("Other");
  const std::string id = client.client_id.str();
  const std::string secret(client.client_secret.reveal());
  std::string flipped = secret;
  flipped[10] = flipped[10] == 'A' ? 'B' : 'A';
  struct Case {
    std::string id, secret;
  };
  const Case cases[] = {
      {id, ""},
      {id, flipped},
      {id, secret + " "},
      {id, secret.substr(0, secret.size() - 1)},
      {id, std::string(other.client_secret.reveal())},
      {other.client_id.str(), secret},
      {random_uuid(), secret},
      {"", secret},
      {"not-a-uuid", secret},
      {"' OR '1'='1", secret},
      {client.organization_id.str(), secret},
      {id, std::string(100'000, 'x')},
      {std::string(100'000, 'x'), secret},
  };
  int address = 0;
  std::set<std::string> messages;
  for (const Case& c : cases) {
    const auto result = exchange(c.id, c.secret, "192.0.2." + std::to_string(++address));
    EXPECT_EQ(code_of(result), "invalid_client");
    EXPECT_EQ(kind_of(result), ErrorKind::unauthenticated);
    messages.insert(result.error().message + result.error().detail);
  }
  EXPECT_EQ(messages.size(), 1u) << "the answer does not tell what exists";
  EXPECT_TRUE(exchange(id, secret));
  std::string upper = id;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_TRUE(exchange(upper, secret)) << "a UUID in any case";
}

TEST_P(AccessContract, FailuresAreLimitedPerClientAndAddress) {
  const InitResult client = house_.initialize();
  const std::string id = client.client_id.str();
  const std::string secret(client.client_secret.reveal());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(exchange(id, "wrong")), "invalid_client");
  const auto limited = exchange(id, "wrong");
  EXPECT_EQ(kind_of(limited), ErrorKind::rate_limited);
  EXPECT_EQ(limited.error().retry_after, 60s);
  EXPECT_EQ(code_of(exchange(id, "wrong", "192.0.2.9")), "invalid_client");
  EXPECT_EQ(code_of(exchange(random_uuid(), "wrong")), "invalid_client");
  EXPECT_TRUE(exchange(id, secret)) << "behind one proxy a stranger locks nobody out";
  house_.clock().advance(59s);
  EXPECT_EQ(kind_of(exchange(id, "wrong")), ErrorKind::rate_limited);
  house_.clock().advance(1s);
  EXPECT_EQ(code_of(exchange(id, "wrong")), "invalid_client");

  // Of one address, over many clients.
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(code_of(exchange(random_uuid(), "wrong", "198.51.100.1")), "invalid_client");
  EXPECT_EQ(kind_of(exchange(random_uuid(), secret, "198.51.100.1")), ErrorKind::rate_limited);
  EXPECT_EQ(code_of(exchange(id, "wrong", "198.51.100.2")), "invalid_client");
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(exchange(id, secret, "198.51.100.1")) << "successes are not limited";
}

TEST_P(AccessContract, RotationKeepsTwoSecretsAndEndsTokens) {
  const InitResult client = house_.initialize();
  const std::string id = client.client_id.str();
  const Caller admin = LocalAdmin::of(client.organization_id);
  const std::string before = house_.application_token(client);
  ASSERT_TRUE(authenticate(before));

  house_.clock().advance(1s);
  const auto second = run(clients().rotate_secret(admin, client.client_id)).value();
  EXPECT_EQ(code_of(authenticate(before)), "token_revoked");
  EXPECT_TRUE(exchange(id, client.client_secret.reveal())) << "the older one works on";
  EXPECT_TRUE(exchange(id, second.client_secret.reveal()));
  house_.clock().advance(24h - 1s);
  EXPECT_TRUE(exchange(id, client.client_secret.reveal()));
  house_.clock().advance(1s);
  EXPECT_EQ(code_of(exchange(id, client.client_secret.reveal())), "invalid_client");

  house_.clock().advance(1s);
  const auto third = run(clients().rotate_secret(admin, client.client_id, 168h)).value();
  house_.clock().advance(1s);
  const auto fourth = run(clients().rotate_secret(admin, client.client_id, 1h)).value();
  EXPECT_EQ(code_of(exchange(id, second.client_secret.reveal())), "invalid_client")
      << "never three at a time";
  EXPECT_TRUE(exchange(id, third.client_secret.reveal()));
  EXPECT_TRUE(exchange(id, fourth.client_secret.reveal()));
  house_.clock().advance(1s);
  const auto fifth = run(clients().rotate_secret(admin, client.client_id, 0h)).value();
  EXPECT_EQ(code_of(exchange(id, fourth.client_secret.reveal())), "invalid_client") << "at once";
  EXPECT_TRUE(exchange(id, fifth.client_secret.reveal()));
  for (const auto overlap : {-1h, 169h})
    EXPECT_EQ(kind_of(run(clients().rotate_secret(admin, client.client_id, overlap))),
              ErrorKind::invalid_input);
}

TEST_P(AccessContract, ClientsBelongToTheirOrganization) {
  const InitResult ours = house_.initialize();
  const InitResult theirs = house_.add_organization("Other");
  const Caller caller = house_.caller(ours);
  EXPECT_EQ(kind_of(run(clients().rotate_secret(caller, theirs.client_id))), ErrorKind::not_found);
  EXPECT_EQ(kind_of(run(clients().revoke(caller, theirs.client_id))), ErrorKind::not_found);
  EXPECT_TRUE(exchange(theirs.client_id.str(), theirs.client_secret.reveal()));

  const auto made = run(clients().create(caller, "CI", Role::member)).value();
  auto list = run(clients().list(caller)).value();
  ASSERT_EQ(list.size(), 2u);
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const Client& c) { return c.id == made.client_id; });
  ASSERT_NE(found, list.end());
  EXPECT_EQ(found->name, "CI");
  EXPECT_EQ(found->role, Role::member);
  ASSERT_EQ(found->secrets.size(), 1u);
  EXPECT_FALSE(found->secrets[0].last_used_at);

  const auto token = exchange(made.client_id.str(), made.client_secret.reveal()).value();
  run(house_.access().poll());
  list = run(clients().list(caller)).value();
  for (const Client& client : list)
    if (client.id == made.client_id)
      EXPECT_EQ(client.secrets.at(0).last_used_at, house_.clock().now());

  // A member's client is no admin's, nor is a scoped token.
  const Caller member = authenticate(token.access_token).value();
  EXPECT_EQ(member.role(), Role::member);
  EXPECT_EQ(kind_of(run(clients().list(member))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(clients().create(member, "x", Role::admin))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(clients().rotate_secret(member, ours.client_id))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(clients().revoke(member, ours.client_id))), ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(house_.access().organizations().members(member))), ErrorKind::forbidden);
  for (const char* bad : {"", "  ", "a\nb"})
    EXPECT_EQ(kind_of(run(clients().create(caller, bad, Role::member))), ErrorKind::invalid_input);

  ASSERT_TRUE(run(clients().revoke(caller, made.client_id)));
  EXPECT_EQ(code_of(authenticate(token.access_token)), "token_revoked");
  EXPECT_EQ(code_of(exchange(made.client_id.str(), made.client_secret.reveal())), "invalid_client");
  EXPECT_EQ(kind_of(run(clients().revoke(caller, made.client_id))), ErrorKind::not_found);
}

TEST_P(AccessContract, ARevokedTokenMintsNothingThatOutlivesIt) {
  const InitResult client = house_.initialize();
  const std::string token = house_.application_token(client);
  const Caller caller = house_.authenticate(token);  // held over the revocation, as a request does
  const std::string scoped_before = house_.scoped_token(caller, "acme");
  ASSERT_TRUE(
      run(clients().rotate_secret(LocalAdmin::of(client.organization_id), client.client_id)));
  EXPECT_EQ(code_of(authenticate(scoped_before)), "token_revoked");
  EXPECT_EQ(code_of(authenticate(house_.scoped_token(caller, "acme"))), "token_revoked");
  const Caller renewed = house_.caller(client);
  EXPECT_TRUE(authenticate(house_.scoped_token(renewed, "acme")));
}

// --- scoped and widget tokens

TEST_P(AccessContract, AScopedTokenMakesItsWorkspaceOnce) {
  const InitResult client = house_.initialize();
  const Caller caller = house_.caller(client);
  const std::string first = house_.scoped_token(caller, "Kunde Ä/1");
  const std::string again = house_.scoped_token(caller, "Kunde Ä/1");
  EXPECT_NE(first, again);
  EXPECT_EQ(count("workspace"), 1);
  const Caller scoped = authenticate(first).value();
  const auto info = run(house_.access().tokens().scoped_token_info(scoped));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->organization_id, client.organization_id);
  EXPECT_EQ(info->workspace_id, *scoped.workspace());
  EXPECT_EQ(info->workspace_name, "Kunde Ä/1");
  EXPECT_EQ(*authenticate(again)->workspace(), info->workspace_id);
  EXPECT_NE(*authenticate(house_.scoped_token(caller, "kunde ä/1"))->workspace(),
            info->workspace_id)
      << "names are exact";

  EXPECT_EQ(kind_of(run(house_.access().tokens().scoped_token_info(caller))), ErrorKind::forbidden);
  const auto origin = WidgetOrigin::parse("https://app.example.com").value();
  EXPECT_EQ(kind_of(run(house_.access().tokens().scoped_token(scoped, name("x")))),
            ErrorKind::forbidden);
  EXPECT_EQ(kind_of(run(house_.access().tokens().widget_token(scoped, name("x"), origin))),
            ErrorKind::forbidden);
  EXPECT_EQ(count("workspace"), 2);
}

TEST_P(AccessContract, RacingScopedTokensShareOneWorkspace) {
  const InitResult client = house_.initialize();
  const Caller caller = house_.caller(client);
  std::array<std::string, 6> tokens;
  std::vector<std::thread> threads;
  for (auto& token : tokens)
    threads.emplace_back([&] { token = house_.scoped_token(caller, "acme"); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count("workspace"), 1);
  std::set<WorkspaceId> ids;
  for (const auto& token : tokens) ids.insert(*authenticate(token)->workspace());
  EXPECT_EQ(ids.size(), 1u);
}

TEST_P(AccessContract, SwitchingAWorkspaceOffEndsItsTokensOnly) {
  const InitResult client = house_.initialize();
  const Caller caller = house_.caller(client);
  const std::string acme = house_.scoped_token(caller, "acme");
  const std::string other = house_.scoped_token(caller, "other");
  const WorkspaceId id = *authenticate(acme)->workspace();

  WorkspaceChange off;
  off.status = WorkspaceStatus::inactive;
  ASSERT_TRUE(run(workspaces().update(caller, id, off)));
  EXPECT_EQ(code_of(house_.access().authenticator().authenticate(acme)), "token_revoked");
  EXPECT_TRUE(authenticate(other));
  EXPECT_EQ(code_of(run(house_.access().tokens().scoped_token(caller, name("acme")))),
            "workspace_inactive");
  WorkspaceChange on;
  on.status = WorkspaceStatus::active;
  ASSERT_TRUE(run(workspaces().update(caller, id, on)));
  EXPECT_EQ(code_of(authenticate(acme)), "token_revoked") << "what ended stays ended";
  EXPECT_TRUE(authenticate(house_.scoped_token(caller, "acme")));
}

TEST_P(AccessContract, RevocationsAreReadInOrder) {
  const auto raise = [&](store::EpochKind kind, const std::string& id) {
    run(house_.database().write(
        [&](store::Connection& c) { store::raise_epoch(c, kind, id, house_.clock().now()); }));
  };
  raise(store::EpochKind::client, "a");
  raise(store::EpochKind::workspace, "b");
  raise(store::EpochKind::client, "a");
  const auto after = [&](std::int64_t clock) {
    return run(house_.database().read(
        [clock](store::Connection& c) { return store::list_epoch_changes(c, clock); }));
  };
  ASSERT_EQ(after(0).size(), 3u);
  EXPECT_EQ(after(0)[1].kind, store::EpochKind::workspace);
  ASSERT_EQ(after(2).size(), 1u);
  EXPECT_EQ(after(2)[0].clock, 3);
  EXPECT_EQ(after(2)[0].subject_id, "a");
  EXPECT_TRUE(after(3).empty());
}

}  // namespace
}  // namespace fairlead::access
