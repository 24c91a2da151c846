#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>

namespace fairlead::net {
namespace {

constexpr std::size_t longest_url = 8 * 1024;
constexpr std::size_t longest_host = 253;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowercase(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

/// The text after `prefix`, compared without case; nothing when `text` begins otherwise.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size() || lowercase(text.substr(0, prefix.size())) != prefix)
    return std::nullopt;
  return text.substr(prefix.size());
}

bool is_name_character(char c) noexcept {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Labels of letters, digits, '-' and '_', none of them empty. What looks like a number
/// ("0x7f.1") is a name too: the address that it resolves to is judged before connecting.
bool is_host_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > longest_host) return false;
  bool label_is_empty = true;
  for (const char c : host) {
    if (c == '.' && label_is_empty) return false;
    if (c != '.' && !is_name_character(c)) return false;
    label_is_empty = c == '.';
  }
  return !label_is_empty;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Splits "host:port" and "[v6]:port"; `port` stays empty when there is no colon.
struct HostAndPort {
  std::string_view host, port;
  bool bracketed = false, has_port = false;
};
std::optional<HostAndPort> split_authority(std::string_view text) {
  HostAndPort parts;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, close - 1);
    parts.bracketed = true;
    text.remove_prefix(close + 1);
    if (!text.empty() && text[0] != ':') return std::nullopt;
  } else {
    parts.host = text.substr(0, text.find(':'));
    text.remove_prefix(parts.host.size());
  }
  parts.has_port = !text.empty();
  if (parts.has_port) parts.port = text.substr(1);
  return parts;
}

/// The canonical form; nothing when it is not an IPv6 address or has a zone.
std::optional<std::string> canonical_v6(std::string_view text) {
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address_v6(std::string(text), failure);
  if (failure || text.find('%') != std::string_view::npos) return std::nullopt;
  return address.to_string();
}

/// Visible ASCII but '#': what may stand in a request line without being encoded.
bool is_target(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > longest_url) return invalid("the URL is longer than 8 KiB");
  Url url;
  std::string_view rest;
  if (const auto https_rest = after(text, "https://")) {
    rest = *https_rest;
  } else if (const auto http_rest = after(text, "http://")) {
    rest = *http_rest;
    url.https = false;
    url.port = 80;
  } else {
    return invalid("the URL must begin with https:// or http://");
  }

  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  const auto target = rest.substr(authority.size());
  if (authority.find('@') != std::string_view::npos)
    return invalid("the URL must not hold a user name or password");
  if (target.find('#') != std::string_view::npos)
    return invalid("the URL must not have a fragment (#)");
  if (!is_target(target))
    return invalid("blanks, control and non-ASCII characters of a URL must be percent-encoded");

  const auto parts = split_authority(authority);
  if (!parts) return invalid("the URL's host is malformed");
  if (parts->bracketed) {
    auto address = canonical_v6(parts->host);
    if (!address) return invalid("the URL's IPv6 address is malformed");
    url.host = *std::move(address);
  } else {
    if (!is_host_name(parts->host)) return invalid("the URL's host name is malformed");
    url.host = lowercase(parts->host);
  }
  if (parts->has_port) {
    const auto port = parse_port(parts->port);
    if (!port) return invalid("the URL's port must be 1 to 65535");
    url.port = *port;
  }
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (https ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::origin() const { return (https ? "https://" : "http://") + authority(); }

Result<Endpoint> Endpoint::parse_loopback(std::string_view text) {
  const auto malformed = [] {
    return invalid("must be a loopback address with a port, such as 127.0.0.1:8080");
  };
  auto rest = after(text, "http://").value_or(text);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto parts = split_authority(rest);
  if (!parts) return malformed();
  const auto port = parse_port(parts->port);
  if (!port) return malformed();
  const std::string host = lowercase(parts->host) == "localhost" && !parts->bracketed
                               ? "127.0.0.1"
                               : std::string(parts->host);
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(host, failure);
  if (failure || !address.is_loopback() || address.is_v6() != parts->bracketed) return malformed();
  return Endpoint{address.to_string(), *port};
}

}  // namespace fairlead::net
