// Addresses that an answer names: redirects, and the download URLs of records. Nothing in them is
// trusted (F6, F7, F8).
#pragma once

#include "net/url.hpp"

#include <optional>
#include <string_view>

namespace fairlead::connector {

/// `reference` as seen from `base` (RFC 3986, section 5); its fragment is dropped. Schemes other
/// than http and https are an error.
Result<net::Url> resolve(const net::Url& base, std::string_view reference);

/// Whether `url` lies at or below `base`: the same origin, and the base's path up to the end of a
/// segment.
bool is_within(const net::Url& base, const net::Url& url);

/// 127.0.0.0/8, ::1, localhost.
bool is_loopback(const net::Url& url);

/// 301, 302, 303, 307, 308.
bool is_redirect(int status);

}  // namespace fairlead::connector
