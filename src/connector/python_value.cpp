#include "connector/python_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace fairlead::connector {
namespace {

std::string_view text_of(json::string_view text) { return {text.data(), text.size()}; }

void append_quoted(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    else
      out += c;
  }
  out += quote;
}

void append_shown(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "None";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "True" : "False";
      break;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      break;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      break;
    case json::kind::double_:
      out += python_float(value.get_double());
      break;
    case json::kind::string:
      append_quoted(out, text_of(value.get_string()));
      break;
    case json::kind::array: {
      out += '[';
      bool first = true;
      for (const auto& element : value.get_array()) {
        if (!std::exchange(first, false)) out += ", ";
        append_shown(out, element);
      }
      out += ']';
      break;
    }
    case json::kind::object: {
      out += '{';
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!std::exchange(first, false)) out += ", ";
        append_quoted(out, text_of(member.key()));
        out += ": ";
        append_shown(out, member.value());
      }
      out += '}';
      break;
    }
  }
}

std::optional<double> number_of(const json::value& value) {
  if (const auto* real = value.if_double()) return *real;
  if (const auto* integer = value.if_int64()) return static_cast<double>(*integer);
  if (const auto* natural = value.if_uint64()) return static_cast<double>(*natural);
  if (const auto* flag = value.if_bool()) return *flag ? 1.0 : 0.0;
  return std::nullopt;
}

bool is_whole(const json::value& value) { return value.is_int64() || value.is_uint64(); }

}  // namespace

std::string python_float(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string shown(const json::value& value) {
  std::string out;
  append_shown(out, value);
  return out;
}

std::string message_text(const json::value& value) {
  const auto* const text = value.if_string();
  return text != nullptr ? std::string(text_of(*text)) : shown(value);
}

bool same_value(const json::value& a, const json::value& b) {
  // Exactly, where both are whole: as doubles, large ones would lose digits.
  if (is_whole(a) && is_whole(b)) return a == b;
  if (const auto x = number_of(a), y = number_of(b); x || y) return x && y && *x == *y;
  if (a.kind() != b.kind()) return false;
  if (const auto* list = a.if_array()) {
    const auto& other = b.get_array();
    return std::equal(list->begin(), list->end(), other.begin(), other.end(), same_value);
  }
  if (const auto* object = a.if_object()) {
    const auto& other = b.get_object();
    return object->size() == other.size() &&
           std::all_of(object->begin(), object->end(), [&](const auto& member) {
             const auto* match = other.if_contains(member.key());
             return match != nullptr && same_value(member.value(), *match);
           });
  }
  return a == b;
}

bool is_truthy(const json::value& value) {
  if (const auto number = number_of(value)) return *number != 0;
  if (const auto* text = value.if_string()) return !text->empty();
  if (const auto* list = value.if_array()) return !list->empty();
  if (const auto* object = value.if_object()) return !object->empty();
  return false;
}

}  // namespace fairlead::connector
