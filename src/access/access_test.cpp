// First start, workspaces, clients and revocation, on every database; names, passwords and origins.
#include "access/access.hpp"

#include "access/failure_limiter.hpp"
#include "access/password.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "store/keys.hpp"
#include "support/installation.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;
using fairlead::testing::Installation;

WorkspaceName name(std::string_view text) { return WorkspaceName::parse(text).value(); }

template <class T>
std::string code_of(const Result<T>& result) {
  if (result) return "none";
  return result.error().code.empty() ? std::to_string(static_cast<int>(result.error().kind))
                                     : result.error().code;
}
template <class T>
ErrorKind kind_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::internal : result.error().kind;
}

class AccessContract : public ::testing::TestWithParam<fairlead::testing::DatabaseKind> {
 protected:
  AccessContract() : house_(GetParam().make()) {}

  template <class T>
  static T run(Task<T> task) {
    return run_to_end(std::move(task));
  }
  Result<InitResult> init(std::string email, std::string_view password, std::string organization) {
    return run(initialize(house_.database(), house_.vault(), house_.clock(),
                          {std::move(email), Secret(password), std::move(organization)}));
  }
  Result<ApplicationToken> exchange(const std::string& id, std::string_view secret,
                                    const std::string& address = "192.0.2.1") {
    return run(house_.access().tokens().application_token(id, Secret(secret), address));
  }
  Result<Caller> authenticate(const std::string& token) {
    return run(house_.access().authenticator().authenticate_with_reload(token));
  }
  std::int64_t count(const std::string& table) {
    return run(house_.database().read(
                   [&](store::Connection& c) { return c.query("SELECT count(*) FROM " + table); }))
        .at(0)
        .integer(0);
  }
  access::Setup& setup() { return house_.access().setup(); }
  Secret setup_code() { return run(setup().create_code()).value(); }
  static Secret good_password() { return Secret("four random words here"); }
  Result<InitResult> claim(const Secret& code, const std::string& address = "192.0.2.1") {
    return run(
        setup().claim(code.duplicate(), {"ada@example.com", good_password(), "Acme"}, address));
  }
  Result<Recovered> recover(const Secret& code,
                            std::string_view password = "other random words here",
                            const std::string& address = "192.0.2.1") {
    return run(setup().recover(code.duplicate(), Secret(password), address));
  }
  std::string password_hash() {
    return run(house_.database().read([](store::Connection& c) {
             return c.query("SELECT password_hash FROM member");
           }))
        .at(0)
        .text(0);
  }
  Workspaces& workspaces() { return house_.access().workspaces(); }
  Clients& clients() { return house_.access().clients(); }

  Installation house_;
};

INSTANTIATE_TEST_SUITE_P(Drivers, AccessContract,
                         ::testing::ValuesIn(fairlead::testing::every_database()),
                         &fairlead::testing::name_of_database);

// --- first start

TEST_P(AccessContract, TheFirstInitWinsAndTheSecondChangesNothing) {
  EXPECT_FALSE(run(is_claimed(house_.database())));
  const auto first = init("Ada@example.com", "four random words here", "Acme");
  ASSERT_TRUE(first);
  EXPECT_TRUE(run(is_claimed(house_.database())));
  EXPECT_TRUE(is_client_secret_form(first->client_secret.reveal()));

  const auto second = init("eve@example.com", "four other random words", "Evil");
  EXPECT_EQ(code_of(second), "already_initialized");
  EXPECT_EQ(kind_of(second), ErrorKind::conflict);
  for (const char* table : {"organization", "member", "client", "client_secret", "claim",
                            "organization_key", "client_owner"})
    EXPECT_EQ(count(table), 1) << table;

  const auto token = exchange(first->client_id.str(), first->client_secret.reveal());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->organization_id, first->organization_id);
  EXPECT_EQ(token->expires_in, 900s);
  const Caller caller = authenticate(token->access_token).value();
  EXPECT_EQ(run(house_.access().organizations().find(caller))->name, "Acme");
  const auto members = run(house_.access().organizations().members(caller)).value();
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].email, "Ada@example.com");
  EXPECT_EQ(members[0].role, Role::admin);
  // Sealing for the new organization works at once.
  const vault::SecretAddress address{first->organization_id, std::nullopt, std::nullopt, "x", 1};
  EXPECT_FALSE(run(house_.vault().seal(address, Secret("{}"))).bytes.empty());
}

TEST_P(AccessContract, OfRacingInitsOneWins) {
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const auto result =
          init("admin" + std::to_string(t) + "@example.com", "four random words here", "Acme");
      if (result)
        ++won;
      else if (code_of(result) == "already_initialized")
        ++lost;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 3);
  for (const char* table : {"organization", "member", "client", "client_secret"})
    EXPECT_EQ(count(table), 1) << table;
}

TEST_P(AccessContract, BadInitsNameTheFieldAndChangeNothing) {
  struct Case {
    std::string email, password, organization;
    const char* field;
  };
  const std::string good = "four random words here";
  const Case cases[] = {
      {"", good, "Acme", "admin_email"},
      {"no-address", good, "Acme", "admin_email"},
      {"two@at@signs.example", good, "Acme", "admin_email"},
      {"@example.com", good, "Acme", "admin_email"},
      {"ada@", good, "Acme", "admin_email"},
      {"ada lovelace@example.com", good, "Acme", "admin_email"},
      {"ada@example.com\n", good, "Acme", "admin_email"},
      {std::string(250, 'a') + "@example.com", good, "Acme", "admin_email"},
      {"a@example.com", good, "", "organization_name"},
      {"a@example.com", good, "   ", "organization_name"},
      {"a@example.com", good, "tab\there", "organization_name"},
      {"a@example.com", good, std::string(256, 'x'), "organization_name"},
      {"a@example.com", "", "Acme", "admin_password"},
      {"a@example.com", "elevenchars", "Acme", "admin_password"},
  };
  for (const Case& c : cases) {
    const auto result = init(c.email, c.password, c.organization);
    ASSERT_FALSE(result) << c.email;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(result.error().fields.at(0).field, c.field) << result.error().message;
  }
  EXPECT_EQ(count("organization"), 0);
  EXPECT_FALSE(run(is_claimed(house_.database())));
}

// --- the ceremonies: first start by a code, and the way back

TEST_P(AccessContract, ASetupCodeIsStoredAsItsHash) {
  const Secret code = setup_code();
  EXPECT_EQ(code.size(), 22u);
  const Secret second = setup_code();
  EXPECT_FALSE(code.matches(second));
  const auto rows = run(house_.database().read(
      [](store::Connection& c) { return c.query("SELECT code_hash FROM one_time_code"); }));
  ASSERT_EQ(rows.size(), 1u) << "the earlier code ended";
  EXPECT_EQ(rows[0].bytes(0), bytes_of(sha256(second.reveal())));
  EXPECT_FALSE(run(setup().is_live_code(code.duplicate())));
  EXPECT_TRUE(run(setup().is_live_code(second.duplicate())));
  EXPECT_EQ(code_of(claim(code)), "code_rejected");
  (void)house_.initialize();
  EXPECT_EQ(count("one_time_code"), 0);
  EXPECT_EQ(code_of(run(setup().create_code())), "already_initialized");
}

TEST_P(AccessContract, ASetupCodeClaimsOnce) {
  EXPECT_FALSE(run(setup().check_claimed()));
  const Secret code = setup_code();
  const auto first = claim(code);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(setup().is_known_claimed());
  EXPECT_TRUE(run(is_claimed(house_.database())));
  const auto token = exchange(first->client_id.str(), first->client_secret.reveal());
  ASSERT_TRUE(token);
  EXPECT_EQ(authenticate(token->access_token).value().role(), Role::admin);
  EXPECT_EQ(code_of(claim(code)), "already_initialized");
  EXPECT_EQ(count("organization"), 1);
  EXPECT_EQ(count("one_time_code"), 0);
}

TEST_P(AccessContract, OfRacingClaimsOneWins) {
  const Secret code = setup_code();
  const auto other = house_.another_server();
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      access::Setup& here = t % 2 == 0 ? setup() : other->setup();
      const auto result = run(here.claim(
          code.duplicate(), {"admin" + std::to_string(t) + "@example.com", good_password(), "Acme"},
          "192.0.2." + std::to_string(t)));
      if (result)
        ++won;
      else if (code_of(result) == "already_initialized" || code_of(result) == "code_rejected")
        ++lost;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
  for (const char* table : {"organization", "member", "client", "client_secret", "claim"})
    EXPECT_EQ(count(table), 1) << table;
}

TEST_P(AccessContract, FiveWrongTriesEndASetupCode) {
  const Secret code = setup_code();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(run(setup().has_live_code())) << i;
    const std::string address = "192.0.2." + std::to_string(i);
    EXPECT_EQ(code_of(claim(Secret("guess"), address)), "code_rejected");
  }
  EXPECT_FALSE(run(setup().has_live_code())) << "whoever made them";
  EXPECT_EQ(code_of(claim(code, "192.0.2.77")), "code_rejected") << "the right one is gone too";
  const Secret fresh = setup_code();
  EXPECT_TRUE(claim(fresh, "192.0.2.78"));
}

TEST_P(AccessContract, AnAddressHasFiveWrongTriesAMinute) {
  for (int i = 0; i < 5; ++i) {
    (void)setup_code();
    EXPECT_EQ(code_of(claim(Secret(""))), "code_rejected");
  }
  const Secret code = setup_code();
  EXPECT_EQ(kind_of(claim(code)), ErrorKind::rate_limited);
  EXPECT_TRUE(run(setup().has_live_code())) << "what was not tried does not count";
  house_.clock().advance(60s);
  EXPECT_TRUE(claim(code));
}

TEST_P(AccessContract, ASetupCodeLives24Hours) {
  const Secret code = setup_code();
  house_.clock().advance(24h - 1s);
  EXPECT_TRUE(run(setup().is_live_code(code.duplicate())));
  house_.clock().advance(1s);
  EXPECT_FALSE(run(setup().has_live_code()));
  EXPECT_EQ(code_of(claim(code)), "code_rejected");
}

TEST_P(AccessContract, AMistakeDoesNotUseASetupCodeUp) {
  const Secret code = setup_code();
  struct Case {
    const char *email, *password, *organization, *field;
  };
  const Case cases[] = {{"nobody", "four random words here", "Acme", "admin_email"},
                        {"ada@example.com", "short", "Acme", "admin_password"},
                        {"ada@example.com", "password12345", "Acme", "admin_password"},
                        {"ada@example.com", "four random words here", "", "organization_name"}};
  for (int round = 0; round < 3; ++round)
    for (const Case& c : cases) {
      const auto result = run(setup().claim(
          code.duplicate(), {c.email, Secret(c.password), c.organization}, "192.0.2.1"));
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().fields.at(0).field, c.field);
    }
  EXPECT_EQ(count("organization"), 0);
  EXPECT_TRUE(claim(code));
}

TEST_P(AccessContract, AnAdminWhoLostEverythingComesBackOnce) {
  EXPECT_EQ(code_of(run(setup().start_recovery(""))), "setup_required");
  EXPECT_FALSE(run(setup().is_recovery_open()));
  const InitResult lost = house_.initialize();
  EXPECT_EQ(kind_of(run(setup().start_recovery("eve@example.com"))), ErrorKind::not_found);
  const auto earlier = run(setup().start_recovery("")).value();
  const auto recovery = run(setup().start_recovery("ADMIN@example.com")).value();
  EXPECT_EQ(recovery.admin_email, "admin@example.com");
  EXPECT_TRUE(run(setup().is_recovery_open()));
  EXPECT_EQ(code_of(recover(earlier.code)), "code_rejected") << "the newer one replaced it";
  EXPECT_EQ(kind_of(recover(recovery.code, "short")), ErrorKind::invalid_input);

  const std::string before = password_hash();
  const auto back = recover(recovery.code);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->admin_email, "admin@example.com");
  EXPECT_EQ(back->client.organization_id, lost.organization_id);
  EXPECT_NE(password_hash(), before);
  EXPECT_TRUE(verify_password(Secret("other random words here"), password_hash()));
  const auto token = exchange(back->client.client_id.str(), back->client.client_secret.reveal());
  ASSERT_TRUE(token);
  EXPECT_EQ(authenticate(token->access_token).value().role(), Role::admin);
  EXPECT_TRUE(exchange(lost.client_id.str(), lost.client_secret.reveal())) << "others work on";

  EXPECT_FALSE(run(setup().is_recovery_open()));
  EXPECT_EQ(code_of(recover(recovery.code)), "code_rejected") << "once";
}

TEST_P(AccessContract, ARecoveryEndsAfterTenMinutesOrFiveWrongTries) {
  (void)house_.initialize();
  const auto late = run(setup().start_recovery("")).value();
  house_.clock().advance(10min);
  EXPECT_FALSE(run(setup().is_recovery_open()));
  EXPECT_EQ(code_of(recover(late.code)), "code_rejected");
  const auto guessed = run(setup().start_recovery("")).value();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(code_of(recover(Secret("guess"), "other random words here",
                              "192.0.2." + std::to_string(10 + i))),
              "code_rejected");
  EXPECT_FALSE(run(setup().is_recovery_open()));
  EXPECT_EQ(code_of(recover(guessed.code, "other random words here", "192.0.2.99")),
            "code_rejected");
  // Neither code works for the other ceremony.
  const auto recovery = run(setup().start_recovery("")).value();
  EXPECT_EQ(code_of(claim(recovery.code)), "already_initialized");
}

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

// --- workspaces

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

// --- what needs no database

TEST(WorkspaceNames, AreWhatClientsSend) {
  for (const std::string& good :
       {std::string("a"), std::string("acme"), std::string("Acme Corp. (EU) #7 / 🚀"),
        std::string(" leading"), std::string(255, 'x'), std::string("user@example.com"),
        std::string("客户")}) {
    ASSERT_TRUE(WorkspaceName::parse(good)) << good;
    EXPECT_EQ(WorkspaceName::parse(good)->str(), good);
  }
  std::string of_255_characters;
  for (int i = 0; i < 255; ++i) of_255_characters += "é";
  EXPECT_TRUE(WorkspaceName::parse(of_255_characters));
  EXPECT_FALSE(WorkspaceName::parse(of_255_characters + "é"));
  for (const std::string& bad :
       {std::string(), std::string(" "), std::string(256, 'x'), std::string("a\nb"),
        std::string("a\tb"), std::string("a\0b", 3), std::string("\x7f"), std::string("\xc2\x85"),
        std::string("\xff"), std::string("\xed\xa0\x80")})
    EXPECT_EQ(WorkspaceName::parse(bad).error().fields.at(0).field, "workspace_name");
}

TEST(WidgetOrigins, AreExact) {
  for (const char* good : {"https://app.example.com", "https://app.example.com:8443",
                           "http://localhost", "http://localhost:3000", "http://127.0.0.1:8080",
                           "http://[::1]:5173", "https://xn--bcher-kva.example"})
    EXPECT_TRUE(WidgetOrigin::parse(good)) << good;
  for (const char* bad : {"",
                          "null",
                          "*",
                          "https://*",
                          "https://*.example.com",
                          "https://",
                          "app.example.com",
                          "http://app.example.com",
                          "https://app.example.com/",
                          "https://app.example.com/path",
                          "https://app.example.com?x",
                          "https://app.example.com#x",
                          "https://user@app.example.com",
                          "https://App.example.com",
                          "HTTPS://app.example.com",
                          "ftp://app.example.com",
                          "javascript://app.example.com",
                          "https://app.example.com:",
                          "https://app.example.com:0",
                          "https://app.example.com:080",
                          "https://app.example.com:65536",
                          "https://app.example.com:443",
                          "http://localhost:80",
                          "https://app..example.com",
                          "https://app.example.com.",
                          "https://-x.example.com",
                          "https://app example.com",
                          "https://app.example.com https://evil.example",
                          "https://localhost\\.evil.example",
                          "http://localhost.evil.example",
                          "https://[::1",
                          "https://a:b:c",
                          "file://",
                          "https://é.com"})
    EXPECT_FALSE(WidgetOrigin::parse(bad)) << bad;
}

TEST(Passwords, GuessableOnesAreRefused) {
  const std::string email = "grace.hopper@example.com";
  const auto is_good = [&](std::string_view text) {
    return static_cast<bool>(check_password("p", Secret(text), email));
  };
  for (const std::string& good :
       {std::string("four random words here"), std::string("tr0ub4dor&3xyz"),
        std::string("Grünes Wasser läuft"), std::string("kP9$vQ2!mZ7x"),
        std::string("83920174650193"), std::string("correct horse battery staple x")})
    EXPECT_TRUE(is_good(good)) << good;
  std::string long_one;
  while (long_one.size() < 256) long_one += "word" + std::to_string(long_one.size()) + " ";
  EXPECT_TRUE(is_good(long_one.substr(0, 256)));
  EXPECT_FALSE(is_good(long_one.substr(0, 256) + "x"));
  for (const std::string& bad : {std::string(),
                                 std::string("short"),
                                 std::string("elevenchars"),
                                 std::string("password1234"),
                                 std::string("Password2026!"),
                                 std::string("PASSWORD!!!!!"),
                                 std::string("qwertyuiop123"),
                                 std::string("123456789012"),
                                 std::string("210987654321"),
                                 std::string("aaaaaaaaaaaa"),
                                 std::string("abababababab"),
                                 std::string("passwordpassword"),
                                 std::string("abcdefghijkl"),
                                 std::string("111122223333"),
                                 std::string("administrator1"),
                                 std::string("changeme12345"),
                                 std::string("letmein123456"),
                                 std::string("1q2w3e4r5t6y"),
                                 std::string("fairlead2026!"),
                                 email,
                                 std::string("grace.hopper1"),
                                 std::string("            "),
                                 std::string("invalid utf8 \xff\xff")})
    EXPECT_FALSE(is_good(bad)) << bad;
}

TEST(Passwords, AreHashedWithArgon2id) {
  const Secret password("four random words here");
  const std::string hash = hash_password(password);
  EXPECT_EQ(hash.rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0u) << hash;
  EXPECT_NE(hash, hash_password(password)) << "a salt of its own";
  EXPECT_TRUE(verify_password(password, hash));
  EXPECT_FALSE(verify_password(Secret("four random words herf"), hash));
  EXPECT_FALSE(verify_password(Secret(""), hash));
  for (const char* broken : {"", "x", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$abc"})
    EXPECT_FALSE(verify_password(password, broken)) << broken;
}

TEST(ClientSecrets, HaveAFormThatScannersKnow) {
  std::set<std::string> all;
  for (int i = 0; i < 200; ++i) {
    const Secret secret = make_client_secret();
    const std::string text(secret.reveal());
    EXPECT_EQ(text.size(), 53u);
    EXPECT_EQ(text.substr(0, 4), "fls_");
    EXPECT_TRUE(is_client_secret_form(text)) << text;
    all.insert(text);
    std::string changed = text;
    const auto at = static_cast<std::size_t>(4 + i % 49);
    changed[at] = changed[at] == '0' ? '1' : '0';
    EXPECT_FALSE(is_client_secret_form(changed));
  }
  EXPECT_EQ(all.size(), 200u);
  for (const char* text : {"", "fls_", "sk_live_0000000000000000000000000000000000000000000000000"})
    EXPECT_FALSE(is_client_secret_form(text));
}

TEST(FailureLimiters, CountInWindowsAndForget) {
  FakeClock clock(parse_rfc3339("2026-11-22T12:00:00Z").value());
  FailureLimiter limiter(clock);
  EXPECT_FALSE(limiter.wait_for("a", 2));
  limiter.note_failure("a");
  EXPECT_FALSE(limiter.wait_for("a", 2));
  limiter.note_failure("a");
  EXPECT_EQ(limiter.wait_for("a", 2), 60s);
  EXPECT_FALSE(limiter.wait_for("b", 2));
  clock.advance(59s + 1us);
  EXPECT_EQ(limiter.wait_for("a", 2), 1s);
  clock.advance(1s);
  EXPECT_FALSE(limiter.wait_for("a", 2));
  for (int i = 0; i < 50'000; ++i) limiter.note_failure(std::to_string(i));
  limiter.note_failure("a");
  EXPECT_FALSE(limiter.wait_for("a", 2)) << "a new window";
}

}  // namespace
}  // namespace fairlead::access
