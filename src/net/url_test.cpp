#include "net/url.hpp"

#include <gtest/gtest.h>

namespace fairlead::net {
namespace {

TEST(Url, ReadsItsParts) {
  struct Case {
    const char* text;
    bool https;
    const char* host;
    std::uint16_t port;
    const char* target;
    const char* authority;
  };
  const Case cases[] = {
      {"https://api.example.com", true, "api.example.com", 443, "/", "api.example.com"},
      {"HTTPS://API.Example.COM/V1?Q=A", true, "api.example.com", 443, "/V1?Q=A",
       "api.example.com"},
      {"http://example.com", false, "example.com", 80, "/", "example.com"},
      {"http://example.com:80/a", false, "example.com", 80, "/a", "example.com"},
      {"https://example.com:8443/a/../b%2fc", true, "example.com", 8443, "/a/../b%2fc",
       "example.com:8443"},
      {"https://example.com?q=1", true, "example.com", 443, "/?q=1", "example.com"},
      {"https://a_b-c.example.com/", true, "a_b-c.example.com", 443, "/", "a_b-c.example.com"},
      {"https://[2001:DB8:0::1]:444/x", true, "2001:db8::1", 444, "/x", "[2001:db8::1]:444"},
      {"http://[::1]/", false, "::1", 80, "/", "[::1]"},
      {"http://2130706433/", false, "2130706433", 80, "/", "2130706433"},
      {"https://example.com/a@b:c?d=e@f://g", true, "example.com", 443, "/a@b:c?d=e@f://g",
       "example.com"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = Url::parse(c.text);
    ASSERT_TRUE(url);
    EXPECT_EQ(url->https, c.https);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->target, c.target);
    EXPECT_EQ(url->authority(), c.authority);
    EXPECT_EQ(url->str(), (c.https ? "https://" : "http://") + std::string(c.authority) + c.target);
  }
}

TEST(Url, RefusesWhatCannotBeSent) {
  const std::string cases[] = {
      "",
      "example.com",
      "//example.com/",
      "ftp://example.com/",
      "file:///etc/passwd",
      "gopher://example.com/",
      "javascript:alert(1)",
      "https:/example.com/",
      "https:///path",
      "https://",
      "https://?q",
      "https://user@example.com/",
      "https://user:pass@example.com/",
      "https://good.example@127.0.0.1/",
      "https://example.com#fragment",
      "https://example.com/#fragment",
      "https://example.com/a b",
      "https://example.com/a\tb",
      "https://example.com/a\r\nX: y",
      std::string("https://example.com/a\0b", 23),
      "https://example.com/\x7f",
      "https://example.com/\xc3\xa9",
      "https://ex\xc3\xa4mple.com/",
      "https://127\u30020.0.1/",
      "https://\xe2\x91\xa0\xe2\x91\xa1.0.0.1/",
      "https://example.com./",
      "https://example..com/",
      "https://.example.com/",
      "https://exa mple.com/",
      "https://exa%6dple.com/",
      "https://example.com:0/",
      "https://example.com:65536/",
      "https://example.com:-1/",
      "https://example.com:+1/",
      "https://example.com:/",
      "https://example.com:80x/",
      "https://example.com:80:80/",
      "https://example.com\\@other.example/",
      "https://exa\\mple.com/",
      "https://[::1/",
      "https://[::1]x/",
      "https://[]/",
      "https://[fe80::1%25eth0]/",
      "https://[fe80::1%eth0]/",
      "https://[127.0.0.1]/",
      "https://::1/",
      "https://" + std::string(254, 'a') + "/",
      "https://example.com/" + std::string(8 * 1024, 'a'),
  };
  for (const std::string& text : cases) EXPECT_FALSE(Url::parse(text)) << text;
}

TEST(Url, ErrorsDoNotRepeatTheUrl) {
  const auto url = Url::parse("https://user:hunter2@example.com/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
}

TEST(Url, ComparesOrigins) {
  const auto parse = [](const char* text) { return Url::parse(text).value(); };
  EXPECT_TRUE(parse("https://a.example/x").same_origin(parse("https://A.example:443/y")));
  EXPECT_FALSE(parse("https://a.example/").same_origin(parse("http://a.example/")));
  EXPECT_FALSE(parse("https://a.example/").same_origin(parse("https://a.example:444/")));
  EXPECT_FALSE(parse("https://a.example/").same_origin(parse("https://b.example/")));
}

TEST(Endpoint, TakesLoopbackAddressesOnly) {
  struct Case {
    const char *text, *address;
    std::uint16_t port;
  };
  const Case good[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                       {"127.9.8.7:1", "127.9.8.7", 1},
                       {"[::1]:8080", "::1", 8080},
                       {"localhost:8080", "127.0.0.1", 8080},
                       {"http://localhost:8080", "127.0.0.1", 8080},
                       {"http://127.0.0.1:8080/", "127.0.0.1", 8080}};
  for (const Case& c : good) {
    SCOPED_TRACE(c.text);
    const auto endpoint = Endpoint::parse_loopback(c.text);
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->address, c.address);
    EXPECT_EQ(endpoint->port, c.port);
  }
  for (const char* text :
       {"", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "10.0.0.1:80", "0.0.0.0:80",
        "example.com:80", "https://127.0.0.1:80", "127.0.0.1:80/path", "[::2]:80", "[::]:80",
        "::1:80", "[127.0.0.1]:80", "user@127.0.0.1:80", "[::ffff:10.0.0.1]:80", "2130706433:80"})
    EXPECT_FALSE(Endpoint::parse_loopback(text)) << text;
}

}  // namespace
}  // namespace fairlead::net
