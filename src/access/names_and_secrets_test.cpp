// What needs no database: names, origins, passwords, client secrets, limits of failures.
#include "access/access.hpp"
#include "access/failure_limiter.hpp"
#include "access/password.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;

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
