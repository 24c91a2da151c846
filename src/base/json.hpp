// JSON that is small: request bodies, configuration, definitions. Upstream answers are read in
// connector/answer_reader.
#pragma once

#include "base/error.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead {

namespace json = boost::json;

/// Limits of security.md section 13; each is an error that names the limit.
struct JsonLimits {
  std::size_t bytes = 4u << 20;
  std::size_t depth = 64;
  std::size_t nodes = 100'000;
  std::size_t keys_per_object = 10'000;
  std::size_t number_characters = 64;
};

/// One JSON text. Refuses duplicate keys, invalid UTF-8, integers that do not fit into 64 bits, and
/// what is over a limit. Keeps the order of keys.
Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {});
/// The same, and the text must be an object. `what` names it in the error ("request body").
Result<json::object> parse_json_object(std::string_view text, std::string_view what,
                                       const JsonLimits& limits = {});

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);
/// The member's string; nullptr when absent or of another type.
const json::string* find_string(const json::object& object, std::string_view key);
/// The member's object; nullptr when absent or of another type.
const json::object* find_object(const json::object& object, std::string_view key);

inline std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace fairlead
