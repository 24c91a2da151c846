#include "api/decode.hpp"

#include "base/encoding.hpp"
#include "base/suggestion.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>

namespace fairlead::api {
namespace {

json::string_view key(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Problems::add(std::string field, std::string message, std::string code) {
  fields_.push_back({std::move(field), std::move(message), std::move(code)});
}

void Problems::add(const Error& error) {
  for (const FieldError& field : error.fields) fields_.push_back(field);
}

Error Problems::error() const {
  Error error{ErrorKind::invalid_input, fields_.empty() ? "" : fields_.front().message};
  error.fields = fields_;
  return error;
}

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void wipe(json::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void BodyReader::refuse_misspelt(std::initializer_list<std::string_view> known) {
  for (const auto& member : body_) {
    const std::string name(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::vector<std::string> absent;
    for (const std::string_view one : known)
      if (!body_.contains(key(one))) absent.emplace_back(one);
    if (const std::string suggestion = did_you_mean(name, absent); !suggestion.empty())
      problems_.add(path_ + name, "unknown member '" + name + "'" + suggestion,
                    "unknown_parameter");
  }
}

json::value* BodyReader::find(std::string_view name) {
  json::value* value = body_.if_contains(key(name));
  return value && !value->is_null() ? value : nullptr;
}

bool BodyReader::has(std::string_view name) const {
  const json::value* value = body_.if_contains(key(name));
  return value && !value->is_null();
}

void BodyReader::wrong_type(std::string_view name, std::string_view expected) {
  problems_.add(path_ + std::string(name), std::string(name) + " must be " + std::string(expected),
                "wrong_type");
}

std::string BodyReader::text(std::string_view name) {
  if (!has(name)) {
    problems_.add(path_ + std::string(name), std::string(name) + " is required", "missing");
    return "";
  }
  return optional_text(name).value_or("");
}

std::optional<std::string> BodyReader::optional_text(std::string_view name, std::size_t most) {
  json::value* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) {
    wrong_type(name, "text");
    return std::nullopt;
  }
  std::string text(view(value->get_string()));
  if (text.find('\0') != std::string::npos) {  // no database keeps one
    problems_.add(path_ + std::string(name), std::string(name) + " must not hold a NUL character",
                  "invalid");
    return std::nullopt;
  }
  if (utf8_prefix(text, most) < text.size()) {
    problems_.add(path_ + std::string(name),
                  std::string(name) + " has more than " + std::to_string(most) + " characters",
                  "too_long");
    return std::nullopt;
  }
  return text;
}

Secret BodyReader::secret(std::string_view name) {
  json::value* value = find(name);
  if (!value) {
    problems_.add(path_ + std::string(name), std::string(name) + " is required", "missing");
    return Secret();
  }
  if (!value->is_string()) {
    wrong_type(name, "text");
    return Secret();
  }
  Secret secret(view(value->get_string()));
  wipe(value->get_string());
  return secret;
}

bool BodyReader::flag(std::string_view name, bool otherwise) {
  json::value* value = find(name);
  if (!value) return otherwise;
  if (!value->is_bool()) {
    wrong_type(name, "true or false");
    return otherwise;
  }
  return value->get_bool();
}

std::optional<json::object> BodyReader::object(std::string_view name) {
  json::value* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_object()) {
    wrong_type(name, "an object");
    return std::nullopt;
  }
  return std::move(value->get_object());
}

std::optional<json::array> BodyReader::array(std::string_view name) {
  json::value* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_array()) {
    wrong_type(name, "a list");
    return std::nullopt;
  }
  return std::move(value->get_array());
}

std::vector<std::string> BodyReader::texts(std::string_view name) {
  std::vector<std::string> found;
  const auto list = array(name);
  if (!list) return found;
  for (const json::value& value : *list) {
    if (value.is_string()) {
      found.emplace_back(view(value.get_string()));
    } else {
      wrong_type(name, "a list of texts");
      break;
    }
  }
  return found;
}

std::optional<connector::CredentialFields> BodyReader::credentials(std::string_view name) {
  json::value* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_object()) {
    if (value->is_string()) wipe(value->get_string());
    wrong_type(name, "an object");
    return std::nullopt;
  }
  connector::CredentialFields fields;
  for (auto& member : value->get_object()) {
    const std::string field(member.key().data(), member.key().size());
    json::value& content = member.value();
    if (content.is_null()) continue;
    if (content.is_string()) {
      fields.emplace(field, Secret(view(content.get_string())));
      wipe(content.get_string());
    } else if (content.is_number() || content.is_bool()) {
      std::string text = json::serialize(content);
      fields.emplace(field, Secret(text));
      wipe(text);
    } else {
      problems_.add(path_ + std::string(name) + '.' + field, field + " must be text", "wrong_type");
    }
  }
  return fields;
}

QueryReader::QueryReader(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decode(pair.substr(equals + 1), true);
    // Text goes to places that take nothing but UTF-8 without NUL.
    const auto fit = [](const std::optional<std::string>& text) {
      return text && is_valid_utf8(*text) && text->find('\0') == std::string::npos;
    };
    if (fit(name) && fit(value))
      pairs_.emplace_back(*std::move(name), *std::move(value));
    else
      problems_.add("query", "the query is not percent-encoded UTF-8 text", "invalid");
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
}

std::optional<std::string> QueryReader::text(std::string_view name) const {
  for (const auto& [known, value] : pairs_)
    if (known == name) return value;
  return std::nullopt;
}

std::string QueryReader::required_text(std::string_view name) {
  auto given = text(name);
  if (!given || given->empty()) {
    problems_.add(std::string(name), std::string(name) + " is required", "missing");
    return "";
  }
  return *std::move(given);
}

std::optional<std::size_t> QueryReader::number(std::string_view name, std::size_t least,
                                               std::size_t most) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(given->data(), given->data() + given->size(), value);
  const bool whole = failure == std::errc() && end == given->data() + given->size();
  if (whole && value >= least && value <= most) return value;
  problems_.add(std::string(name),
                std::string(name) + " must be a whole number from " + std::to_string(least) +
                    " to " + std::to_string(most),
                whole ? "out_of_range" : "wrong_type");
  return std::nullopt;
}

std::optional<std::string> QueryReader::one_of(std::string_view name,
                                               std::initializer_list<std::string_view> allowed) {
  auto given = text(name);
  if (!given) return std::nullopt;
  std::string list;
  for (const std::string_view one : allowed) {
    if (*given == one) return given;
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  problems_.add(std::string(name), std::string(name) + " must be one of " + list,
                "not_allowed_value");
  return std::nullopt;
}

std::optional<Instant> QueryReader::time(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  auto instant = parse_rfc3339(*given);
  if (instant) return *instant;
  problems_.add(std::string(name),
                std::string(name) + " must be a time such as 2026-04-20T21:57:20Z", "wrong_type");
  return std::nullopt;
}

}  // namespace fairlead::api
