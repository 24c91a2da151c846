// The little expression language of definitions: `text {{ expression }} text`. One evaluator covers
// every template of the format (connector-format section 11): names, member access, integer index,
// literals, not/and/or, == != < <= > >= in, + -, X if C else Y, filters
// replace/upper/lower/default/ trim/join/first/length, methods
// split/lower/upper/strip/startswith/endswith/strftime, functions now_utc, today_utc, duration,
// day_delta, max, min. No loops, macros, includes or attribute walks: refused when parsed. Bounded
// in steps and in output (64 KiB).
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace fairlead::connector {

/// What a name that is not defined means.
enum class Undefined { is_error, is_empty };

class Template {
 public:
  /// An error names the offending text and its column.
  static Result<Template> parse(std::string_view text);
  /// A template that fails with `reason` whenever it is rendered: the format lets a definition load
  /// whose filter or transform cannot be read, and its calls fail.
  static Template broken(std::string_view text, std::string_view reason);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// `names` gives the variables. The output is text: true/false/none print as True/False/None.
  /// `steps` grows by what it took, for callers that render many times.
  Result<std::string> render(const json::object& names, Undefined undefined, Instant now,
                             std::size_t* steps = nullptr) const;
  const std::string& source() const noexcept;
  /// The top-level names that the template reads.
  std::vector<std::string> names() const;

 private:
  struct Impl;
  explicit Template(std::unique_ptr<Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace fairlead::connector
