#include "connector/answer_reader.hpp"

#include "base/encoding.hpp"
#include "connector/pagination.hpp"
#include "connector/python_value.hpp"
#include "connector/raw_json.hpp"
#include "connector/record_writer.hpp"
#include "connector/retry.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fairlead::connector {
namespace {

using Value = RawJson::Value;
using Slot = RecordWriter::Slot;
using Check = std::optional<CallError>;

constexpr std::size_t refusal_bytes = 256u << 10;   // of an error answer that is looked into
constexpr std::size_t expression_bytes = 4u << 20;  // of one record
/// Of all records of one answer together: what transforms make, and the steps of all templates.
constexpr std::size_t changed_bytes = 16u << 20, expression_steps = 64u << 20;
constexpr std::size_t render_steps = 64;  // that rendering anything takes

CallError http_client_error(const net::Answer& answer, std::string message) {
  return {CallErrorKind::http_client, std::move(message), answer.status};
}

CallError api_error(const net::Answer& answer, std::string message) {
  return {CallErrorKind::api_error, "API error: " + std::move(message), answer.status};
}

bool contains_word(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
           return same_word({&a, 1}, {&b, 1});
         }) != text.end();
}

std::string_view content_type(const net::Answer& answer) {
  const std::string* const type = answer.headers.find("Content-Type");
  return type != nullptr ? std::string_view(*type) : std::string_view();
}

/// 8.4: what the type says wins for XML and HTML; everything else is tried as JSON.
Check check_content_type(const net::Answer& answer) {
  const auto type = content_type(answer);
  const bool refused = !contains_word(type, "application/json") && !contains_word(type, "+json") &&
                       (contains_word(type, "application/xml") || contains_word(type, "text/html"));
  if (!refused) return std::nullopt;
  return http_client_error(
      answer, fmt::format("The service answered with {} instead of JSON", quotable(type)));
}

Result<RawJson, CallError> parse_body(const net::Answer& answer) {
  if (auto refused = check_content_type(answer)) return *std::move(refused);
  const auto text = without_byte_order_mark(answer.body);
  const auto skipped = answer.body.size() - text.size();
  auto json = RawJson::parse(text, answer.body.capacity() - skipped);
  if (json) return *std::move(json);
  const auto type = content_type(answer);
  return http_client_error(answer, fmt::format("The service's answer is not valid JSON ({}{}): {}",
                                               type.empty() ? "no content type" : "content type ",
                                               quotable(type), json.error().message));
}

/// Boost.JSON reads 0e400 as nothing at all; no other number comes out so.
void mend_zeros(json::value& value) {
  if (auto* const object = value.if_object()) {
    for (auto& member : *object) mend_zeros(member.value());
  } else if (auto* const array = value.if_array()) {
    for (json::value& element : *array) mend_zeros(element);
  } else if (value.is_double() && std::isnan(value.get_double())) {
    value = 0.0;
  }
}

/// A part of an answer as a tree. The text is valid; duplicate keys: the last one wins.
json::value tree_of(std::string_view slice) {
  json::error_code code;
  json::parse_options options;
  options.max_depth = RawJson::max_depth;
  json::value value = json::parse(key_of(slice), code, {}, options);
  if (code) return nullptr;
  mend_zeros(value);
  return value;
}

// 9.2 Error envelope.

Check find_error_envelope(const Definition& definition, const RawJson& body,
                          const net::Answer& answer) {
  if (!definition.error_check) return std::nullopt;
  const ErrorCheck& check = *definition.error_check;
  const auto field = body.find(body.root(), check.field);
  if (!field || !same_value(tree_of(body.slice(*field)), check.on_value)) return std::nullopt;
  if (!check.message_field) return api_error(answer, "the service reported a failure");
  const auto message = body.find(body.root(), *check.message_field);
  return api_error(answer, message ? quotable(message_text(tree_of(body.slice(*message))))
                                   : std::string("unknown_error"));
}

// GraphQL errors in a 200 (F15).

bool holds_nothing(const RawJson& body, std::optional<Value> data) {
  if (!data || body.is_null(*data)) return true;
  if (!body.is_object(*data)) return false;
  bool members = false, values = false;
  body.each_member(*data, [&](const RawJson::Member& member, std::uint32_t) {
    members = true;
    values = values || !body.is_null(member.value);
  });
  return members && !values;
}

std::optional<Value> graphql_errors(const Operation& operation, const RawJson& body) {
  if (operation.body.kind != Body::Kind::graphql) return std::nullopt;
  const auto errors = body.find(body.root(), "errors");
  if (!errors || !body.is_array(*errors) || body.character(errors->at + 1) == ']')
    return std::nullopt;
  return errors;
}

CallError graphql_failure(const RawJson& body, Value errors, const net::Answer& answer) {
  std::string text;
  body.each_element(errors, [&](Value error, std::uint32_t) {
    const auto message = body.find(error, "message");
    if (!text.empty()) text += ", ";
    text += message_text(tree_of(body.slice(message ? *message : error)));
  });
  return api_error(answer, quotable(text));
}

// 9.3 Paths.

enum class Wanted { all, first };

void walk(const RawJson& json, Slot slot, const std::vector<Path::Step>& steps, std::size_t at,
          Wanted wanted, std::vector<Slot>& matches) {
  if (wanted == Wanted::first && !matches.empty()) return;
  if (at == steps.size()) {
    matches.push_back(slot);
    return;
  }
  const Value value = slot.value;
  if (const auto* const child = std::get_if<Path::Child>(&steps[at])) {
    if (const auto found = json.find(value, child->name))
      walk(json, {*found, json.behind(*found)}, steps, at + 1, wanted, matches);
    return;
  }
  std::vector<Slot> inner;
  if (json.is_array(value))
    json.each_element(value, [&](Value element, std::uint32_t behind) {
      inner.push_back({element, behind});
    });
  if (const auto* const index = std::get_if<Path::Index>(&steps[at])) {
    const auto size = static_cast<std::int64_t>(inner.size());
    const std::int64_t position = index->position < 0 ? index->position + size : index->position;
    if (position >= 0 && position < size)
      walk(json, inner[static_cast<std::size_t>(position)], steps, at + 1, wanted, matches);
    return;
  }
  if (json.is_object(value))
    json.each_member(value, [&](const RawJson::Member& member, std::uint32_t behind) {
      inner.push_back({member.value, behind});
    });
  for (const Slot& one : inner) walk(json, one, steps, at + 1, wanted, matches);
}

std::vector<Slot> find_all(const RawJson& json, const Path& path, Wanted wanted = Wanted::all) {
  std::vector<Slot> matches;
  walk(json, {json.root(), json.behind(json.root())}, path.steps(), 0, wanted, matches);
  return matches;
}

// 9.5 Metadata.

std::string joined_header(const net::Headers& headers, std::string_view name) {
  std::string out;
  for (const net::Header& field : headers) {
    if (!net::same_header(field.name, name)) continue;
    if (!out.empty()) out += ", ";
    out += field.value;
  }
  return out;
}

/// The value of a `rel` parameter in what follows a link's URL.
std::string_view relation_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto semicolon = parameters.find(';');
    const auto one = trimmed(parameters.substr(0, semicolon));
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && same_word(trimmed(one.substr(0, equals)), "rel")) {
      auto value = trimmed(one.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    }
    if (semicolon == std::string_view::npos) break;
    parameters.remove_prefix(semicolon + 1);
  }
  return {};
}

/// The target of the first link of that relation. Blanks around it are no part of it: RFC 8288 has
/// a URI reference there, and what parses URLs (the URL standard, "basic URL parser") drops them.
std::optional<std::string> link_with(std::string_view header, std::string_view relation) {
  while (true) {
    const auto open = header.find('<');
    const auto close = header.find('>', open);
    if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
    // The link ends at a comma before the next '<'.
    auto next = close;
    do {
      next = header.find(',', next + 1);
    } while (next != std::string_view::npos && !trimmed(header.substr(next + 1)).starts_with('<'));
    const auto end = std::min(next, header.size());
    if (relation_of(header.substr(close + 1, end - close - 1)) == relation)
      return std::string(trimmed(header.substr(open + 1, close - open - 1)));
    if (next == std::string_view::npos) return std::nullopt;
    header.remove_prefix(next + 1);
  }
}

void append_text(std::string& out, const std::string& text) {
  if (is_valid_utf8(text))
    append_json_string(out, text);
  else
    out += "null";
}

void append_meta_value(std::string& out, const MetaSource& source, const RawJson& body,
                       const net::Headers& headers) {
  if (source.kind == MetaSource::Kind::header && headers.find(source.argument) != nullptr) {
    append_text(out, joined_header(headers, source.argument));
    return;
  }
  if (source.kind == MetaSource::Kind::link)
    if (const auto url = link_with(joined_header(headers, "Link"), source.argument)) {
      append_text(out, *url);
      return;
    }
  if (source.kind == MetaSource::Kind::path && source.path) {
    const auto matches = find_all(body, *source.path, Wanted::first);
    if (!matches.empty()) {
      out += body.slice_until(matches.front().value, matches.front().behind);
      return;
    }
  }
  out += "null";
}

std::string read_meta(const Operation& operation, const RawJson& body, const net::Headers& headers,
                      std::optional<Value> errors) {
  std::string out = "{";
  const auto key = [&](std::string_view name) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
  };
  bool declares_errors = false;
  for (const MetaSource& source : operation.meta) {
    declares_errors = declares_errors || source.name == "errors";
    key(source.name);
    append_meta_value(out, source, body, headers);
  }
  if (errors && !declares_errors) {
    key("errors");
    out += body.slice(*errors);
  }
  return out += '}';
}

PageMark page_mark(const Operation& operation, const RawJson& body, const net::Headers& headers,
                   const ReadOptions& options, std::optional<std::uint64_t> records) {
  const auto value = [&](const MetaSource& source) -> json::value {
    std::string text;
    append_meta_value(text, source, body, headers);
    const bool scalar = !text.starts_with('{') && !text.starts_with('[');
    return scalar ? tree_of(text) : json::value();
  };
  return read_page(
      operation,
      {.value = value, .params = options.params, .records = records, .request = options.request});
}

// 9.4 Transform, then filter. Rare, so by way of a second JSON text.

bool is_list_action(const Operation& operation) {
  return operation.action == Action::list || operation.action == Action::search;
}

CallError expression_error(std::string_view what, const Error& error) {
  return {CallErrorKind::record_expression,
          fmt::format("The definition's {} failed: {}", what, error.message)};
}

class RecordExpressions {
 public:
  RecordExpressions(const Operation& operation, const ReadOptions& options)
      : operation_(operation), options_(options) {
    names_["config"] = options.config != nullptr ? *options.config : json::object();
  }

  /// Appends the record to `out`, changed as the definition says; false when it is filtered out.
  Result<bool, CallError> append(std::string& out, const RawJson& json, Slot slot) {
    const auto slice = json.slice_until(slot.value, slot.behind);
    if (slice.size() > expression_bytes)
      return CallError{CallErrorKind::record_expression,
                       "A record is too large for the definition's filter or transform"};
    json::value record = tree_of(slice);
    std::string text(slice);
    if (!operation_.transform.empty()) {
      auto changed = transform(json, slot, record);
      if (!changed) return std::move(changed).error();
      text = *std::move(changed);
      record = tree_of(text);
    }
    if (operation_.filter && is_list_action(operation_) && record.is_object()) {
      const auto kept = keeps(std::move(record));
      if (!kept) return kept.error();
      if (!*kept) return false;
    }
    out += text;
    if (out.size() > changed_bytes)
      return CallError{CallErrorKind::record_expression,
                       fmt::format("The definition's transform makes more than {} bytes of this "
                                   "answer",
                                   changed_bytes)};
    return true;
  }

 private:
  Result<std::string, CallError> transform(const RawJson& json, Slot slot,
                                           const json::value& record) {
    names_["record"] = record.is_object() ? record : json::object{{"value", record}};
    std::vector<std::pair<std::string_view, std::string>> rendered;
    for (const auto& [field, form] : operation_.transform) {
      auto text = render(form);
      if (!text)
        return expression_error("transform of '" + field.substr(0, 100) + "'", text.error());
      rendered.emplace_back(field, *std::move(text));
    }
    std::string out = "{";
    const auto add = [&](std::string_view raw_key) {
      if (out.size() > 1) out += ',';
      out += '"';
      out += raw_key;
      out += "\":";
    };
    std::vector<bool> written(rendered.size());
    if (json.is_object(slot.value))
      json.each_member(slot.value, [&](const RawJson::Member& member, std::uint32_t behind) {
        for (std::size_t i = 0; i < rendered.size(); ++i) {
          if (!member.means(rendered[i].first)) continue;
          if (!written[i]) {
            add(member.raw_key);
            append_json_string(out, rendered[i].second);
          }
          written[i] = true;
          return;
        }
        add(member.raw_key);
        out += json.slice_until(member.value, behind);
      });
    for (std::size_t i = 0; i < rendered.size(); ++i) {
      if (written[i]) continue;
      if (out.size() > 1) out += ',';
      append_json_string(out, rendered[i].first);
      out += ':';
      append_json_string(out, rendered[i].second);
    }
    return out += '}';
  }

  Result<std::string> render(const Template& form) {
    steps_ += render_steps;
    if (steps_ > expression_steps)
      return invalid("it takes too many steps over all records of this answer");
    return form.render(names_, Undefined::is_error, options_.now, &steps_);
  }

  Result<bool, CallError> keeps(json::value record) {
    names_["record"] = std::move(record);
    const auto text = render(*operation_.filter);
    if (!text) return expression_error("filter", text.error());
    const auto word = trimmed(*text);
    for (const std::string_view no : {"", "False", "false", "0", "None", "none", "null"})
      if (word == no) return false;
    return true;
  }

  const Operation& operation_;
  const ReadOptions& options_;
  json::object names_;
  std::size_t steps_ = 0;
};

/// The records of a list or search: always a list. [*] may have matched lists: these are flattened
/// by one level.
std::vector<Slot> listed(const RawJson& json, const Path& path, const std::vector<Slot>& matches) {
  std::vector<Slot> records;
  for (const Slot& match : matches) {
    if (json.is_array(match.value))
      json.each_element(match.value, [&](Value element, std::uint32_t behind) {
        records.push_back({element, behind});
      });
    else if (!json.is_null(match.value) || path.spreads())
      records.push_back(match);
  }
  return records;
}

class ResultReader {
 public:
  ResultReader(const Operation& operation, const ReadOptions& options, Outcome& outcome)
      : operation_(operation), options_(options), outcome_(outcome) {}

  Check read(const RawJson& body, bool blank) {
    const bool changes = !operation_.transform.empty() ||
                         (operation_.filter.has_value() && is_list_action(operation_));
    if (!operation_.records) {
      if (operation_.records_unparsable && changes)
        return CallError{CallErrorKind::executor,
                         "The definition's record extractor cannot be read"};
      write(body, {body.root(), body.behind(body.root())});
      matched_ = outcome_.record_count;
      return std::nullopt;
    }
    const auto matches = find_all(body, *operation_.records);
    if (!is_list_action(operation_)) {
      if (matches.empty())
        outcome_.data = "null";
      else if (changes)
        return write_changed(body, matches.front());
      else
        write(body, matches.front());
      return std::nullopt;
    }
    if (matches.size() == 1 && body.is_array(matches.front().value) && !changes) {
      write(body, matches.front());
      matched_ = outcome_.record_count;
      return std::nullopt;
    }
    const auto records = blank ? std::vector<Slot>() : listed(body, *operation_.records, matches);
    matched_ = records.size();
    if (changes) return write_changed(body, records);
    reserve(body.text().size());
    outcome_.record_count = writer(body).write_list(records);
    return std::nullopt;
  }

  /// Records of the answer before any filter; nullopt when it has no list of them.
  std::optional<std::uint64_t> matched() const { return matched_; }

 private:
  RecordWriter writer(const RawJson& json) {
    return RecordWriter(json, {options_.select_fields, options_.exclude_fields, options_.truncate},
                        outcome_.data);
  }

  void reserve(std::size_t bytes) {
    outcome_.data.clear();
    // A selection is mostly much smaller than the answer.
    const bool selects = options_.select_fields != nullptr && !options_.select_fields->empty();
    outcome_.data.reserve((selects ? bytes / 4 : bytes) + 64);
  }

  void write(const RawJson& json, Slot slot) {
    reserve(json.position(slot.behind) - json.position(slot.value.at));
    if (json.is_array(slot.value))
      outcome_.record_count = writer(json).write_list(slot.value);
    else
      writer(json).write_result(slot);
  }

  /// One record, or a list of them, of an operation that changes records.
  Check write_changed(const RawJson& json, Slot match) {
    if (json.is_array(match.value)) {
      std::vector<Slot> records;
      json.each_element(match.value, [&](Value element, std::uint32_t behind) {
        records.push_back({element, behind});
      });
      return write_changed(json, records);
    }
    std::string text;
    RecordExpressions expressions(operation_, options_);
    const auto kept = expressions.append(text, json, match);
    if (!kept) return kept.error();
    return write_text(text);
  }

  Check write_changed(const RawJson& json, const std::vector<Slot>& records) {
    RecordExpressions expressions(operation_, options_);
    std::string text = "[";
    for (const Slot& record : records) {
      const std::size_t before = text.size();
      if (before > 1) text += ',';
      const auto kept = expressions.append(text, json, record);
      if (!kept) return kept.error();
      if (!*kept) text.resize(before);
    }
    text += ']';
    return write_text(text);
  }

  Check write_text(const std::string& text) {
    const auto changed = RawJson::parse(text, text.capacity());
    if (!changed)
      return CallError{CallErrorKind::record_expression,
                       "The definition's transform does not give valid records"};
    write(*changed, {changed->root(), changed->behind(changed->root())});
    return std::nullopt;
  }

  const Operation& operation_;
  const ReadOptions& options_;
  Outcome& outcome_;
  std::optional<std::uint64_t> matched_;
};

// 8.2 Messages of refusals.

std::string item_text(const json::value& item) {
  if (const auto* const object = item.if_object())
    for (const char* const name : {"userPresentableMessage", "message", "error"})
      if (const auto* const value = object->if_contains(name);
          value != nullptr && is_truthy(*value))
        return message_text(*value);
  return message_text(item);
}

std::string refusal_text(const net::Answer& answer) {
  const auto text = without_byte_order_mark(answer.body);
  json::value body;
  if (text.size() <= refusal_bytes) body = tree_of(text);
  const auto* const object = body.if_object();
  if (object == nullptr)
    return is_blank(text) ? fmt::format("HTTP {} error", answer.status) : quotable(text);
  if (const auto* const errors = object->if_contains("errors");
      errors != nullptr && is_truthy(*errors)) {
    const auto* const list = errors->if_array();
    if (list == nullptr) return quotable(message_text(*errors));
    std::string out;
    for (const json::value& item : *list) out += (out.empty() ? "" : ", ") + item_text(item);
    return quotable(out);
  }
  for (const char* const name : {"message", "error"})
    if (const auto* const value = object->if_contains(name); value != nullptr && is_truthy(*value))
      return quotable(message_text(*value));
  return quotable(shown(body));
}

}  // namespace

std::string quotable(std::string_view text, std::size_t most) {
  auto head = text.substr(0, 4 * most);
  const auto goes_on = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  while (goes_on(head.size())) head.remove_suffix(1);  // not in the middle of a character
  std::string out;
  for (const char c : head) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!control)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!is_valid_utf8(out))
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  const std::size_t kept = utf8_prefix(out, most);
  if (kept < out.size() || head.size() < text.size()) {
    out.resize(kept);
    out += "...";
  }
  return out;
}

Result<Outcome, CallError> read_answer(const Definition& definition, const Operation& operation,
                                       const net::Answer& answer, const ReadOptions& options) {
  Outcome outcome;
  outcome.upstream_status = answer.status;
  const bool blank = is_blank(without_byte_order_mark(answer.body));
  auto body =
      blank ? Result<RawJson, CallError>(RawJson::parse("{}", 2).value()) : parse_body(answer);
  if (!body) return std::move(body).error();
  if (auto error = find_error_envelope(definition, *body, answer)) return *std::move(error);
  const auto errors = graphql_errors(operation, *body);
  if (errors && holds_nothing(*body, body->find(body->root(), "data")))
    return graphql_failure(*body, *errors, answer);
  if (operation.has_meta) outcome.meta = read_meta(operation, *body, answer.headers, errors);
  ResultReader reader(operation, options, outcome);
  if (auto error = reader.read(*body, blank)) {
    if (error->status == 0) error->status = answer.status;
    return *std::move(error);
  }
  if (is_list_action(operation))
    outcome.page = page_mark(operation, *body, answer.headers, options, reader.matched());
  return outcome;
}

CallError read_refusal(const Definition& definition, const net::Answer& answer, Instant now) {
  const std::string text = refusal_text(answer);
  CallError error{CallErrorKind::http_status, text, answer.status};
  if (const auto wait = retry_after_seconds(definition.retry, answer.headers, now))
    error.retry_after = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(*wait)));
  switch (answer.status) {
    case 401:
    case 403:
      error.kind = CallErrorKind::authentication;
      error.message = fmt::format("Authentication failed: {} (HTTP {})", text, answer.status);
      break;
    case 400:
    case 422:
      error.kind = CallErrorKind::validation;
      error.message = fmt::format("Validation error: {} (HTTP {})", text, answer.status);
      break;
    case 429:
      error.kind = CallErrorKind::rate_limit;
      error.message = "Rate limit exceeded: " + text;
      if (error.retry_after)
        error.message += fmt::format(" (retry after {}s)", error.retry_after->count());
      break;
    default:
      break;
  }
  return error;
}

Result<json::value, CallError> read_tree(const Definition& definition, const net::Answer& answer) {
  if (is_blank(without_byte_order_mark(answer.body))) return json::value(json::object());
  auto body = parse_body(answer);
  if (!body) return std::move(body).error();
  if (auto error = find_error_envelope(definition, *body, answer)) return *std::move(error);
  return tree_of(body->text());
}

}  // namespace fairlead::connector
