// Parameter values as the text that travels: in a URL, a header, a form, a JSON body. The forms are
// those of the format's reference (booleans excepted, which are lower case everywhere).
#pragma once

#include "base/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::connector {

/// A scalar as text: strings as they are, true/false, decimal integers, the shortest form of other
/// numbers ("1.0", "1e+16"), null as "". nullopt for objects, arrays, and numbers that are not
/// finite.
std::optional<std::string> scalar_text(const json::value& value);

/// Name and value of one form or query field, not yet encoded.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// a=1&b=2, form-encoded (blank becomes '+').
std::string form_encode(const Pairs& pairs);

enum class JsonForm {
  compact,      ///< {"a":1,"b":"ü"}
  spaced_ascii  ///< {"a": 1, "b": "\u00fc"}
};
/// Appends `value` as JSON; false when it holds a number that is not finite.
bool append_json(std::string& out, const json::value& value, JsonForm form = JsonForm::compact);

/// Without the mark that some services put before their JSON.
std::string_view without_byte_order_mark(std::string_view text);
/// Removes ASCII blanks at both ends.
std::string_view trimmed(std::string_view text);
bool is_blank(std::string_view text);
/// ASCII, without case.
bool same_word(std::string_view a, std::string_view b);
/// A byte below 0x20, or 0x7f.
bool has_control_characters(std::string_view text);
/// May be the value of a header, and arrives as it is: ASCII, no control characters, no blanks at
/// its ends.
bool is_header_text(std::string_view text);

inline json::string_view key_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

}  // namespace fairlead::connector
