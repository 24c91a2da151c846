// show
#include "base/suggestion.hpp"
#include "cli/output.hpp"
#include "connector/definition.hpp"
#include "connector/offer.hpp"
#include "connector/tool_schema.hpp"
#include "server/author_commands.hpp"
#include "server/definition_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace fairlead::server {
namespace {

constexpr std::size_t widest = 100;

std::string text_of(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(view(*text));
  return json::serialize(value);
}

std::string_view text_at(const json::object& object, std::string_view name) {
  const json::string* const text = find_string(object, name);
  return text ? view(*text) : std::string_view();
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// The bytes of the first `count` characters.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    --count;
  }
  return at;
}

/// Lines of at most `width` characters, broken at blanks where there are some. What a definition
/// says carries no terminal commands.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::string rest(text);
  for (char& c : rest)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  std::vector<std::string> lines;
  while (code_points(rest) > width) {
    const std::size_t most = bytes_of(rest, width);
    std::size_t end = rest.rfind(' ', most);
    if (end == std::string::npos || end == 0) end = most;
    lines.push_back(rest.substr(0, end));
    rest = rest.substr(end);
    rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
  }
  if (!rest.empty() || lines.empty()) lines.push_back(rest);
  return lines;
}

void print_wrapped(std::string_view text, std::size_t indentation, std::size_t width) {
  for (const std::string& line : wrapped(text, width - indentation))
    std::cout << std::string(indentation, ' ') << line << '\n';
}

/// A table whose last column is wrapped into what the others leave.
void print_columns(const std::vector<std::vector<std::string>>& rows, std::size_t indentation,
                   std::size_t width) {
  static constexpr std::size_t widest_cell = 30, narrowest_cell = 8, narrowest_last = 24;
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(code_points(row[i]), widest_cell));
  std::size_t used = indentation;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] + 2;
  while (used + narrowest_last > width) {  // the widest column gives way
    auto widest_column = std::max_element(widths.begin(), widths.end() - 1);
    if (*widest_column <= narrowest_cell) break;
    --*widest_column;
    --used;
  }
  widths.back() = std::max(width > used ? width - used : 0, narrowest_last);
  for (const auto& row : rows) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(wrapped(row[i], std::max<std::size_t>(widths[i], 1)));
      height = std::max(height, cells.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string out(indentation, ' ');
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string& cell = line < cells[i].size() ? cells[i][line] : std::string();
        out += cell;
        if (i + 1 < cells.size()) out.append(widths[i] - code_points(cell) + 2, ' ');
      }
      out.erase(out.find_last_not_of(' ') + 1);
      std::cout << out << '\n';
    }
  }
}

/// "Only tickets in this state. Default open. One of: open, closed."
std::string detail_of(const json::object& parameter) {
  std::string out(text_at(parameter, "description"));
  const auto add = [&](const std::string& sentence) {
    if (!out.empty() && out.back() != '.' && out.back() != '!' && out.back() != '?') out += '.';
    out += (out.empty() ? "" : " ") + sentence;
  };
  if (const auto* value = parameter.if_contains("default"))
    add("Default: " + text_of(*value) + ".");
  if (const auto* values = parameter.if_contains("enum"); values && values->is_array()) {
    std::string listed;
    for (const json::value& value : values->get_array())
      listed += (listed.empty() ? "" : ", ") + text_of(value);
    add("One of: " + listed + ".");
  }
  return out;
}

void print_parameters(const json::array& parameters, std::size_t width) {
  if (parameters.empty()) return;
  std::vector<std::vector<std::string>> rows = {{"PARAMETER", "IN", "TYPE", "", "DESCRIPTION"}};
  for (const json::value& value : parameters) {
    const json::object& one = value.as_object();
    rows.push_back({std::string(text_at(one, "name")), std::string(text_at(one, "in")),
                    std::string(text_at(one, "type")),
                    one.at("required").as_bool() ? "required" : "", detail_of(one)});
  }
  print_columns(rows, 6, width);
}

/// What else an answer brings, and what our own extensions say.
void print_facts(const json::object& action, std::size_t width) {
  if (const auto* names = action.if_contains("meta")) {
    std::string listed;
    for (const json::value& name : names->as_array())
      listed += (listed.empty() ? "" : ", ") + text_of(name);
    print_wrapped("meta: " + listed, 4, width);
  }
  if (const auto* extensions = action.if_contains("extensions"))
    for (const auto& [name, value] : extensions->as_object())
      print_wrapped(std::string(name) + ": " + text_of(value), 4, width);
}

void print_head(const json::object& offer, std::size_t width) {
  std::cout << fmt::format("{} {} ({})\n", text_at(offer, "display_name"),
                           text_at(offer, "version"), text_at(offer, "connector"));
  if (const auto text = text_at(offer, "description"); !text.empty()) print_wrapped(text, 2, width);
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"server", std::string(text_at(offer, "server"))});
  for (const json::value& value : offer.at("settings").as_array()) {
    const json::object& one = value.as_object();
    std::string text(text_at(one, "name"));
    if (const auto known = text_at(one, "default"); !known.empty())
      text += " = " + std::string(known);
    if (const auto said = text_at(one, "description"); !said.empty())
      text += " (" + std::string(said) + ")";
    rows.push_back({"setting", std::move(text)});
  }
  for (const json::value& value : offer.at("credentials").as_array()) {
    const json::object& one = value.as_object();
    std::string fields;
    for (const json::value& field : one.at("fields").as_array()) {
      const json::object& named = field.as_object();
      fields += (fields.empty() ? "" : ", ") + std::string(text_at(named, "name"));
      if (!named.at("required").as_bool()) fields += "?";
    }
    rows.push_back({"credentials", fmt::format("{} ({}): {}", text_at(one, "scheme"),
                                               text_at(one, "kind"), fields)});
  }
  print_columns(rows, 2, width);
}

void print_entities(const json::object& offer, std::size_t width) {
  for (const json::value& entity : offer.at("entities").as_array()) {
    const json::object& one = entity.as_object();
    std::cout << '\n' << text_at(one, "name") << '\n';
    if (const auto text = text_at(one, "description"); !text.empty()) print_wrapped(text, 2, width);
    for (const json::value& value : one.at("actions").as_array()) {
      const json::object& action = value.as_object();
      print_wrapped(
          fmt::format("{:<9} {} {}  [{}]", text_at(action, "action"), text_at(action, "method"),
                      text_at(action, "path"), text_at(action, "effect")),
          2, width);
      if (const auto text = text_at(action, "description"); !text.empty())
        print_wrapped(text, 4, width);
      print_facts(action, width);
      print_parameters(action.at("parameters").as_array(), width);
    }
  }
}

void print_brief(const json::object& offer, std::size_t width) {
  std::vector<std::vector<std::string>> rows = {{"ENTITY", "ACTION", "METHOD", "REQUIRED"}};
  for (const json::value& entity : offer.at("entities").as_array())
    for (const json::value& value : entity.at("actions").as_array()) {
      const json::object& action = value.as_object();
      std::string required;
      for (const json::value& parameter : action.at("parameters").as_array())
        if (parameter.at("required").as_bool() && !parameter.as_object().contains("default"))
          required += (required.empty() ? "" : ", ") + text_of(parameter.at("name"));
      rows.push_back({text_of(entity.at("name")), std::string(text_at(action, "action")),
                      std::string(text_at(action, "method")), std::move(required)});
    }
  print_columns(rows, 0, width);
}

void print_json(const json::value& value) {
  std::cout << (cli::output_is_terminal() ? cli::to_pretty(value) : json::serialize(value)) << '\n';
}

}  // namespace

int run_show(const ShowOptions& options) {
  const DefinitionFile file = open_definition(options.file).value();
  const auto definition = connector::load_definition(file.text, file.label).value();
  const auto chosen =
      connector::choose_operations(*definition, options.entity, options.action).value();
  using Form = ShowOptions::Form;
  Form form = options.form;
  if (form == Form::automatic) form = cli::output_is_terminal() ? Form::table : Form::json;
  if (form == Form::schema) {
    json::array tools;
    for (const auto* operation : chosen)
      tools.push_back(connector::tool_of(*definition, *operation));
    print_json(tools);
    return 0;
  }
  const json::object offer = connector::offer_of(*definition, chosen);
  if (form == Form::json) {
    print_json(offer);
    return 0;
  }
  const std::size_t width = std::clamp<std::size_t>(
      cli::output_is_terminal() ? cli::terminal_width() : widest, 60, widest);
  if (form == Form::brief) {
    print_brief(offer, width);
    return 0;
  }
  if (options.entity.empty()) print_head(offer, width);
  print_entities(offer, width);
  return 0;
}

}  // namespace fairlead::server
