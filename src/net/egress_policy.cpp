#include "net/egress_policy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <charconv>

namespace fairlead::net {
namespace {

/// 16 bytes; IPv4 in its v4-mapped form (::ffff:a.b.c.d).
using Bytes = std::array<unsigned char, 16>;
constexpr unsigned mapped_bits = 96;

Bytes mapped(const unsigned char* v4) {
  Bytes bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy_n(v4, 4, bytes.begin() + 12);
  return bytes;
}

struct Parsed {
  Bytes bytes;
  bool v4;
};
std::optional<Parsed> parse_address(std::string_view text) {
  const std::string terminated(text);
  std::array<unsigned char, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1)
    return Parsed{mapped(v4.data()), true};
  Bytes v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return Parsed{v6, false};
  return std::nullopt;
}

bool same_prefix(const unsigned char* a, const unsigned char* b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a, a + whole, b)) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/// A network as written in the tables below: v4 prefixes count from the first of the four bytes.
struct Network {
  Network(const char* text, unsigned bits)
      : bytes(parse_address(text).value().bytes),
        prefix(std::string_view(text).find(':') == std::string_view::npos ? bits + mapped_bits
                                                                          : bits) {}
  bool holds(const Bytes& address) const {
    return same_prefix(address.data(), bytes.data(), prefix);
  }
  Bytes bytes;
  unsigned prefix;
};

template <class Networks>
bool any_holds(const Networks& networks, const Bytes& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.holds(address); });
}

/// What clouds answer secrets from. 168.63.129.16 is a public address, so no range holds it.
bool is_metadata_service(const Bytes& address) {
  static const std::array<Network, 10> never{{{"169.254.169.254", 32},
                                              {"169.254.170.2", 32},
                                              {"169.254.170.23", 32},
                                              {"100.100.100.200", 32},
                                              {"192.0.0.192", 32},
                                              {"168.63.129.16", 32},
                                              {"fd00:ec2::254", 128},
                                              {"fd00:ec2::23", 128},
                                              {"fd20:ce::254", 128},
                                              {"fe80::a9fe:a9fe", 128}}};
  return any_holds(never, address);
}

const Network& v4_mapped() {
  static const Network network("::ffff:0:0", 96);
  return network;
}
const Network& nat64() {
  static const Network network("64:ff9b::", 96);
  return network;
}

/// Every IPv4 address that a router on the way may make of this IPv6 address.
std::vector<Bytes> embedded_v4(const Bytes& address) {
  static const std::array<Network, 5> in_the_last_bytes{
      {{"::", 96},            // IPv4-compatible, deprecated
       {"::ffff:0:0:0", 96},  // SIIT
       {"64:ff9b::", 96},     // NAT64
       {"64:ff9b:1::", 48},   // NAT64 of the own network
       {"2001::", 32}}};      // Teredo: the server's (the client's is inverted, below)
  static const Network six_to_four("2002::", 16);
  static const Network teredo("2001::", 32);
  std::vector<Bytes> found;
  if (any_holds(in_the_last_bytes, address)) found.push_back(mapped(address.data() + 12));
  if (six_to_four.holds(address)) found.push_back(mapped(address.data() + 2));
  if (teredo.holds(address)) {
    std::array<unsigned char, 4> client{};
    for (std::size_t i = 0; i < 4; ++i) client[i] = static_cast<unsigned char>(~address[12 + i]);
    found.push_back(mapped(client.data()));
    found.push_back(mapped(address.data() + 4));
  }
  // ISATAP: any prefix, then 0[02]00:5efe and the IPv4 address.
  if ((address[8] & 0xfd) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe)
    found.push_back(mapped(address.data() + 12));
  return found;
}

bool is_never_allowed(const Bytes& address) {
  const auto inner = embedded_v4(address);
  return is_metadata_service(address) ||
         std::any_of(inner.begin(), inner.end(), is_metadata_service);
}

/// As the IANA special-purpose registries say; what is not in 2000::/3 is not routable.
bool is_globally_routable(const Bytes& address) {
  static const std::array<Network, 15> not_v4{{{"0.0.0.0", 8},
                                               {"10.0.0.0", 8},
                                               {"100.64.0.0", 10},
                                               {"127.0.0.0", 8},
                                               {"169.254.0.0", 16},
                                               {"172.16.0.0", 12},
                                               {"192.0.0.0", 24},
                                               {"192.0.2.0", 24},
                                               {"192.88.99.0", 24},
                                               {"192.168.0.0", 16},
                                               {"198.18.0.0", 15},
                                               {"198.51.100.0", 24},
                                               {"203.0.113.0", 24},
                                               {"224.0.0.0", 4},
                                               {"240.0.0.0", 4}}};
  static const Network global_v6("2000::", 3);
  static const std::array<Network, 4> not_v6{
      {{"2001::", 32}, {"2001:db8::", 32}, {"2002::", 16}, {"3fff::", 20}}};
  if (v4_mapped().holds(address)) return !any_holds(not_v4, address);
  return global_v6.holds(address) && !any_holds(not_v6, address);
}

std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

EgressPolicy EgressPolicy::public_only() {
  EgressPolicy policy;
  policy.generation_ = next_generation();
  return policy;
}

EgressPolicy EgressPolicy::unrestricted() {
  EgressPolicy policy = public_only();
  policy.unrestricted_ = true;
  return policy;
}

Result<EgressPolicy> EgressPolicy::with_exceptions(const std::vector<std::string>& exceptions) {
  EgressPolicy policy = public_only();
  for (const std::string& text : exceptions) {
    const auto malformed = [&](std::string_view why) {
      return invalid("egress exception '" + text + "': " + std::string(why) +
                     "; expected host:port, address:port or network/bits:port, with +http at the "
                     "end to allow plain HTTP ([...] around IPv6)");
    };
    Exception exception;
    std::string_view rest = text;
    if (rest.ends_with("+http")) {
      exception.http = true;
      rest.remove_suffix(5);
    }
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) return malformed("the port is missing");
    const auto port = parse_number<std::uint16_t>(rest.substr(colon + 1));
    if (!port || *port == 0) return malformed("the port must be 1 to 65535");
    exception.port = *port;
    rest = rest.substr(0, colon);
    const bool bracketed = rest.starts_with('[') && rest.ends_with(']');
    if (bracketed) rest = rest.substr(1, rest.size() - 2);

    const auto slash = rest.find('/');
    if (const auto address = parse_address(rest.substr(0, slash));
        address && address->v4 != bracketed) {
      const unsigned longest = address->v4 ? 32 : 128;
      const auto bits = slash == std::string_view::npos
                            ? longest
                            : parse_number<unsigned>(rest.substr(slash + 1));
      if (!bits || *bits > longest) return malformed("the network's length is wrong");
      exception.prefix = address->v4 ? *bits + mapped_bits : *bits;
      exception.network.assign(address->bytes.begin(), address->bytes.end());
    } else if (!bracketed && slash == std::string_view::npos) {
      exception.host = rest;
      std::transform(exception.host.begin(), exception.host.end(), exception.host.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
      if (!is_plain_host(exception.host)) return malformed("the host is malformed");
    } else {
      return malformed("the address is malformed");
    }
    policy.exceptions_.push_back(std::move(exception));
  }
  return policy;
}

std::optional<std::string> EgressPolicy::refusal(std::string_view host, std::string_view address,
                                                 std::uint16_t port, bool https) const {
  const auto parsed = parse_address(address);
  if (!parsed) return "the address is not one that can be judged";
  Bytes judged = parsed->bytes;
  if (is_never_allowed(judged)) return "the address is one that is never allowed";
  if (unrestricted_) return std::nullopt;
  if (nat64().holds(judged)) judged = mapped(judged.data() + 12);

  bool listed = false;
  for (const Exception& exception : exceptions_) {
    const bool named =
        exception.network.empty()
            ? exception.host == host
            : same_prefix(judged.data(),
                          reinterpret_cast<const unsigned char*>(exception.network.data()),
                          exception.prefix);
    if (!named || exception.port != port) continue;
    if (https || exception.http) return std::nullopt;
    listed = true;
  }
  if (listed) return "plain HTTP is not allowed by the exception";
  const auto unless_excepted = [](const char* why) {
    return std::string(why) + "; an operator can allow it by --egress-exception";
  };
  if (!is_globally_routable(judged)) return unless_excepted("the address is not a public one");
  if (port != 443) return unless_excepted("the port is not 443");
  if (!https) return unless_excepted("plain HTTP is not allowed");
  return std::nullopt;
}

}  // namespace fairlead::net
