// show
#include "base/suggestion.hpp"
#include "cli/describe.hpp"
#include "cli/layout.hpp"
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

void print_wrapped(std::string_view text, std::size_t indentation, std::size_t width) {
  std::cout << cli::to_paragraph(text, indentation, width);
}

void print_columns(const std::vector<std::vector<std::string>>& rows, std::size_t indentation,
                   std::size_t width) {
  std::cout << cli::to_wrapped_table(rows, indentation, width);
}

void print_parameters(const json::array& parameters, std::size_t width) {
  if (parameters.empty()) return;
  std::vector<std::vector<std::string>> rows = {{"PARAMETER", "IN", "TYPE", "", "DESCRIPTION"}};
  for (const json::value& value : parameters) {
    const json::object& one = value.as_object();
    rows.push_back({std::string(text_at(one, "name")), std::string(text_at(one, "in")),
                    std::string(text_at(one, "type")),
                    one.at("required").as_bool() ? "required" : "", cli::detail_of_parameter(one)});
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
