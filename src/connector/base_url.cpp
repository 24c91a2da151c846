// Addresses with holes: "https://{subdomain}.example.com/v2". What fills a hole is held to what may
// stand in its place, so that a setting cannot move a request, and the credentials in it, to
// another host (F5).
#include "base/encoding.hpp"
#include "connector/request_builder.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_segment = 2048;  // bytes that one setting puts into a path

struct Piece {
  bool is_hole = false;
  std::string_view text;
};

/// {name} and {{ name }}; other braces are text.
std::vector<Piece> split(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t literal = 0;
  for (std::size_t at = 0; at < text.size();) {
    const bool twice = text.substr(at, 2) == "{{";
    const std::string_view close = twice ? "}}" : "}";
    if (text[at] == '{') {
      const auto end = text.find(close, at);
      const auto begin = at + close.size();
      const auto name = end == std::string_view::npos ? std::string_view()
                                                      : trimmed(text.substr(begin, end - begin));
      if (!name.empty() && name.find_first_of("{}") == std::string_view::npos) {
        if (at > literal) pieces.push_back({false, text.substr(literal, at - literal)});
        pieces.push_back({true, name});
        literal = at = end + close.size();
        continue;
      }
    }
    ++at;
  }
  if (literal < text.size()) pieces.push_back({false, text.substr(literal)});
  return pieces;
}

bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// A piece of a label: letters, digits, hyphens; underscores, which some services give out.
bool is_label_text(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_';
  });
}

bool is_label(std::string_view text) {
  return is_label_text(text) && text.front() != '-' && text.back() != '-';
}

bool is_host(std::string_view text) {
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_host_and_port(std::string_view text) {
  const auto colon = text.find(':');
  return is_host(text.substr(0, colon)) &&
         (colon == std::string_view::npos || is_port(text.substr(colon + 1)));
}

/// com, eu, com.au: what may end a host whose other labels are fixed. Two labels only where the
/// first is a registry's own, so that nobody's domain fits.
bool is_top_level(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return is_label(text);
  const auto first = text.substr(0, dot), second = text.substr(dot + 1);
  const auto known = {"com", "co", "net", "org", "gov", "ac"};
  return std::find(known.begin(), known.end(), first) != known.end() && second.size() == 2 &&
         is_label(second);
}

/// Plain HTTP is for this machine alone; whether it may be reached at all is the egress policy's
/// word.
bool is_on_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost";
}

/// An address of its own: https, a host, maybe a path; nothing that hides where it goes.
bool is_whole_url(std::string_view text) {
  constexpr std::string_view https = "https://", http = "http://";
  const bool plain = same_word(text.substr(0, http.size()), http);
  if (!plain && !same_word(text.substr(0, https.size()), https)) return false;
  text.remove_prefix(plain ? http.size() : https.size());
  const auto slash = text.find('/');
  const auto authority = text.substr(0, slash);
  if (!is_host_and_port(authority)) return false;
  if (plain && !is_on_this_machine(authority.substr(0, authority.rfind(':')))) return false;
  if (slash == std::string_view::npos) return true;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(slash), text.end(),
                     [](char c) {
                       return is_letter_or_digit(c) ||
                              std::string_view("/-._~").find(c) != std::string_view::npos;
                     }) &&
         text.find("/.") == std::string_view::npos;
}

/// A value inside the path: one segment or a part of it, encoded where it has to be.
std::optional<std::string> path_text(std::string_view value) {
  if (value.size() > most_segment) return std::nullopt;
  if (value == "." || value == ".." || value.find_first_of("/\\?#") != std::string_view::npos ||
      has_control_characters(value))
    return std::nullopt;
  std::string out;
  for (const char c : value) {
    const bool stays = std::string_view(":@!$&'()*+,;=").find(c) != std::string_view::npos;
    out += stays ? std::string(1, c) : percent_encode(std::string_view(&c, 1));
  }
  return out;
}

class AddressRenderer {
 public:
  AddressRenderer(std::string_view text, const json::object& values)
      : text_(text), pieces_(split(text)), values_(values) {}

  Result<std::string, CallError> render() {
    std::string out;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const Piece& piece = pieces_[i];
      if (!piece.is_hole) {
        // "https://x.example/" + "/services" has one slash between them.
        if (i == 1 && pieces_[0].is_hole && piece.text.front() == '/')
          while (!out.empty() && out.back() == '/') out.pop_back();
        out += piece.text;
        continue;
      }
      auto value = fill(i, out);
      if (!value) return std::move(value).error();
      out += *value;
    }
    const auto start = out.find("://");
    const bool known =
        same_word(out.substr(0, 7), "http://") || same_word(out.substr(0, 8), "https://");
    if (!known)
      return CallError{CallErrorKind::invalid_parameter,
                       fmt::format("the service's address must begin with https://; the "
                                   "definition and the settings give '{}'",
                                   out.substr(0, 100))};
    const auto host = std::string_view(out).substr(start + 3);
    if (!pieces_.empty() && std::any_of(pieces_.begin(), pieces_.end(), is_hole) &&
        !is_host_and_port(host.substr(0, host.find_first_of("/?#"))))
      return CallError{
          CallErrorKind::invalid_parameter,
          fmt::format("the settings do not make a host name of {}", text_.substr(0, 200))};
    return out;
  }

 private:
  static bool is_hole(const Piece& piece) { return piece.is_hole; }

  Result<std::string, CallError> fill(std::size_t at, std::string_view before) const {
    const std::string name(pieces_[at].text);
    const json::value* const value = values_.if_contains(key_of(name));
    if (value == nullptr || value->is_null())
      return CallError{CallErrorKind::missing_parameter,
                       fmt::format("the setting '{}' is needed: the service's address is {}", name,
                                   text_.substr(0, 200)),
                       0, name};
    const auto text = scalar_text(*value);
    if (!text) return refusal(name, "must be text");
    return placed(at, before, name, *text);
  }

  Result<std::string, CallError> placed(std::size_t at, std::string_view before,
                                        const std::string& name, const std::string& text) const {
    if (at == 0 && before.empty() && next_char(at) != ':') {
      if (is_whole_url(text)) return text;
      return refusal(
          name, "must be a whole address that begins with https:// (http:// on this machine only)");
    }
    const auto scheme = before.find("://");
    if (scheme == std::string_view::npos) return refusal(name, "cannot choose the scheme");
    const auto authority = before.substr(scheme + 3);
    if (authority.find('/') != std::string_view::npos) {
      if (auto encoded = path_text(text)) return *std::move(encoded);
      return refusal(name, "must be one segment of a path");
    }
    return in_host(at, authority, name, text);
  }

  Result<std::string, CallError> in_host(std::size_t at, std::string_view authority,
                                         const std::string& name, const std::string& text) const {
    const char next = next_char(at);
    const bool ends = next == '\0' || next == '/' || next == '?';
    if (!authority.empty() && authority.back() == ':')
      return is_port(text) ? Result<std::string, CallError>(text)
                           : refusal(name, "must be a port number");
    if (authority.empty() && (ends || next == ':')) {
      if (ends ? is_host_and_port(text) : is_host(text)) return text;
      return refusal(name, "must be a host name, without https:// and without a path");
    }
    if (authority.empty() && next == '.' && fixed_suffix_labels(at) >= 2) {
      // Whatever labels come first, the host stays inside the service's own domain.
      if (is_host(text)) return text;
    } else if (ends && !authority.empty() && authority.back() == '.') {
      if (is_top_level(text)) return text;
    } else if (is_label_text(text)) {
      return text;
    }
    return refusal(name, "must be part of a host name: letters, digits and hyphens");
  }

  /// The character of the template behind the hole; '\0' at the end, '{' for another hole.
  char next_char(std::size_t at) const {
    if (at + 1 >= pieces_.size()) return '\0';
    return pieces_[at + 1].is_hole ? '{' : pieces_[at + 1].text.front();
  }

  /// Labels of the literal text between the hole and the end of the host; 0 when another hole is in
  /// it.
  std::size_t fixed_suffix_labels(std::size_t at) const {
    const auto text = pieces_[at + 1].text;
    const auto end = text.find_first_of("/:?");
    if (end == std::string_view::npos && at + 2 < pieces_.size()) return 0;
    const auto suffix = text.substr(0, end);
    return static_cast<std::size_t>(std::count(suffix.begin(), suffix.end(), '.'));
  }

  CallError refusal(const std::string& name, std::string_view why) const {
    return {CallErrorKind::invalid_parameter,
            fmt::format("the setting '{}' {} (the service's address is {})", name, why,
                        text_.substr(0, 200)),
            0, name};
  }

  std::string_view text_;
  std::vector<Piece> pieces_;
  const json::object& values_;
};

std::optional<CallError> check_allowed(const Definition& definition, const ConfigValues& config) {
  for (const ServerVariable& variable : definition.variables) {
    const json::value* const value = config.if_contains(key_of(variable.name));
    if (variable.allowed.empty() || value == nullptr || value->is_null()) continue;
    const auto text = scalar_text(*value).value_or("");
    // Hosts know no case, and where a file lists NA its maps and its users may say na.
    if (std::none_of(variable.allowed.begin(), variable.allowed.end(),
                     [&](const std::string& one) { return same_word(one, text); }))
      return CallError{CallErrorKind::invalid_parameter,
                       fmt::format("the setting '{}' must be one of: {}", variable.name,
                                   fmt::join(variable.allowed, ", ")),
                       0, variable.name};
  }
  return std::nullopt;
}

}  // namespace

json::object effective_config(const Definition& definition, const ConfigValues& config,
                              const std::map<std::string, std::string>& extracted) {
  json::object values;
  for (const ServerVariable& variable : definition.variables)
    // Some files give a hole as the default of itself; that is none.
    if (!variable.default_value.empty() && variable.default_value != "{" + variable.name + "}")
      values[variable.name] = variable.default_value;
  for (const auto& [name, value] : config)
    if (!value.is_null()) values[name] = value;
  for (const auto& [name, value] : extracted) values[name] = value;
  return values;
}

Result<std::string, CallError> render_base_url(
    const Definition& definition, const ConfigValues& config,
    const std::map<std::string, std::string>& extracted) {
  if (auto refused = check_allowed(definition, config)) return *std::move(refused);
  const json::object values = effective_config(definition, config, extracted);
  return AddressRenderer(definition.server_template, values).render();
}

Result<std::string, CallError> render_token_url(const Definition& definition, std::string_view text,
                                                const ConfigValues& config,
                                                const std::map<std::string, std::string>& extracted,
                                                std::string_view client_id) {
  if (auto refused = check_allowed(definition, config)) return *std::move(refused);
  json::object values = effective_config(definition, config, extracted);
  values["client_id"] = key_of(client_id);
  return AddressRenderer(text, values).render();
}

}  // namespace fairlead::connector
