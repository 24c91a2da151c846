#include "connector/follow.hpp"

#include "base/encoding.hpp"
#include "connector/wire_text.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace fairlead::connector {
namespace {

/// "scheme:" at the beginning, without the colon; empty when there is none.
std::string_view scheme_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      std::isalpha(static_cast<unsigned char>(text[0])) == 0)
    return {};
  const auto scheme = text.substr(0, colon);
  const bool plain = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  });
  return plain ? scheme : std::string_view();
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// RFC 3986, section 5.2.4; the path begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_open = false;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_open = segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const auto segment : segments) out.append("/").append(segment);
  if (ends_open || out.empty()) out += '/';
  return out;
}

/// What services put into Location without encoding it.
std::string encoded_target(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool stays = byte > 0x20 && byte < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
    out += stays ? std::string(1, c) : percent_encode(std::string_view(&c, 1));
  }
  return out;
}

}  // namespace

Result<net::Url> resolve(const net::Url& base, std::string_view reference) {
  reference = trimmed(reference);
  reference = reference.substr(0, reference.find('#'));
  if (has_control_characters(reference)) return invalid("the URL holds control characters");
  if (!scheme_of(reference).empty()) {
    const auto authority_end = reference.find_first_of("/?", reference.find(':') + 3);
    const auto head = reference.substr(0, authority_end);
    return net::Url::parse(std::string(head) + encoded_target(reference.substr(head.size())));
  }
  if (reference.starts_with("//")) {
    const auto end = std::min(reference.find_first_of("/?", 2), reference.size());
    return net::Url::parse((base.https ? "https:" : "http:") +
                           std::string(reference.substr(0, end)) +
                           encoded_target(reference.substr(end)));
  }
  std::string target;
  if (reference.empty()) {
    target = base.target;
  } else if (reference.starts_with('?')) {
    target = std::string(path_of(base.target)) + encoded_target(reference);
  } else {
    const auto mark = std::min(reference.find('?'), reference.size());
    std::string path(reference.substr(0, mark));
    if (!path.starts_with('/')) {
      const auto here = path_of(base.target);
      path = std::string(here.substr(0, here.rfind('/') + 1)) + path;
    }
    target = encoded_target(without_dot_segments(path)) + encoded_target(reference.substr(mark));
  }
  return net::Url::parse(base.origin() + target);
}

bool is_within(const net::Url& base, const net::Url& url) {
  if (!base.same_origin(url)) return false;
  auto inner = path_of(url.target), outer = path_of(base.target);
  while (outer.ends_with('/')) outer.remove_suffix(1);
  if (!inner.starts_with(outer)) return false;
  if (inner.size() > outer.size() && inner[outer.size()] != '/') return false;
  // Dots, plain or encoded, would lead out again at a server that resolves them.
  const std::string decoded = percent_decode(inner).value_or("/..");
  return without_dot_segments(decoded) == decoded;
}

bool is_loopback(const net::Url& url) {
  const bool numeric = url.host.find_first_not_of("0123456789.") == std::string::npos;
  return url.host == "localhost" || url.host == "::1" || (numeric && url.host.starts_with("127."));
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace fairlead::connector
