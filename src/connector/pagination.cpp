#include "connector/pagination.hpp"

#include "base/encoding.hpp"
#include "connector/ascii.hpp"
#include "connector/follow.hpp"
#include "connector/request_builder.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace fairlead::connector {
namespace {

using Style = Paging::Style;

// The words in use, the most telling first (section 9.6 of the format).
constexpr std::array cursor_words = {
    "cursor",       "after",       "page_token",      "pageToken",     "starting_after",
    "start_cursor", "next_cursor", "nextCursor",      "next_token",    "nextToken",
    "page_info",    "pageinfo",    "next_page_token", "nextPageToken", "continuation_token"};
constexpr std::array offset_words = {"offset", "startAt", "start_at", "start", "skip"};
constexpr std::array page_words = {"page", "page_number", "pageNumber"};
constexpr std::array limit_words = {"per_page",    "page_size",  "pageSize", "first", "limit",
                                    "max_results", "maxResults", "count",    "size",  "perPage",
                                    "pagelen",     "page_limit", "top"};

constexpr std::array more_flags = {"has_next_page", "hasNextPage", "has_more", "hasMore",
                                   "more_records"};
constexpr std::array end_flags = {"isLast", "is_last", "done"};
constexpr std::array cursor_metas = {
    "end_cursor",    "endCursor",   "next_cursor", "nextCursor", "next_page_token",
    "nextPageToken", "next_token",  "nextToken",   "page_token", "cursor",
    "after",         "next_offset", "next_page"};
constexpr std::array address_metas = {
    "next_link",      "nextLink", "next_page_url",  "next_page_uri",
    "nextRecordsUrl", "next_url", "next_page_link", "next"};
constexpr std::array page_metas = {"page", "current_page", "currentPage", "page_number"};
constexpr std::array pages_metas = {"pages", "total_pages", "totalPages", "page_count",
                                    "pageCount"};

template <class Words>
const char* first_of(const Words& words, const std::vector<std::string>& names) {
  for (const char* word : words)
    if (std::find(names.begin(), names.end(), word) != names.end()) return word;
  return nullptr;
}

template <class Words>
bool is_one_of(const Words& words, std::string_view name) {
  return std::any_of(words.begin(), words.end(), [name](const char* word) { return name == word; });
}

const json::object* schema_of(const Operation& operation, std::string_view name) {
  for (const auto& parameter : operation.parameters)
    if (parameter.name == name) return &parameter.schema;
  for (const auto& field : operation.body.fields)
    if (field.name == name) return &field.schema;
  return nullptr;
}

bool is_integer(const json::object* schema) {
  const json::value* type = schema ? schema->if_contains("type") : nullptr;
  if (!type) return false;
  if (const auto* list = type->if_array())
    return std::find(list->begin(), list->end(), "integer") != list->end();
  return *type == "integer";
}

std::optional<std::int64_t> integer_of(const json::value* value) {
  if (!value) return std::nullopt;
  if (const auto* number = value->if_int64()) return *number;
  const auto* text = value->if_string();
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text->begin(), text->end(), number);
  if (failure != std::errc() || end != text->end()) return std::nullopt;
  return number;
}

/// What counts pages or records. A service or a caller may say any number; no list is so long, and
/// sums of such numbers fit into 64 bits.
bool is_count(std::int64_t number) {
  constexpr std::int64_t most = 1'000'000'000'000'000;
  return -most <= number && number <= most;
}
std::optional<std::int64_t> count_of(const json::value* value) {
  const auto number = integer_of(value);
  return number && is_count(*number) ? number : std::nullopt;
}

std::optional<std::int64_t> default_of(const Operation& operation, const std::string& name) {
  const json::object* schema = name.empty() ? nullptr : schema_of(operation, name);
  return schema ? count_of(schema->if_contains("default")) : std::nullopt;
}

/// A cursor always travels as text; a page or an offset may be declared as a number.
json::value as_declared(const Operation& operation, std::string_view name, json::value value) {
  if (!value.is_string() || !is_integer(schema_of(operation, name))) return value;
  const auto number = integer_of(&value);
  return number ? json::value(*number) : value;
}

/// "next_page_token", "nextPageToken", "page_token" -> "pagetoken"
std::string stem_of(std::string_view name) {
  std::string out;
  for (const char c : ascii_lower(name))
    if (c != '_' && c != '-') out += c;
  for (const std::string_view prefix : {"next", "end"})
    if (out.starts_with(prefix) && out.size() > prefix.size()) return out.substr(prefix.size());
  return out;
}

/// The parameters that a cursor could go into, the most likely first. Words that may mean something
/// else as well (`start`: a date) must be numbers.
std::vector<std::string> cursor_candidates(const Operation& operation,
                                           const std::vector<std::string>& names) {
  std::vector<std::string> out;
  const auto add = [&](const auto& words, bool counts) {
    for (const char* word : words)
      if (std::find(names.begin(), names.end(), word) != names.end() &&
          (!counts || is_integer(schema_of(operation, word))))
        out.emplace_back(word);
  };
  add(cursor_words, false);
  add(offset_words, true);
  add(page_words, true);
  return out;
}

/// The parameter that the metadata's own word fits: next_page_token -> page_token.
std::string fitting(const std::vector<MetaSource>& sources,
                    const std::vector<std::string>& candidates) {
  for (const MetaSource& source : sources)
    for (const std::string& name : candidates)
      if (stem_of(source.name) == stem_of(name)) return name;
  return candidates.empty() ? std::string() : candidates.front();
}

template <class Words>
void collect(const Operation& operation, const Words& words, std::vector<MetaSource>& out) {
  for (const char* word : words)
    for (const MetaSource& source : operation.meta)
      if (source.name == word) out.push_back(source);
}
template <class Words>
std::optional<MetaSource> find_meta(const Operation& operation, const Words& words) {
  std::vector<MetaSource> found;
  collect(operation, words, found);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

bool is_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://") || text.starts_with("/");
}

bool is_present(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string()) return !value.get_string().empty();
  return value.is_number();
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

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// The whole address is the cursor: it says everything, and only the operation's own path (or one
/// that the definition names) is asked for again.
bool continues_by_address(const Operation& operation) {
  const Paging& paging = operation.paging;
  return paging.cursor_parameter.empty() && !paging.addresses.empty() && operation.method == "GET";
}

class PageReader {
 public:
  PageReader(const Operation& operation, const PageFacts& facts)
      : operation_(operation), paging_(operation.paging), facts_(facts) {}

  PageMark read() {
    read_flags();
    read_addresses();
    read_cursors();
    if (paging_.style == Style::page) count_pages();
    if (paging_.style == Style::offset) count_records();
    if (mark_.has_more == false) mark_.end_cursor.reset();
    return std::move(mark_);
  }

 private:
  void read_flags() {
    const auto flag = [&](const std::vector<MetaSource>& sources, bool meaning) {
      for (const MetaSource& source : sources) {
        if (mark_.has_more) return;
        const json::value value = facts_.value(source);
        if (value.is_bool()) mark_.has_more = value.get_bool() == meaning;
      }
    };
    flag(paging_.more, true);
    flag(paging_.last, false);
  }

  void read_addresses() {
    if (paging_.addresses.empty()) return;
    for (const MetaSource& source : paging_.addresses) {
      const json::value value = facts_.value(source);
      if (!is_present(value)) continue;
      if (!mark_.has_more) mark_.has_more = true;
      if (const auto* text = value.if_string();
          text && (paging_.declared || is_address(view(*text))))
        mark_.end_cursor = cursor_in(view(*text));
      else
        mark_.end_cursor = text_of(value);
      return;
    }
    if (!mark_.has_more) mark_.has_more = false;
  }
  std::optional<std::string> cursor_in(std::string_view address) const {
    if (!paging_.cursor_parameter.empty()) return query_value(address, paging_.cursor_parameter);
    if (!facts_.request || !continues_by_address(operation_)) return std::nullopt;
    const auto url = resolve(*facts_.request, address);
    if (!url || !url->same_origin(*facts_.request) ||
        !may_continue_at(operation_, *facts_.request, *url))
      return std::nullopt;
    return url->target;
  }

  /// A cursor of the metadata says more than one cut out of an address.
  void read_cursors() {
    if (paging_.next.empty()) return;
    bool found = false;
    for (const MetaSource& source : paging_.next) {
      const json::value value = facts_.value(source);
      if (!is_present(value)) continue;
      found = true;
      if (paging_.cursor_parameter.empty()) break;
      if (const auto* text = value.if_string();
          text && !paging_.declared && is_address(view(*text)))
        mark_.end_cursor = cursor_in(view(*text));
      else if (auto plain = text_of(value))
        mark_.end_cursor = std::move(plain);
      break;
    }
    if (!mark_.has_more) mark_.has_more = found;
  }
  static std::optional<std::string> text_of(const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(view(*text));
    if (value.is_int64() || value.is_uint64()) return json::serialize(value);
    return std::nullopt;
  }

  std::optional<std::int64_t> sent(const std::string& name) const {
    if (!facts_.params || name.empty()) return std::nullopt;
    return count_of(facts_.params->if_contains(json::string_view(name.data(), name.size())));
  }
  std::optional<std::int64_t> number(const std::optional<MetaSource>& source) const {
    if (!source) return std::nullopt;
    const json::value value = facts_.value(*source);
    return count_of(&value);
  }
  std::optional<std::int64_t> page_size() const {
    const auto limit = sent(paging_.limit_parameter);
    return limit ? limit : paging_.page_size;
  }
  /// Where nothing else tells: a page that is not full is the last one.
  void judge_by_size() {
    if (mark_.has_more || !facts_.records || !paging_.declared) return;
    const auto most = page_size();
    const auto records = static_cast<std::int64_t>(*facts_.records);
    if (records == 0)
      mark_.has_more = false;
    else if (most)
      mark_.has_more = records >= *most;
  }

  void count_pages() {
    auto current = number(paging_.page);
    if (!current) current = sent(paging_.cursor_parameter);
    if (!current && !was_sent(paging_.cursor_parameter)) current = paging_.first;
    if (const auto pages = number(paging_.pages); pages && current && !mark_.has_more)
      mark_.has_more = *current - paging_.first.value_or(1) + 1 < *pages;
    const auto total = number(paging_.total), size = page_size();
    std::int64_t seen = 0;
    if (total && size && current && paging_.first && !mark_.has_more &&
        !__builtin_mul_overflow(*current - *paging_.first + 1, *size, &seen))
      mark_.has_more = seen < *total;
    judge_by_size();
    const bool known = mark_.has_more.has_value() || paging_.declared;
    if (current && known && !mark_.end_cursor) mark_.end_cursor = std::to_string(*current + 1);
  }
  void count_records() {
    auto current = sent(paging_.cursor_parameter);
    if (!current && !was_sent(paging_.cursor_parameter)) current = paging_.first.value_or(0);
    if (!current || !facts_.records) return;
    const std::int64_t following = *current + static_cast<std::int64_t>(*facts_.records);
    if (const auto total = number(paging_.total); total && !mark_.has_more)
      mark_.has_more = (following < *total) && (*facts_.records > 0);
    judge_by_size();
    const bool known = mark_.has_more.has_value() || paging_.declared;
    if (known && !mark_.end_cursor) mark_.end_cursor = std::to_string(following);
  }
  bool was_sent(const std::string& name) const {
    return facts_.params && facts_.params->contains(json::string_view(name.data(), name.size()));
  }

  const Operation& operation_;
  const Paging& paging_;
  const PageFacts& facts_;
  PageMark mark_;
};

}  // namespace

std::vector<std::string> parameter_names(const Operation& operation) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;  // an operation may have thousands
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for (const auto& parameter : operation.parameters) add(parameter.name);
  for (const auto& field : operation.body.fields) add(field.name);
  return names;
}

void complete_counts(const Operation& operation, Paging& paging) {
  if (paging.style != Style::page && paging.style != Style::offset) return;
  if (!paging.page_size) paging.page_size = default_of(operation, paging.limit_parameter);
  if (!paging.first) paging.first = default_of(operation, paging.cursor_parameter);
  if (paging.first && !is_count(*paging.first)) paging.first.reset();
  if (paging.page_size && !is_count(*paging.page_size)) paging.page_size.reset();
}

Paging infer_paging(const Operation& operation) {
  Paging paging;
  if (operation.action != Action::list && operation.action != Action::search) return paging;
  collect(operation, more_flags, paging.more);
  collect(operation, end_flags, paging.last);
  collect(operation, cursor_metas, paging.next);
  collect(operation, address_metas, paging.addresses);
  paging.page = find_meta(operation, page_metas);
  paging.pages = find_meta(operation, pages_metas);

  const std::vector<std::string> names = parameter_names(operation);
  const std::vector<std::string> candidates = cursor_candidates(operation, names);
  // An address holds the words of its own; which one counts is only clear where there is one.
  const bool cut = candidates.size() == 1 || !paging.next.empty() || operation.method != "GET" ||
                   is_one_of(std::array{"cursor"}, candidates.empty() ? "" : candidates.front());
  if (paging.addresses.empty() || cut) paging.cursor_parameter = fitting(paging.next, candidates);
  if (const char* word = first_of(limit_words, names)) paging.limit_parameter = word;

  const bool tells = !paging.more.empty() || !paging.last.empty() || !paging.next.empty() ||
                     !paging.addresses.empty() || (paging.page && paging.pages);
  if (!tells) {
    paging.style = operation.no_pagination.empty() ? Style::unknown : Style::none;
  } else if (!paging.next.empty() || !paging.addresses.empty()) {
    paging.style = paging.next.empty() ? Style::address : Style::cursor;
  } else if (is_one_of(page_words, paging.cursor_parameter)) {
    paging.style = Style::page;
  } else if (is_one_of(offset_words, paging.cursor_parameter)) {
    paging.style = Style::offset;
  } else {
    paging.style = Style::cursor;
  }
  complete_counts(operation, paging);
  return paging;
}

std::optional<std::string> take_paging_words(const Definition& definition,
                                             const Operation& operation, json::object& params) {
  const Paging& paging = operation.paging;
  const auto is_free = [&](const char* word) {
    const json::value* value = params.if_contains(word);
    return value && !unknown_parameters(definition, operation, {{word, nullptr}}).empty();
  };
  if (is_free("limit") && !paging.limit_parameter.empty()) {
    json::value value = std::move(params.at("limit"));
    params.erase("limit");
    if (!params.contains(paging.limit_parameter))
      params[paging.limit_parameter] =
          as_declared(operation, paging.limit_parameter, std::move(value));
  }
  if (!is_free("cursor")) return std::nullopt;
  if (paging.cursor_parameter.empty() && !continues_by_address(operation)) return std::nullopt;
  json::value value = std::move(params.at("cursor"));
  if (value.is_null()) {  // the first page
    params.erase("cursor");
    return std::nullopt;
  }
  if (!paging.cursor_parameter.empty()) {
    params.erase("cursor");
    if (!params.contains(paging.cursor_parameter))
      params[paging.cursor_parameter] =
          as_declared(operation, paging.cursor_parameter, std::move(value));
    return std::nullopt;
  }
  if (!value.is_string()) {
    params["cursor"] = std::move(value);  // refused like any other unknown parameter
    return std::nullopt;
  }
  params.erase("cursor");
  return std::string(view(value.get_string()));
}

Result<std::optional<std::string>, CallError> place_cursor(const Operation& operation,
                                                           std::string_view cursor,
                                                           json::object& params) {
  const Paging& paging = operation.paging;
  const auto refuse = [](std::string message) {
    return CallError{CallErrorKind::invalid_parameter, std::move(message), 0, "cursor"};
  };
  if (!paging.cursor_parameter.empty()) {
    if (!params.contains(paging.cursor_parameter))
      params[paging.cursor_parameter] = as_declared(operation, paging.cursor_parameter,
                                                    json::string(cursor.data(), cursor.size()));
    return std::optional<std::string>();
  }
  if (!continues_by_address(operation))
    return refuse(fmt::format("{} {} cannot be continued with a cursor", operation.entity,
                              name_of(operation.action)));
  constexpr std::size_t longest = 8 << 10;
  if (!cursor.starts_with('/') || cursor.size() > longest || has_control_characters(cursor) ||
      cursor.find('#') != std::string_view::npos)
    return refuse("The cursor is none that this action has given out");
  return std::optional<std::string>(cursor);
}

bool may_continue_at(const Operation& operation, const net::Url& request, const net::Url& address) {
  if (!address.same_origin(request)) return false;
  if (path_of(address.target) == path_of(request.target)) return true;
  return std::any_of(operation.paging.next_paths.begin(), operation.paging.next_paths.end(),
                     [&](const std::string& prefix) {
                       const auto base = net::Url::parse(request.origin() + prefix);
                       return base && is_within(*base, address);
                     });
}

std::string without_query(std::string_view address, std::string_view name) {
  const std::size_t question = address.find('?');
  if (question == std::string_view::npos) return std::string(address);
  std::string out(address.substr(0, question));
  char mark = '?';
  for (auto query = address.substr(question + 1); !query.empty();) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto key = percent_decode(pair.substr(0, pair.find('=')), true);
    if (pair.empty() || (key && *key == name)) continue;
    out += mark;
    out += pair;
    mark = '&';
  }
  return out;
}

PageMark read_page(const Operation& operation, const PageFacts& facts) {
  switch (operation.paging.style) {
    case Style::unknown:
      return {};
    case Style::none:
      return {.has_more = false, .end_cursor = {}};
    default:
      return PageReader(operation, facts).read();
  }
}

}  // namespace fairlead::connector
