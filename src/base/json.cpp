#include "base/json.hpp"

#include "base/encoding.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

namespace fairlead {
namespace {

/// The keys of one object. Most have few, and few are compared sooner than looked up.
class SeenKeys {
 public:
  std::size_t size() const { return few_.size() + more_.size(); }
  /// False when it was there.
  bool insert(const std::string& key) {
    if (std::find(few_.begin(), few_.end(), key) != few_.end()) return false;
    if (few_.size() == few) return more_.insert(key).second;
    if (few_.empty()) few_.reserve(few);
    few_.push_back(key);
    return true;
  }

 private:
  static constexpr std::size_t few = 8;
  std::vector<std::string> few_;
  std::set<std::string> more_;
};

/// Builds the tree of a text, and refuses what is over a limit, keys that stand twice in one object
/// and integers that would be rounded.
class TreeBuilder {
 public:
  explicit TreeBuilder(const JsonLimits& limits) : limits_(limits) { tree_.reset(); }
  json::value release() { return tree_.release(); }
  std::string problem;

  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using Code = json::error_code;
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& code) {
    keys_.emplace_back();
    return count(code);
  }
  bool on_object_end(std::size_t members, Code&) {
    keys_.pop_back();
    tree_.push_object(members);
    return true;
  }
  bool on_array_begin(Code& code) { return count(code); }
  bool on_array_end(std::size_t values, Code&) {
    tree_.push_array(values);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, Code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Code& code) {
    key_.append(part.data(), part.size());
    auto& keys = keys_.back();
    if (keys.size() >= limits_.keys_per_object)
      return refuse(code,
                    fmt::format("an object has more than {} members", limits_.keys_per_object));
    if (!keys.insert(key_))
      return refuse(
          code, fmt::format("the member \"{}\" stands twice in one object", key_.substr(0, 64)));
    tree_.push_key(key_);
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Code&) {
    tree_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Code& code) {
    tree_.push_string(part);
    return count(code);
  }
  bool on_number_part(json::string_view part, Code& code) {
    note_fraction(part);
    number_text_.append(part.data(), part.size());
    return number(part.size(), code);
  }
  bool on_int64(std::int64_t value, json::string_view part, Code& code) {
    tree_.push_int64(value);
    return number_end(part.size(), code);
  }
  bool on_uint64(std::uint64_t value, json::string_view part, Code& code) {
    tree_.push_uint64(value);
    return number_end(part.size(), code);
  }
  bool on_double(double value, json::string_view part, Code& code) {
    note_fraction(part);
    number_text_.append(part.data(), part.size());
    double nearest = value;  // or one step beside it, and nothing at all for 0e400
    const char* const end = number_text_.data() + number_text_.size();
    if (double exact = 0; std::from_chars(number_text_.data(), end, exact).ec == std::errc())
      nearest = exact;
    if (!std::isfinite(nearest)) return refuse(code, "a number is too large");
    const bool integer = !has_fraction_;
    if (!number_end(part.size(), code)) return false;
    // It would be rounded, and a rounded identifier is another one.
    if (integer) return refuse(code, "an integer has more than 64 bits; write it as a string");
    tree_.push_double(nearest);
    return true;
  }
  bool on_bool(bool value, Code& code) {
    tree_.push_bool(value);
    return count(code);
  }
  bool on_null(Code& code) {
    tree_.push_null();
    return count(code);
  }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

 private:
  bool refuse(Code& code, std::string why) {
    problem = std::move(why);
    code = json::error::syntax;
    return false;
  }
  bool count(Code& code) {
    if (++nodes_ > limits_.nodes)
      return refuse(code, fmt::format("more than {} values", limits_.nodes));
    return true;
  }
  bool number(std::size_t characters, Code& code) {
    number_characters_ += characters;
    if (number_characters_ > limits_.number_characters)
      return refuse(code,
                    fmt::format("a number has more than {} characters", limits_.number_characters));
    return true;
  }
  bool number_end(std::size_t characters, Code& code) {
    const bool ok = number(characters, code) && count(code);
    number_characters_ = 0;
    number_text_.clear();
    has_fraction_ = false;
    return ok;
  }
  /// A fraction or an exponent.
  void note_fraction(json::string_view part) {
    has_fraction_ = has_fraction_ || part.find_first_of(".eE") != json::string_view::npos;
  }

  const JsonLimits& limits_;
  json::value_stack tree_;
  std::vector<SeenKeys> keys_;
  std::string key_, number_text_;
  std::size_t nodes_ = 0, number_characters_ = 0;
  bool has_fraction_ = false;
};

/// Whether the parser stopped at half of a surrogate pair; for some it says no more than "syntax".
bool is_half_pair(json::error_code code, std::string_view read) {
  if (code == json::error::illegal_leading_surrogate ||
      code == json::error::illegal_trailing_surrogate)
    return true;
  const auto escape = read.rfind("\\u");
  if (code != json::error::syntax || escape == std::string_view::npos) return false;
  const auto last = read.substr(escape);  // with the backslash of the next escape, or without
  return (last.size() == 6 || last.size() == 7) && (last[2] == 'd' || last[2] == 'D') &&
         std::string_view("89abAB").find(last[3]) != std::string_view::npos;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return Error{
        ErrorKind::too_large,
        fmt::format("the JSON text has {} bytes; at most {} are taken", text.size(), limits.bytes)};
  json::parse_options options;
  options.max_depth = limits.depth;

  json::basic_parser<TreeBuilder> parser(options, limits);
  json::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (!parser.handler().problem.empty())
    return invalid("invalid JSON: " + parser.handler().problem);
  if (code == json::error::too_deep)
    return invalid(fmt::format("invalid JSON: nested more than {} levels deep", limits.depth));
  if (code)
    return invalid(fmt::format("invalid JSON at byte {}: {}", read,
                               is_half_pair(code, text.substr(0, read))
                                   ? "an escape is half of a surrogate pair, which is no character"
                                   : code.message()));
  if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
    return invalid(fmt::format("invalid JSON at byte {}: text after the end of the value", read));

  return parser.handler().release();
}

Result<json::object> parse_json_object(std::string_view text, std::string_view what,
                                       const JsonLimits& limits) {
  auto value = parse_json(text, limits);
  if (!value) {
    Error error = std::move(value).error();
    error.message = fmt::format("{}: {}", what, error.message);
    return error;
  }
  if (!value->is_object()) return invalid(fmt::format("{} must be a JSON object", what));
  return std::move(value->as_object());
}

void append_json_string(std::string& out, std::string_view text) {
  const auto is_escaped = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  out += '"';
  while (!text.empty()) {
    const auto escaped = std::find_if(text.begin(), text.end(), is_escaped);
    const auto plain = static_cast<std::size_t>(escaped - text.begin());
    out += text.substr(0, plain);
    if (escaped == text.end()) break;
    switch (const char c = *escaped) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

const json::string* find_string(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr ? value->if_string() : nullptr;
}

const json::object* find_object(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr ? value->if_object() : nullptr;
}

}  // namespace fairlead
