// First start, by the command line or by a code, and the way back of an admin, on every database.
#include "access/setup.hpp"

#include "access/password.hpp"
#include "access/testdata/access_contract.hpp"
#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace fairlead::access
