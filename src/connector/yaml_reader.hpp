// YAML as a tree with line numbers, read from libyaml's events so that hostile texts are refused
// before a tree is built: limits, keys that stand twice, merge keys, tags, several documents.
// Scalars follow the core schema of YAML 1.2: plain true, 42, 1.5 and null are typed, quoted ones
// are text.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::connector {

struct YamlNode;
struct YamlMember {
  std::string key;
  int line = 0;
  int column = 0;  ///< 1-based, as that of a node
  const YamlNode* value = nullptr;
};
using YamlList = std::vector<const YamlNode*>;
using YamlMap = std::vector<YamlMember>;  ///< in the order of the file

struct YamlNode {
  /// A whole number beyond 64 bits is a double.
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, YamlList,
               YamlMap>
      value = nullptr;
  int line = 0, column = 0;
  std::uint32_t size = 1;    ///< nodes in this tree, aliases counted as what they stand for
  std::uint32_t height = 1;  ///< levels of this tree
  std::uint64_t bytes = 0;   ///< of the texts and keys in it, aliases counted likewise

  const std::string* if_text() const { return std::get_if<std::string>(&value); }
  const YamlList* if_list() const { return std::get_if<YamlList>(&value); }
  const YamlMap* if_map() const { return std::get_if<YamlMap>(&value); }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  /// The member's value; nullptr when this is no mapping or has no such key.
  const YamlNode* find(std::string_view key) const;
  /// "text", "a list", ...: for messages.
  std::string_view kind_name() const;
};

/// Owns its nodes. An alias is the node of its anchor, so a tree can share branches; it has no
/// cycles.
struct YamlTree {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;
};

struct YamlLimits {
  std::size_t bytes = 2u << 20;
  std::uint32_t depth = 64;
  std::uint32_t nodes = 50'000;   ///< after alias expansion
  std::uint64_t text = 4u << 20;  ///< bytes of texts and keys, after alias expansion
};

/// One document. Problems name the line and, where it is known, the path.
Result<YamlTree, std::vector<DefinitionProblem>> read_yaml(std::string_view text,
                                                           const YamlLimits& limits = {});

json::value to_json(const YamlNode& node);

}  // namespace fairlead::connector
