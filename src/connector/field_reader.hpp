// Reading a YAML tree member by member. What is wrong is noted with its line and path, and reading
// goes on, so that the author of a definition sees all problems at once.
#pragma once

#include "connector/yaml_reader.hpp"

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// A node and the way to it. Lives on the stack of the function that reads it, below its owner's.
struct Place {
  const YamlNode* node = nullptr;
  const Place* owner = nullptr;
  std::string_view key = {};  ///< in the owner, when that is a mapping
  int index = -1;             ///< in the owner, when that is a list
  int line = 0, column = 0;

  static Place root(const YamlNode& node) {
    return {.node = &node, .line = node.line, .column = node.column};
  }
  Place member(const YamlMember& member) const {
    return {.node = member.value,
            .owner = this,
            .key = member.key,
            .line = member.line,
            .column = member.column};
  }
  Place element(std::size_t i) const;
  /// "servers[0].url"
  std::string path() const;
};

/// What was found wrong (the definition is refused), and what is merely odd.
class Problems {
 public:
  static constexpr std::size_t most = 100;              ///< of each kind
  static constexpr std::size_t most_characters = 1000;  ///< of a message; names can be long

  void add(const Place& place, std::string message) {
    add({place.line, place.path(), std::move(message), place.column});
  }
  void add(DefinitionProblem problem);
  void warn(const Place& place, const std::string& message);
  void warn(DefinitionProblem warning);

  /// No more are kept; looking for more, and for near names, would only take time.
  bool full() const noexcept { return list_.size() >= most; }
  bool full_of_warnings() const noexcept { return warnings_.size() >= most; }
  /// Counts the names that are compared with known ones, which takes time.
  bool may_look_for_near_names() noexcept { return !full_of_warnings() && looked_++ < 1'000; }
  const std::vector<DefinitionProblem>& list() const noexcept { return list_; }
  const std::vector<DefinitionProblem>& warnings() const noexcept { return warnings_; }

 private:
  std::vector<DefinitionProblem> list_, warnings_;
  int looked_ = 0;
};

/// What members that nobody asked for mean.
enum class Others {
  refused,
  extensions,  ///< x-* is accepted
  accepted
};

/// The members of one mapping. A member is known when it was asked for; the rest is judged by
/// finish(). A null member counts as absent.
class Fields {
 public:
  /// Notes a problem when the place holds no mapping; all members are then absent.
  Fields(const Place& place, Problems& problems);

  bool is_map() const noexcept { return map_ != nullptr; }
  const Place& place() const noexcept { return place_; }
  const YamlMap& members() const noexcept;

  std::optional<Place> find(std::string_view key);
  /// Notes a problem when it is absent.
  std::optional<Place> require(std::string_view key);

  std::optional<std::string> text(std::string_view key);
  /// Not absent; empty after a problem was noted.
  std::string required_text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<double> number(std::string_view key);
  std::optional<std::int64_t> whole(std::string_view key);
  /// A list of texts.
  std::optional<std::vector<std::string>> texts(std::string_view key);
  /// A mapping or list; what is inside is not looked at.
  std::optional<Place> map(std::string_view key);
  std::optional<Place> list(std::string_view key);
  /// A text out of `words`.
  std::optional<std::string> word(std::string_view key,
                                  std::initializer_list<std::string_view> words);
  /// These may be there in any form and mean nothing to us.
  void allow(std::initializer_list<std::string_view> keys);
  /// Notes the members that are not known.
  void finish(Others others);

 private:
  std::optional<Place> find_as(std::string_view key, bool (*fits)(const YamlNode&),
                               std::string_view expected);
  void warn_if_mistyped(const Place& place, const std::vector<std::string>& names);

  const Place place_;
  Problems& problems_;
  const YamlMap* map_ = nullptr;
  std::vector<std::string_view> known_;
};

/// x-fairlead..., however it is capitalized: ours, and judged as a whole by finish_fairlead().
bool is_fairlead_name(std::string_view key);
/// The text of a node; notes a problem and is empty when it is something else.
std::string text_at(const Place& place, Problems& problems);
/// A problem unless the text is one of `words`; names the nearest.
bool check_word(const Place& place, std::string_view text,
                std::initializer_list<std::string_view> words, Problems& problems);
/// The keys of a mapping; none when it is something else.
std::set<std::string_view> keys_of(const YamlNode& node);
/// A mapping of text to text, in order.
std::vector<std::pair<std::string, std::string>> texts_by_name(const Place& place,
                                                               Problems& problems);

}  // namespace fairlead::connector
