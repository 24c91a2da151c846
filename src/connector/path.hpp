// The path language of extractors: $  .name  ['name']  [0]  [-1]  [*]   (connector-format
// section 9.3).
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::connector {

class Path {
 public:
  struct Child {
    std::string name;
  };
  struct Index {
    std::int64_t position;
  };
  struct All {};
  using Step = std::variant<Child, Index, All>;

  static Result<Path> parse(std::string_view text);
  const std::vector<Step>& steps() const noexcept { return steps_; }
  bool is_root() const noexcept { return steps_.empty(); }
  /// The text contains [*].
  bool spreads() const noexcept;
  const std::string& source() const noexcept { return source_; }

  /// The matches in a tree, in order. (answer_reader.cpp walks raw answers by steps() instead.)
  std::vector<const json::value*> find(const json::value& root) const;

 private:
  std::string source_;
  std::vector<Step> steps_;
};

}  // namespace fairlead::connector
