// URLs of requests that we send: parsed once, by one parser.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::net {

/// An absolute http or https URL. `target` begins with '/' and is sent exactly as it stands.
struct Url {
  bool https = true;
  std::string host;  ///< lowercase; without brackets for IPv6
  std::uint16_t port = 443;
  std::string target = "/";

  /// Refuses user info, a fragment, other schemes, control characters, and what is longer than 8
  /// KiB.
  static Result<Url> parse(std::string_view text);
  /// host, with ":port" where it is not the scheme's own; what goes into the Host header.
  std::string authority() const;
  /// scheme://authority
  std::string origin() const;
  std::string str() const { return origin() + target; }
  bool same_origin(const Url& other) const {
    return https == other.https && host == other.host && port == other.port;
  }
};

/// An address to connect to instead of the one that the URL names (`--connect-to`): loopback only,
/// plain HTTP.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;

  /// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", or the same with http:// before it.
  static Result<Endpoint> parse_loopback(std::string_view text);
};

}  // namespace fairlead::net
