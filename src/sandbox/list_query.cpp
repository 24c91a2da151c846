#include "sandbox/list_query.hpp"

#include "base/suggestion.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace fairlead::sandbox {
namespace {

constexpr std::size_t most_words_bytes = 400;

/// How a filter compares.
enum class Compare { choice, text, tag, reference, after, before };

struct Filter {
  std::string_view parameter, field;
  Compare compare = Compare::text;
  Kind referred = Kind::customer;
};

struct ListRules {
  std::vector<Filter> filters;
  std::vector<std::string_view> orders;
};

ListRules rules_of(Kind kind) {
  ListRules rules;
  switch (kind) {
    case Kind::customer:
      rules = {{{"status", "status", Compare::choice},
                {"email", "email"},
                {"tag", "tags", Compare::tag}},
               {"name"}};
      break;
    case Kind::order:
      rules = {{{"status", "status", Compare::choice},
                {"customer_id", "customer_id", Compare::reference, Kind::customer}},
               {"total"}};
      break;
    case Kind::ticket:
      rules = {{{"status", "status", Compare::choice},
                {"priority", "priority", Compare::choice},
                {"customer_id", "customer_id", Compare::reference, Kind::customer},
                {"order_id", "order_id", Compare::reference, Kind::order},
                {"assignee", "assignee"},
                {"tag", "tags", Compare::tag}},
               {"subject"}};
      break;
    case Kind::comment:
      rules = {{{"author_role", "author_role", Compare::choice}}, {}};
      break;
    case Kind::file:
      rules = {{{"ticket_id", "ticket_id", Compare::reference, Kind::ticket},
                {"content_type", "content_type"}},
               {"name", "size"}};
      break;
  }
  rules.filters.push_back({"created_after", "created_at", Compare::after});
  rules.filters.push_back({"created_before", "created_at", Compare::before});
  rules.filters.push_back({"updated_after", "updated_at", Compare::after});
  rules.orders.insert(rules.orders.begin(), {"created_at", "updated_at"});
  return rules;
}

bool same_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

using Condition = std::function<bool(const json::object&)>;

Condition condition_of(Kind kind, const Filter& filter, const std::string& value) {
  const std::string parameter(filter.parameter), field(filter.field);
  switch (filter.compare) {
    case Compare::choice: {
      const auto& choices = choices_of(kind, field);
      if (std::find(choices.begin(), choices.end(), value) == choices.end())
        refuse_parameter(parameter, fmt::format("must be one of {}", fmt::join(choices, ", ")));
      return [=](const json::object& record) { return text_of(record, field) == value; };
    }
    case Compare::reference:
      if (!number_of(filter.referred, value))
        refuse_parameter(parameter,
                         fmt::format("must be an id such as {}", id_of(filter.referred, 1001)));
      return [=](const json::object& record) { return text_of(record, field) == value; };
    case Compare::text:
      return [=](const json::object& record) { return same_text(text_of(record, field), value); };
    case Compare::tag:
      return [=](const json::object& record) {
        const json::array& tags = record.at(field).as_array();
        return std::any_of(tags.begin(), tags.end(), [&](const json::value& tag) {
          return same_text(view(tag.as_string()), value);
        });
      };
    case Compare::after:
    case Compare::before: {
      const auto moment = parse_rfc3339(value);
      if (!moment)
        refuse_parameter(parameter, "must be a date or a time such as 2025-06-01T12:00:00Z");
      // All times are written alike, so their texts are in the order of time.
      return [=, text = to_rfc3339(*moment)](const json::object& record) {
        return filter.compare == Compare::after ? text_of(record, field) > text
                                                : text_of(record, field) < text;
      };
    }
  }
  return {};
}

std::size_t read_limit(const Form& query) {
  const std::string* text = query.find("limit");
  if (!text) return usual_per_page;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 ||
      limit > most_per_page)
    refuse_parameter("limit", fmt::format("must be an integer from 1 to {}", most_per_page));
  return limit;
}

/// The path and every parameter but those that change from page to page.
std::string list_of(std::string_view path, const Form& query) {
  auto pairs = query.pairs();
  std::erase_if(pairs,
                [](const auto& pair) { return pair.first == "cursor" || pair.first == "limit"; });
  std::sort(pairs.begin(), pairs.end());
  std::string list(path);
  for (const auto& [name, value] : pairs)
    list += fmt::format("\n{}:{}={}", name.size(), name, value);
  return list;
}

void refuse_unknown(const ListRules& rules, const Form& query,
                    std::initializer_list<std::string_view> own) {
  std::vector<std::string> known(own.begin(), own.end());
  for (const Filter& filter : rules.filters) known.emplace_back(filter.parameter);
  known.insert(known.end(), {"limit", "cursor"});
  for (const auto& [name, value] : query.pairs())
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse_parameter(name.substr(0, 60),
                       fmt::format("is no parameter of this list{}", did_you_mean(name, known)));
  if (const std::string* twice = query.repeated()) refuse_parameter(*twice, "stands twice");
}

std::vector<Condition> conditions_of(Kind kind, const ListRules& rules, const Form& query) {
  std::vector<Condition> conditions;
  for (const Filter& filter : rules.filters)
    if (const std::string* value = query.find(filter.parameter))
      conditions.push_back(condition_of(kind, filter, *value));
  return conditions;
}

bool all_hold(const std::vector<Condition>& conditions, const json::object& record) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& holds) { return holds(record); });
}

/// The field of a "sort" such as "-created_at", with its direction.
std::pair<std::string, bool> read_order(const ListRules& rules, const Form& query,
                                        std::string_view usual) {
  const std::string* sort = query.find("sort");
  std::string_view field = sort ? *sort : usual;
  const bool descending = field.starts_with('-');
  if (descending) field.remove_prefix(1);
  if (std::find(rules.orders.begin(), rules.orders.end(), field) == rules.orders.end())
    refuse_parameter("sort", fmt::format("must be one of {}, with - before it for the reverse",
                                         fmt::join(rules.orders, ", ")));
  return {std::string(field), descending};
}

void read_page(ListQuery& list, const Form& query, const Seal& seal) {
  list.selection.limit = read_limit(query);
  if (const std::string* cursor = query.find("cursor"); cursor && !cursor->empty())
    list.selection.after = read_cursor(seal, list.list, *cursor);
}

}  // namespace

ListQuery read_list_query(Kind kind, std::string_view path, const Form& query, const Seal& seal) {
  const ListRules rules = rules_of(kind);
  refuse_unknown(rules, query, {"sort"});
  // Newest first; but a conversation is read from its beginning.
  const auto [field, descending] =
      read_order(rules, query, kind == Kind::comment ? "created_at" : "-created_at");
  ListQuery list{list_of(path, query), {}};
  list.selection.descending = descending;
  list.selection.key = [conditions = conditions_of(kind, rules, query),
                        by = field](const Record& record) -> std::optional<SortKey> {
    if (!all_hold(conditions, record.fields)) return std::nullopt;
    const json::value& key = record.fields.at(by);
    if (key.is_string()) return SortKey(std::string(view(key.get_string())));
    return SortKey(key.to_number<std::int64_t>());
  };
  read_page(list, query, seal);
  return list;
}

ListQuery read_search_query(Kind kind, std::string_view path, const Form& query, const Seal& seal,
                            std::string_view words, SearchedParts parts) {
  const ListRules rules = rules_of(kind);
  refuse_unknown(rules, query, {words});
  const std::string* text = query.find(words);
  const SearchTerms terms(text ? *text : std::string());
  if (terms.empty()) refuse_parameter(std::string(words), "must hold a word to look for");
  if (text->size() > most_words_bytes)
    refuse_parameter(std::string(words), fmt::format("has more than {} bytes", most_words_bytes));
  ListQuery list{list_of(path, query), {}};
  list.selection.key = [conditions = conditions_of(kind, rules, query), terms,
                        parts = std::move(parts)](const Record& record) -> std::optional<SortKey> {
    if (!all_hold(conditions, record.fields)) return std::nullopt;
    const std::int64_t score = terms.score(parts(record));
    if (score == 0) return std::nullopt;
    return SortKey(score);
  };
  read_page(list, query, seal);
  return list;
}

}  // namespace fairlead::sandbox
