#include "connector/yaml_writer.hpp"

#include "connector/wire_text.hpp"

#include <algorithm>
#include <initializer_list>

namespace fairlead::connector {
namespace {

constexpr std::size_t widest = 100;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Whether the text means itself without quotes, also between brackets. Words of YAML 1.1 are
/// quoted too, for other readers.
bool is_plain(std::string_view text) {
  static constexpr std::string_view marks = " _./@+=?&%*~:;()$<>|!^-";
  if (text.empty() || text.size() > 400 || text.back() == ' ' || text.back() == ':') return false;
  if (!is_letter(text[0]) && text[0] != '/' && text[0] != '_') return false;
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
    if (same_word(text, word)) return false;
  if (text.find(": ") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

void append_scalar(std::string& out, const json::value& value) {
  if (const auto* text = value.if_string(); text && is_plain(view(*text)))
    out += view(*text);
  else
    append_json(out, value);
}

void append_key(std::string& out, std::string_view key) {
  if (is_plain(key))
    out += key;
  else
    append_json_string(out, key);
}

/// {a: 1, b: [2, 3]}; gives up, leaving `out` too long, once the line is wider than a line may be.
void append_inline(std::string& out, const json::value& value, std::size_t most) {
  if (out.size() > most) return;
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (out.back() != '{') out += ", ";
      append_key(out, view(key));
      out += ": ";
      append_inline(out, member, most);
      if (out.size() > most) return;
    }
    out += '}';
  } else if (const auto* list = value.if_array()) {
    out += '[';
    for (const json::value& element : *list) {
      if (&element != &list->front()) out += ", ";
      append_inline(out, element, most);
      if (out.size() > most) return;
    }
    out += ']';
  } else {
    append_scalar(out, value);
  }
}

/// Lines of text can stand as they are, after a bar.
bool fits_literal(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n')
    return false;
  if (text.ends_with("\n\n") || text.find(" \n") != std::string_view::npos) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  });
}

void append_literal(std::string& out, std::string_view text, std::size_t indentation) {
  out += text.ends_with('\n') ? "|\n" : "|-\n";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out.append(indentation, ' ').append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void append_block(std::string& out, const json::value& value, std::size_t indentation);

void append_members(std::string& out, const json::object& object, std::size_t indentation,
                    bool first_is_indented) {
  for (const auto& [key, member] : object) {
    if (first_is_indented) out.append(indentation, ' ');
    first_is_indented = true;
    append_key(out, view(key));
    out += ':';
    append_block(out, member, indentation);
  }
}

/// What follows a key or a dash: on the same line, or below it and deeper.
void append_block(std::string& out, const json::value& value, std::size_t indentation) {
  std::string line;
  const std::size_t used = out.size() - (out.rfind('\n') + 1);
  const std::size_t room = used + 1 < widest ? widest - used - 1 : 0;
  append_inline(line, value, room);
  const bool is_container = value.is_object() || value.is_array();
  if (const auto* text = value.if_string(); text && !text->empty() && fits_literal(view(*text))) {
    out += ' ';
    append_literal(out, view(*text), indentation + 2);
  } else if (!is_container || line.size() <= room) {
    line.clear();
    append_inline(line, value, std::string::npos);
    out += ' ' + line + '\n';
  } else if (const auto* object = value.if_object()) {
    out += '\n';
    append_members(out, *object, indentation + 2, true);
  } else {
    out += '\n';
    for (const json::value& element : value.get_array()) {
      out.append(indentation + 2, ' ').append("-");
      const auto* members = element.if_object();
      if (members && !members->empty()) {
        out += ' ';
        append_members(out, *members, indentation + 4, false);
      } else {
        append_block(out, element, indentation + 2);
      }
    }
  }
}

}  // namespace

void append_yaml(std::string& out, const json::object& object, std::size_t indentation) {
  append_members(out, object, indentation, true);
}

}  // namespace fairlead::connector
