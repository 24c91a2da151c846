#include "net/egress_policy.hpp"

#include "net/url.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netdb.h>

namespace fairlead::net {
namespace {

std::string canonical(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
              sizeof text);
  return text;
}

/// What a resolver makes of a literal in whatever spelling, without asking a name server.
std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  std::vector<std::string> addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* one = found; one; one = one->ai_next)
    addresses.push_back(canonical(one->ai_addr));
  freeaddrinfo(found);
  return addresses;
}

TEST(EgressPolicy, AllowsPublicAddressesOnTheHttpsPort) {
  const auto policy = EgressPolicy::public_only();
  for (const char* address : {"1.1.1.1",
                              "8.8.8.8",
                              "9.255.255.255",
                              "11.0.0.0",
                              "100.63.255.255",
                              "100.128.0.0",
                              "126.255.255.255",
                              "128.0.0.0",
                              "169.253.255.255",
                              "169.255.0.0",
                              "172.15.255.255",
                              "172.32.0.0",
                              "191.255.255.255",
                              "192.0.1.0",
                              "192.0.3.0",
                              "192.88.98.255",
                              "192.88.100.0",
                              "192.167.255.255",
                              "192.169.0.0",
                              "198.17.255.255",
                              "198.20.0.0",
                              "198.51.99.255",
                              "198.51.101.0",
                              "203.0.112.255",
                              "203.0.114.0",
                              "223.255.255.255",
                              "2000::1",
                              "2001:1::1",
                              "2606:4700:4700::1111",
                              "2003::1",
                              "3ffe::1",
                              "3fff:1000::1",
                              "::ffff:8.8.8.8",
                              "64:ff9b::8.8.8.8"})
    EXPECT_EQ(policy.refusal("host.example", address, 443, true), std::nullopt) << address;
}

TEST(EgressPolicy, RefusesOtherPortsAndPlainHttp) {
  const auto policy = EgressPolicy::public_only();
  EXPECT_TRUE(policy.refusal("host.example", "8.8.8.8", 80, false));
  EXPECT_TRUE(policy.refusal("host.example", "8.8.8.8", 443, false));
  EXPECT_TRUE(policy.refusal("host.example", "8.8.8.8", 8443, true));
  EXPECT_TRUE(policy.refusal("host.example", "8.8.8.8", 22, true));
}

TEST(EgressPolicy, RefusesEverythingThatIsNotGloballyRoutable) {
  const auto policy = EgressPolicy::public_only();
  for (const char* address : {"0.0.0.0",
                              "0.255.255.255",
                              "10.0.0.0",
                              "10.255.255.255",
                              "100.64.0.0",
                              "100.127.255.255",
                              "127.0.0.0",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.0.0",
                              "169.254.255.255",
                              "172.16.0.0",
                              "172.31.255.255",
                              "192.0.0.0",
                              "192.0.0.255",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.0.0",
                              "192.168.255.255",
                              "198.18.0.0",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "168.63.129.16",
                              "::",
                              "::1",
                              "::2",
                              "::7f00:1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:0:127.0.0.1",
                              "64:ff9b::10.0.0.1",
                              "64:ff9b::127.0.0.1",
                              "64:ff9b:1::8.8.8.8",
                              "100::1",
                              "1fff::1",
                              "2001::1",
                              "2001:db8::1",
                              "2002:0a00:0001::1",
                              "2002:7f00:0001::",
                              "2002:0808:0808::1",
                              "3fff::1",
                              "3fff:fff::1",
                              "4000::1",
                              "5f00::1",
                              "fc00::1",
                              "fd12::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "ffff::1",
                              "fd00:ec2::254",
                              "",
                              "localhost",
                              "127.1",
                              "2130706433",
                              "fe80::1%lo",
                              "127.0.0.1 "})
    EXPECT_TRUE(policy.refusal("host.example", address, 443, true)) << address;
}

TEST(EgressPolicy, NeverAllowsMetadataServices) {
  const auto everything =
      EgressPolicy::with_exceptions({"0.0.0.0/0:80+http", "0.0.0.0/0:443", "169.254.0.0/16:80+http",
                                     "[::/0]:80+http", "[::/0]:443", "host.example:80+http",
                                     "168.63.129.16:80+http"})
          .value();
  const auto unrestricted = EgressPolicy::unrestricted();
  for (const char* address : {"169.254.169.254",
                              "169.254.170.2",
                              "169.254.170.23",
                              "100.100.100.200",
                              "192.0.0.192",
                              "168.63.129.16",
                              "fd00:ec2::254",
                              "fd00:ec2::23",
                              "fd20:ce::254",
                              "fe80::a9fe:a9fe",
                              "::ffff:169.254.169.254",
                              "::ffff:a9fe:a9fe",
                              "::169.254.169.254",
                              "::ffff:0:169.254.169.254",
                              "64:ff9b::169.254.169.254",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::169.254.169.254",
                              "2002:a9fe:a9fe::",
                              "2002:a9fe:a9fe::1",
                              "2002:a83f:8110::1",
                              "2001:0:a9fe:a9fe::1",
                              "2001::5601:5601",
                              "2620:1::5efe:a9fe:a9fe",
                              "fe80::200:5efe:a9fe:a9fe"})
    for (const std::uint16_t port : {std::uint16_t{80}, std::uint16_t{443}})
      for (const auto* policy : {&everything, &unrestricted}) {
        EXPECT_TRUE(policy->refusal("host.example", address, port, false)) << address;
        EXPECT_TRUE(policy->refusal("host.example", address, port, true)) << address;
      }
  EXPECT_EQ(unrestricted.refusal("x", "127.0.0.1", 8080, false), std::nullopt);
  EXPECT_EQ(unrestricted.refusal("x", "fd00::1", 8080, false), std::nullopt);
  EXPECT_TRUE(unrestricted.refusal("x", "not an address", 443, true));
}

TEST(EgressPolicy, ExceptionsAllowWhatTheySay) {
  const auto policy = EgressPolicy::with_exceptions(
                          {"gitlab.corp.example:8443", "10.1.0.0/16:443", "192.168.7.7:8080+http",
                           "[fd12:3456::/32]:443", "[::1]:9000+http", "127.0.0.1:9000+http"})
                          .value();
  struct Case {
    const char *host, *address;
    std::uint16_t port;
    bool https, allowed;
  };
  const Case cases[] = {{"gitlab.corp.example", "10.9.9.9", 8443, true, true},
                        {"gitlab.corp.example", "10.9.9.9", 8443, false, false},
                        {"gitlab.corp.example", "10.9.9.9", 443, true, false},
                        {"other.corp.example", "10.9.9.9", 8443, true, false},
                        {"x", "10.1.0.0", 443, true, true},
                        {"x", "10.1.255.255", 443, true, true},
                        {"x", "10.2.0.0", 443, true, false},
                        {"x", "10.1.2.3", 444, true, false},
                        {"x", "::ffff:10.1.2.3", 443, true, true},
                        {"x", "64:ff9b::10.1.2.3", 443, true, true},
                        {"x", "192.168.7.7", 8080, false, true},
                        {"x", "192.168.7.7", 8080, true, true},
                        {"x", "192.168.7.8", 8080, false, false},
                        {"x", "fd12:3456:ffff::1", 443, true, true},
                        {"x", "fd12:3457::1", 443, true, false},
                        {"x", "::1", 9000, false, true},
                        {"x", "127.0.0.1", 9000, false, true},
                        {"x", "127.0.0.2", 9000, false, false},
                        {"x", "8.8.8.8", 443, true, true}};
  for (const Case& c : cases)
    EXPECT_EQ(!policy.refusal(c.host, c.address, c.port, c.https), c.allowed)
        << c.host << ' ' << c.address << ' ' << c.port;
}

TEST(EgressPolicy, MalformedExceptionsAreErrors) {
  for (const char* text : {"",
                           "host",
                           "host:",
                           "host:0",
                           "host:70000",
                           "host:443x",
                           ":443",
                           "10.0.0.0/33:443",
                           "10.0.0.0/:443",
                           "10.0.0.0/x:443",
                           "[::1:443",
                           "::1:443",
                           "fd00::/8:443",
                           "[fd00::/129]:443",
                           "[10.0.0.1]:443",
                           "host:443+https",
                           "host:443+",
                           "a b:443",
                           "*:443",
                           "host/24:443",
                           "[host]:443",
                           "https://host:443"}) {
    const auto policy = EgressPolicy::with_exceptions({"ok.example:443", text});
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().message.find("'" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(EgressPolicy, EachPolicyHasAGenerationAndCopiesKeepIt) {
  const auto a = EgressPolicy::public_only(), b = EgressPolicy::public_only();
  const auto copy = a;  // NOLINT(performance-unnecessary-copy-initialization): it is the question
  EXPECT_NE(a.generation(), b.generation());
  EXPECT_EQ(a.generation(), copy.generation());
}

/// The same inside addresses in every spelling that a resolver takes (scorecard SI-01).
std::vector<std::string> spellings_of(std::uint32_t address) {
  const unsigned a = address >> 24, b = (address >> 16) & 255, c = (address >> 8) & 255,
                 d = address & 255;
  const auto text = [](const char* format, auto... values) {
    char buffer[96];
    std::snprintf(buffer, sizeof buffer, format, values...);
    return std::string(buffer);
  };
  const unsigned high = address >> 16, low = address & 0xffff, tail = address & 0xffffff;
  return {text("%u.%u.%u.%u", a, b, c, d),
          text("%u", address),
          text("0x%x", address),
          text("0X%X", address),
          text("0%o", address),
          text("0x%08x", address),
          text("000%o", address),
          text("%u.%u", a, tail),
          text("0x%x.%u", a, tail),
          text("0%o.%u", a, tail),
          text("%u.0x%x", a, tail),
          text("%u.0%o", a, tail),
          text("0x%x.0x%x", a, tail),
          text("%u.%u.%u", a, b, low),
          text("0x%x.0x%x.0x%x", a, b, low),
          text("0%o.0%o.0%o", a, b, low),
          text("0x%x.%u.0%o", a, b, low),
          text("0x%x.0x%x.0x%x.0x%x", a, b, c, d),
          text("0X%X.0X%X.0X%X.0X%X", a, b, c, d),
          text("0%o.0%o.0%o.0%o", a, b, c, d),
          text("00%o.00%o.00%o.00%o", a, b, c, d),
          text("0%o.%u.%u.%u", a, b, c, d),
          text("%u.0%o.%u.%u", a, b, c, d),
          text("%u.%u.0%o.%u", a, b, c, d),
          text("%u.%u.%u.0%o", a, b, c, d),
          text("0x%x.%u.%u.%u", a, b, c, d),
          text("%u.0x%x.%u.%u", a, b, c, d),
          text("%u.%u.0x%x.%u", a, b, c, d),
          text("%u.%u.%u.0x%x", a, b, c, d),
          text("0x%x.0%o.%u.0x%x", a, b, c, d),
          text("[::ffff:%u.%u.%u.%u]", a, b, c, d),
          text("[::FFFF:%x:%x]", high, low),
          text("[0:0:0:0:0:ffff:%x:%x]", high, low),
          text("[0000:0000:0000:0000:0000:FFFF:%04x:%04x]", high, low),
          text("[::%u.%u.%u.%u]", a, b, c, d),
          text("[::%x:%x]", high, low),
          text("[::ffff:0:%u.%u.%u.%u]", a, b, c, d),
          text("[64:ff9b::%u.%u.%u.%u]", a, b, c, d),
          text("[64:ff9b::%x:%x]", high, low),
          text("[64:ff9b:1::%x:%x]", high, low),
          text("[0064:FF9B:0:0:0:0:%u.%u.%u.%u]", a, b, c, d),
          text("[2002:%x:%x::]", high, low),
          text("[2002:%x:%x::1]", high, low),
          text("[2002:%04X:%04X:0:0:0:0:1]", high, low),
          text("[2001::%x:%x]", high ^ 0xffff, low ^ 0xffff),
          text("[2001:0:%x:%x::1]", high, low),
          text("[fe80::5efe:%u.%u.%u.%u]", a, b, c, d),
          text("[fe80::%x:%x%%25lo]", high, low),
          text("[fe80::%x:%x%%1]", high, low),
          text("%u.%u.%u.%u.", a, b, c, d),
          text("user@%u.%u.%u.%u", a, b, c, d),
          text("8.8.8.8@%u.%u.%u.%u", a, b, c, d),
          text("%u.%u.%u.%u#@8.8.8.8", a, b, c, d),
          text("8.8.8.8\\@%u.%u.%u.%u", a, b, c, d),
          text("%u\xe3\x80\x82%u\xe3\x80\x82%u\xe3\x80\x82%u", a, b, c, d),
          text("%u\xef\xbc\x8e%u\xef\xbc\x8e%u\xef\xbc\x8e%u", a, b, c, d),
          text("%%31%u.%u.%u.%u", a % 100, b, c, d),
          text("%u.%u.%u.%u%%2e", a, b, c, d),
          text("%u.%u.%u.%u%%00.example.com", a, b, c, d)};
}

TEST(EgressPolicy, NoSpellingOfAnInsideAddressPasses) {
  const auto policy = EgressPolicy::public_only();
  std::size_t tried = 0, resolved = 0, refused_as_text = 0;
  for (const std::uint32_t address :
       {0x7f000001u /* 127.0.0.1 */, 0x0a000005u /* 10.0.0.5 */, 0xa9fea9feu /* metadata */,
        0xc0a80101u /* 192.168.1.1 */, 0xac100001u /* 172.16.0.1 */,
        0x646464c8u /* 100.100.100.200 */, 0xa83f8110u /* 168.63.129.16 */, 0u})
    for (const std::string& spelling : spellings_of(address)) {
      ++tried;
      const auto url = Url::parse("https://" + spelling + "/");
      if (!url) {
        ++refused_as_text;
        continue;
      }
      const auto addresses = addresses_of(url->host);
      if (!addresses.empty()) ++resolved;
      for (const std::string& one : addresses)
        EXPECT_TRUE(policy.refusal(url->host, one, url->port, true)) << spelling << " -> " << one;
    }
  EXPECT_GE(tried, 300u);
  EXPECT_GE(resolved, 280u);
  EXPECT_GE(refused_as_text, 80u);
}

}  // namespace
}  // namespace fairlead::net
