// What a caller asked for: the path and the query of a request target, and form bodies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::sandbox {

/// Names and values of a query or of an application/x-www-form-urlencoded body, in their order.
class Form {
 public:
  /// nullopt when an escape is malformed, the text is not UTF-8, or there are more than 100 pairs.
  static std::optional<Form> parse(std::string_view text);

  /// The value of that name; nullptr when absent.
  const std::string* find(std::string_view name) const noexcept;
  /// A name that stands more than once; nullptr when there is none.
  const std::string* repeated() const noexcept;
  const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Target {
  std::vector<std::string> path;  ///< decoded segments
  Form query;

  static std::optional<Target> parse(std::string_view text);
};

}  // namespace fairlead::sandbox
