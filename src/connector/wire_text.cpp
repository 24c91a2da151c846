#include "connector/wire_text.hpp"

#include "base/encoding.hpp"
#include "connector/python_value.hpp"
#include "net/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace fairlead::connector {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The code point that begins at `at`, which is moved behind it. `text` is valid UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > text.size()) return byte(at++);
  char32_t point = length == 1 ? first : first & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(at + i) & 0x3f);
  at += length;
  return point;
}

void append_unicode_escape(std::string& out, char32_t point) {
  const auto unit = [&](char32_t u) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(u));
  };
  if (point > 0xffff) {
    unit(0xd800 + ((point - 0x10000) >> 10));
    unit(0xdc00 + ((point - 0x10000) & 0x3ff));
  } else {
    unit(point);
  }
}

void append_string(std::string& out, std::string_view text, JsonForm form) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\b') {
      out += "\\b";
    } else if (c == '\f') {
      out += "\\f";
    } else if (byte < 0x20) {
      append_unicode_escape(out, byte);
    } else if (byte >= 0x7f && form == JsonForm::spaced_ascii) {
      append_unicode_escape(out, next_code_point(text, at));
      continue;
    } else {
      out += c;
    }
    ++at;
  }
  out += '"';
}

}  // namespace

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return std::string();
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    case json::kind::double_:
      if (!std::isfinite(value.get_double())) return std::nullopt;
      return python_float(value.get_double());
    case json::kind::string:
      return std::string(fairlead::view(value.get_string()));
    default:
      return std::nullopt;
  }
}

std::string form_encode(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += fairlead::form_encode(name);
    out += '=';
    out += fairlead::form_encode(value);
  }
  return out;
}

bool append_json(std::string& out, const json::value& value, JsonForm form) {
  const bool spaced = form == JsonForm::spaced_ascii;
  if (const auto* const object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!first) out += spaced ? ", " : ",";
      first = false;
      append_string(out, view(key), form);
      out += spaced ? ": " : ":";
      if (!append_json(out, member, form)) return false;
    }
    out += '}';
  } else if (const auto* const array = value.if_array()) {
    out += '[';
    bool first = true;
    for (const auto& element : *array) {
      if (!first) out += spaced ? ", " : ",";
      first = false;
      if (!append_json(out, element, form)) return false;
    }
    out += ']';
  } else if (const auto* const text = value.if_string()) {
    append_string(out, fairlead::view(*text), form);
  } else if (value.is_null()) {
    out += "null";
  } else {
    const auto number = scalar_text(value);
    if (!number) return false;
    out += *number;
  }
  return true;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_blank(std::string_view text) { return trimmed(text).empty(); }

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool is_header_text(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!text.empty() && (is_blank(text.front()) || is_blank(text.back()))) return false;
  return net::is_header_value(text) && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x80;
         });
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace fairlead::connector
