#include "connector/field_reader.hpp"

#include "base/suggestion.hpp"
#include "connector/ascii.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

/// Keys come from the file: shortened, so that a message stays a line.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 80));
  if (text.size() > 80) out += "...";
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return out;
}

std::string expected(std::string_view what, const YamlNode& node) {
  return std::string(what) + " is expected here, not " + std::string(node.kind_name());
}

void shorten(std::string& message) {
  if (message.size() > Problems::most_characters)
    message = message.substr(0, Problems::most_characters) + "...";
}

std::string listed(std::initializer_list<std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

}  // namespace

Place Place::element(std::size_t i) const {
  const YamlNode* element = (*node->if_list())[i];
  return {.node = element,
          .owner = this,
          .index = static_cast<int>(i),
          .line = element->line,
          .column = element->column};
}

std::string Place::path() const {
  if (!owner) return "";
  std::string out = owner->path();
  if (index >= 0) return out + '[' + std::to_string(index) + ']';
  return out + (out.empty() ? "" : ".") + shown(key);
}

void Problems::add(DefinitionProblem problem) {
  if (full()) return;
  shorten(problem.message);
  list_.push_back(std::move(problem));
}

void Problems::warn(DefinitionProblem warning) {
  if (full_of_warnings()) return;
  shorten(warning.message);
  warnings_.push_back(std::move(warning));
}

void Problems::warn(const Place& place, const std::string& message) {
  warn({place.line, place.path(), message, place.column});
}

Fields::Fields(const Place& place, Problems& problems) : place_(place), problems_(problems) {
  map_ = place.node->if_map();
  if (!map_) problems_.add(place, expected("a mapping", *place.node));
}

const YamlMap& Fields::members() const noexcept {
  static const YamlMap none;
  return map_ ? *map_ : none;
}

std::optional<Place> Fields::find(std::string_view key) {
  known_.push_back(key);
  for (const YamlMember& member : members())
    if (member.key == key) {
      if (member.value->is_null()) return std::nullopt;
      return place_.member(member);
    }
  return std::nullopt;
}

std::optional<Place> Fields::require(std::string_view key) {
  auto found = find(key);
  if (!found && map_) {
    const Place missing{.node = place_.node,
                        .owner = &place_,
                        .key = key,
                        .line = place_.line,
                        .column = place_.column};
    problems_.add(missing, "is missing");
  }
  return found;
}

std::optional<Place> Fields::find_as(std::string_view key, bool (*fits)(const YamlNode&),
                                     std::string_view what) {
  auto found = find(key);
  if (!found || fits(*found->node)) return found;
  problems_.add(*found, expected(what, *found->node));
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key) {
  const auto found = find_as(
      key, [](const YamlNode& node) { return node.if_text() != nullptr; }, "text");
  if (!found) return std::nullopt;
  return *found->node->if_text();
}

std::string Fields::required_text(std::string_view key) {
  const auto found = require(key);
  return found ? text_at(*found, problems_) : "";
}

std::optional<bool> Fields::flag(std::string_view key) {
  const auto found = find_as(
      key, [](const YamlNode& node) { return std::holds_alternative<bool>(node.value); },
      "true or false");
  if (!found) return std::nullopt;
  return std::get<bool>(found->node->value);
}

std::optional<double> Fields::number(std::string_view key) {
  const auto found = find_as(
      key,
      [](const YamlNode& node) {
        return std::holds_alternative<double>(node.value) ||
               std::holds_alternative<std::int64_t>(node.value);
      },
      "a number");
  if (!found) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&found->node->value))
    return static_cast<double>(*whole);
  return std::get<double>(found->node->value);
}

std::optional<std::int64_t> Fields::whole(std::string_view key) {
  const auto found = find_as(
      key, [](const YamlNode& node) { return std::holds_alternative<std::int64_t>(node.value); },
      "a whole number");
  if (!found) return std::nullopt;
  return std::get<std::int64_t>(found->node->value);
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view key) {
  const auto found = list(key);
  if (!found) return std::nullopt;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < found->node->if_list()->size(); ++i)
    out.push_back(text_at(found->element(i), problems_));
  return out;
}

std::optional<Place> Fields::map(std::string_view key) {
  return find_as(
      key, [](const YamlNode& node) { return node.if_map() != nullptr; }, "a mapping");
}

std::optional<Place> Fields::list(std::string_view key) {
  return find_as(
      key, [](const YamlNode& node) { return node.if_list() != nullptr; }, "a list");
}

std::optional<std::string> Fields::word(std::string_view key,
                                        std::initializer_list<std::string_view> words) {
  auto found = find(key);
  if (!found) return std::nullopt;
  std::string text = text_at(*found, problems_);
  if (!found->node->if_text() || !check_word(*found, text, words, problems_)) return std::nullopt;
  return text;
}

void Fields::allow(std::initializer_list<std::string_view> keys) {
  known_.insert(known_.end(), keys.begin(), keys.end());
}

void Fields::finish(Others others) {
  if (others == Others::accepted) return;
  const std::set<std::string> asked(known_.begin(), known_.end());
  const std::vector<std::string> names(asked.begin(), asked.end());
  for (const YamlMember& member : members()) {
    if (problems_.full()) return;
    if (asked.contains(member.key) || is_fairlead_name(member.key)) continue;
    const Place place = place_.member(member);
    if (others == Others::refused || !member.key.starts_with("x-"))
      problems_.add(place, "is not known here" + did_you_mean(member.key, names));
    else
      warn_if_mistyped(place, names);
  }
}

/// An extension that nobody reads is accepted, but it may be one that somebody does, misspelt.
void Fields::warn_if_mistyped(const Place& place, const std::vector<std::string>& names) {
  static constexpr std::string_view prefix = "x-airbyte-";
  if (!place.key.starts_with(prefix) || !problems_.may_look_for_near_names()) return;
  std::vector<std::string> endings;  // the prefix would make all of them alike
  for (const std::string& name : names)
    if (name.starts_with(prefix)) endings.push_back(name.substr(prefix.size()));
  const auto near = nearest_names(place.key.substr(prefix.size()), endings, 1);
  if (!near.empty())
    problems_.warn(place, "is not known here and has no effect; did you mean '" +
                              std::string(prefix) + near[0] + "'?");
}

bool is_fairlead_name(std::string_view key) {
  constexpr std::string_view prefix = "x-fairlead";
  return key.size() >= prefix.size() && ascii_lower(key.substr(0, prefix.size())) == prefix;
}

std::string text_at(const Place& place, Problems& problems) {
  if (const auto* text = place.node->if_text()) return *text;
  problems.add(place,
               expected("text", *place.node) +
                   (place.node->if_list() || place.node->if_map() ? "" : "; write it in quotes"));
  return "";
}

bool check_word(const Place& place, std::string_view text,
                std::initializer_list<std::string_view> words, Problems& problems) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return true;
  const std::vector<std::string> names(words.begin(), words.end());
  problems.add(place,
               "'" + shown(text) + "' is not one of: " + listed(words) + did_you_mean(text, names));
  return false;
}

std::set<std::string_view> keys_of(const YamlNode& node) {
  std::set<std::string_view> keys;
  if (const auto* map = node.if_map())
    for (const YamlMember& member : *map) keys.insert(member.key);
  return keys;
}

std::vector<std::pair<std::string, std::string>> texts_by_name(const Place& place,
                                                               Problems& problems) {
  std::vector<std::pair<std::string, std::string>> out;
  const Fields fields(place, problems);
  for (const YamlMember& member : fields.members())
    out.emplace_back(member.key, text_at(place.member(member), problems));
  return out;
}

}  // namespace fairlead::connector
