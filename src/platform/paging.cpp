#include "platform/paging.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace fairlead::platform {
namespace {

using connector::Body;
using connector::Operation;

// The words in use, the most telling first (connector-format 9.6).
constexpr std::array cursor_words = {
    "cursor",       "after",       "page_token",      "pageToken",     "starting_after",
    "start_cursor", "next_cursor", "nextCursor",      "next_token",    "nextToken",
    "page_info",    "pageinfo",    "next_page_token", "nextPageToken", "continuation_token",
    "offset",       "startAt",     "start",           "page",          "page_number"};
constexpr std::array limit_words = {"per_page",    "page_size",  "pageSize", "first", "limit",
                                    "max_results", "maxResults", "count",    "size",  "perPage",
                                    "pagelen",     "page_limit", "top"};

constexpr std::array more_flags = {"has_next_page", "hasNextPage", "has_more", "hasMore",
                                   "more_records"};
constexpr std::array end_flags = {"isLast", "is_last", "done"};
constexpr std::array next_words = {
    "end_cursor",    "endCursor",      "next_cursor", "nextCursor", "next_page_token",
    "nextPageToken", "next_token",     "nextToken",   "page_token", "cursor",
    "after",         "next_offset",    "next_page",   "next_link",  "next_page_url",
    "next_page_uri", "nextRecordsUrl", "next_url",    "next"};

template <class Words>
const char* first_of(const Words& words, const std::vector<std::string>& names) {
  for (const char* word : words)
    if (std::find(names.begin(), names.end(), word) != names.end()) return word;
  return nullptr;
}

const json::object* schema_of(const Operation& operation, std::string_view name) {
  for (const auto& parameter : operation.parameters)
    if (parameter.name == name) return &parameter.schema;
  for (const auto& field : operation.body.fields)
    if (field.name == name) return &field.schema;
  return nullptr;
}

bool is_integer(const json::object* schema) {
  const json::string* type = schema ? find_string(*schema, "type") : nullptr;
  return type && *type == "integer";
}

/// A cursor always travels as text; a page or an offset is declared as a number.
json::value as_declared(const Operation& operation, std::string_view name, json::value value) {
  if (!value.is_string() || !is_integer(schema_of(operation, name))) return value;
  const json::string& text = value.get_string();
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.begin(), text.end(), number);
  if (failure != std::errc() || end != text.end()) return value;
  return number;
}

void rename(const Operation& operation, json::object& params, std::string_view from,
            std::string_view to) {
  json::value value = std::move(params.at(from));
  params.erase(from);
  if (!params.contains(to)) params[to] = as_declared(operation, to, std::move(value));
}

/// The value of a query parameter in an address.
std::optional<std::string> query_value(std::string_view address, std::string_view name) {
  const std::size_t question = address.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = address.substr(question + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals), true);
    if (key && *key == name && equals != std::string_view::npos)
      return percent_decode(pair.substr(equals + 1), true);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return std::nullopt;
}

bool is_address(const json::string& text) {
  return text.starts_with("https://") || text.starts_with("http://") || text.starts_with("/");
}

/// What to send as `params.cursor` to get the page that `next` stands for.
json::value cursor_from(const Operation& operation, const json::value& next) {
  if (next.is_int64() || next.is_uint64()) return json::string(json::serialize(next));
  if (!next.is_string()) return nullptr;
  const json::string& text = next.get_string();
  if (!is_address(text)) return next;
  const char* parameter = first_of(cursor_words, parameter_names(operation));
  if (!parameter) return nullptr;
  const auto value = query_value(view(text), parameter);
  return value ? json::value(*value) : json::value(nullptr);
}

bool is_present(const json::value* value) {
  if (!value || value->is_null()) return false;
  if (value->is_bool()) return value->get_bool();
  return !value->is_string() || !value->get_string().empty();
}

std::optional<bool> has_next_page(const json::object& meta, const json::value* next) {
  for (const char* flag : more_flags)
    if (const json::value* value = meta.if_contains(flag); value && value->is_bool())
      return value->get_bool();
  for (const char* flag : end_flags)
    if (const json::value* value = meta.if_contains(flag); value && value->is_bool())
      return !value->get_bool();
  if (next) return is_present(next);
  return std::nullopt;
}

/// The next-like entry that has a value, else the first that is declared.
const json::value* next_value(const json::object& meta) {
  const json::value* declared = nullptr;
  for (const char* word : next_words) {
    const json::value* value = meta.if_contains(word);
    if (is_present(value)) return value;
    if (value && !declared) declared = value;
  }
  return declared;
}

}  // namespace

std::vector<std::string> parameter_names(const Operation& operation) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& parameter : operation.parameters) add(parameter.name);
  for (const auto& field : operation.body.fields) add(field.name);
  return names;
}

void adapt_paging_parameters(const Operation& operation, json::object& params) {
  const bool has_cursor = params.contains("cursor"), has_limit = params.contains("limit");
  if (!has_cursor && !has_limit) return;
  const std::vector<std::string> names = parameter_names(operation);
  const auto declares = [&names](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (has_cursor && !declares("cursor"))
    if (const char* word = first_of(cursor_words, names)) rename(operation, params, "cursor", word);
  if (has_limit && !declares("limit"))
    if (const char* word = first_of(limit_words, names)) rename(operation, params, "limit", word);
}

std::string uniform_metadata(const Operation& operation, std::string_view meta) {
  if (meta.empty()) return "null";
  auto parsed = parse_json(meta);
  if (!parsed || !parsed->is_object()) return std::string(meta);
  const json::object& object = parsed->get_object();

  const json::value* next = next_value(object);
  const std::optional<bool> more = has_next_page(object, next);
  std::string out(meta);
  const auto add = [&out](std::string_view member, const json::value& value) {
    out.pop_back();
    if (out.back() != '{') out += ',';
    out.append(member).append(json::serialize(value)).push_back('}');
  };
  if (more && !object.contains("has_next_page")) add(R"("has_next_page":)", *more);
  if (next && !object.contains("end_cursor"))
    add(R"("end_cursor":)", more.value_or(true) ? cursor_from(operation, *next) : nullptr);
  return out;
}

}  // namespace fairlead::platform
