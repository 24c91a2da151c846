#include "cli/cli.hpp"

#include "base/encoding.hpp"
#include "base/named_file.hpp"
#include "base/suggestion.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/login.hpp"
#include "cli/parse_problem.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <iostream>
#include <sstream>
#include <unistd.h>

namespace fairlead::cli {
namespace {

/// What was given for one command: the raw text of each flag, by parameter name.
struct Given {
  std::map<std::string, std::string> texts;
  std::map<std::string, bool> switches;
  std::optional<std::string> json;
  std::string fields, output;
  bool verbose = false;
};

std::string flag_of(const std::string& parameter) {
  std::string flag = "--" + parameter;
  for (char& c : flag)
    if (c == '_') c = '-';
  return flag;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

json::value read_parameter(const Parameter& parameter, const std::string& text) {
  const std::string flag = flag_of(parameter.name);
  switch (parameter.type) {
    case ParameterType::text:
      if (!is_valid_utf8(text))
        throw Problem("validation_error", fmt::format("{}: '{}' is not UTF-8", flag, text));
      return json::string(text);
    case ParameterType::file:
      return json::string(text);
    case ParameterType::integer: {
      auto value = parse_json(text);
      if (!value || !value->is_int64())
        throw Problem("validation_error",
                      fmt::format("{}: '{}' is not a whole number", flag, text));
      return *std::move(value);
    }
    case ParameterType::boolean:
      if (text == "true" || text == "false") return text == "true";
      throw Problem("validation_error",
                    fmt::format("{}: '{}' is neither true nor false", flag, text));
    case ParameterType::list: {
      json::array parts;
      for (auto& part : split_list(text)) parts.emplace_back(std::move(part));
      return parts;
    }
    case ParameterType::object:
      return read_named_object(text, flag).value();
  }
  return nullptr;
}

bool has_type(const json::value& value, ParameterType type) {
  switch (type) {
    case ParameterType::text:
    case ParameterType::file:
      return value.is_string();
    case ParameterType::integer:
      return value.is_int64();
    case ParameterType::boolean:
      return value.is_bool();
    case ParameterType::list:
      return value.is_array();
    case ParameterType::object:
      return value.is_object();
  }
  return false;
}

void check_parameters(const Command& command, const json::object& given) {
  std::vector<std::string> names;
  for (const auto& parameter : command.parameters) names.push_back(parameter.name);
  for (const auto& [key, value] : given) {
    const std::string name(key.data(), key.size());
    const auto known = std::find(names.begin(), names.end(), name);
    if (known == names.end())
      throw Problem("validation_error",
                    fmt::format("unknown parameter '{}'{}", name, did_you_mean(name, names)));
    const auto type = command.parameters[static_cast<std::size_t>(known - names.begin())].type;
    if (!has_type(value, type))
      throw Problem("validation_error",
                    fmt::format("'{}' must be of type {}", name, name_of(type)));
  }
}

/// The command's parameters from --json, or from its flags.
json::object read_parameters(const Command& command, const Given& given) {
  json::object parameters;
  if (given.json) {
    if (!given.texts.empty() || !given.switches.empty())
      throw Problem("validation_error", "--json holds all parameters: leave the other flags out");
    parameters = read_named_object(*given.json, "--json").value();
    check_parameters(command, parameters);
  } else {
    for (const auto& parameter : command.parameters) {
      if (const auto text = given.texts.find(parameter.name); text != given.texts.end())
        parameters[parameter.name] = read_parameter(parameter, text->second);
      if (const auto flag = given.switches.find(parameter.name); flag != given.switches.end())
        parameters[parameter.name] = flag->second;
    }
  }
  for (const auto& parameter : command.parameters)
    if (parameter.required && !parameters.contains(parameter.name))
      throw Problem("validation_error",
                    fmt::format("{} is missing: {}", flag_of(parameter.name), parameter.help));
  return parameters;
}

void print(const Command& command, const Given& given, const json::value& answer) {
  if (answer.is_null()) return;
  const bool as_table = given.output == "table" || (given.output.empty() && output_is_terminal() &&
                                                    given.fields.empty() && !command.is_json);
  const auto fields = split_list(given.fields);
  if (!as_table) return show(given.fields.empty() ? answer : select_fields(answer, fields));
  const std::size_t width = terminal_width();
  if (!given.fields.empty())
    std::cout << to_table_of_fields(answer, fields, width);
  else if (command.as_text)
    std::cout << command.as_text(answer, width);
  else if (!command.columns.empty())
    std::cout << to_table(answer, command.columns, width);
  else
    std::cout << to_list(answer);
}

void run_command(const Command& command, const Given& given) {
  json::object parameters = read_parameters(command, given);
  const auto* all = parameters.if_contains("all");
  if (all != nullptr && *all == true && (!given.fields.empty() || given.output == "table"))
    throw Problem("validation_error",
                  "--all writes one JSON record a line: it goes neither with --fields (use "
                  "--select-fields) nor with --output table");
  Settings settings = load_settings().value();
  ApiClient api(settings, given.verbose);
  Session session{settings, api, std::cout, isatty(STDIN_FILENO) == 1};
  json::value answer;
  try {
    answer = run_to_end(command.run(session, std::move(parameters)));
  } catch (const Problem&) {
    throw;
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& unexpected) {
    // Commands take the server at its word; what stands where FAIRLEAD_SERVER points may be
    // another.
    Problem problem("api_error", fmt::format("the answer of {} is not as expected: {}",
                                             settings.server, unexpected.what()));
    problem.hint = is_it_fairlead;
    throw problem;
  }
  print(command, given, answer);
}

void add_command(CLI::App& resource, const Command& command) {
  auto* sub = resource.add_subcommand(command.operation, command.help);
  sub->footer("Example:\n  " + command.example);
  auto given = std::make_shared<Given>();
  for (const auto& parameter : command.parameters) {
    const std::string help = parameter.help + (parameter.required ? " (required)" : "");
    if (parameter.type == ParameterType::boolean)
      sub->add_flag_function(
          flag_of(parameter.name),
          [given, name = parameter.name](std::int64_t count) { given->switches[name] = count > 0; },
          help);
    else
      sub->add_option_function<std::string>(
          flag_of(parameter.name),
          [given, name = parameter.name](const std::string& text) { given->texts[name] = text; },
          help);
  }
  sub->add_option("--json", given->json, "All parameters as one JSON object, or @file");
  sub->add_option("--fields", given->fields, "Show only these fields of the answer: a.b,c");
  sub->add_option("-o,--output", given->output,
                  "json or table; default: a table on a terminal, JSON in a pipe")
      ->check(CLI::IsMember({"json", "table"}));
  sub->add_flag("-v,--verbose", given->verbose,
                "Note each request to the server on standard error");
  sub->callback([&command, given] { run_command(command, *given); });
}

std::string help_of_resource(std::string_view resource) {
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"organizations", "Which organizations there are, and which one is meant"},
      {"workspaces", "What holds connectors: list, create, use"},
      {"connectors", "Services with credentials: add, list, describe, execute, delete, ..."},
      {"skills", "Documents that explain connectors to a model"},
      {"tokens", "Tokens for other programs"},
      {"tool-calls", "The log of what was called"},
  };
  for (const auto& [name, help] : known)
    if (name == resource) return std::string(help);
  return "See fairlead " + std::string(resource) + " --help";
}

void print_schema(const std::string& resource, const std::string& operation) {
  std::vector<std::string> known;
  for (const auto& command : commands()) {
    if (command.resource == resource && command.operation == operation) {
      json::object properties;
      json::array required;
      for (const auto& parameter : command.parameters) {
        properties[parameter.name] =
            json::object{{"type", name_of(parameter.type)}, {"description", parameter.help}};
        if (parameter.required) required.emplace_back(parameter.name);
      }
      json::object schema{
          {"params", {{"type", "object"}, {"properties", properties}, {"required", required}}}};
      if (const auto blank = command.api.find(' '); blank != std::string::npos)
        schema["api"] = {{"method", command.api.substr(0, blank)},
                         {"path", "/api/v1" + command.api.substr(blank + 1)}};
      show(schema);
      return;
    }
    known.push_back(command.resource + " " + command.operation);
  }
  Problem problem("unknown_command", fmt::format("no command '{} {}'{}", resource, operation,
                                                 did_you_mean(resource + " " + operation, known)));
  problem.detail = json::object{{"available_commands", json::value_from(known)}};
  throw problem;
}

int fail(const Problem& problem) {
  report(problem);
  return exit_code_of(problem);
}

}  // namespace

void add_commands(CLI::App& app) {
  add_login(app);
  for (const auto& command : commands()) {
    CLI::App* resource = nullptr;
    for (auto* sub : app.get_subcommands([](CLI::App*) { return true; }))
      if (sub->get_name() == command.resource) resource = sub;
    if (resource == nullptr) {
      resource = app.add_subcommand(command.resource, help_of_resource(command.resource));
      resource->footer("Example:\n  " + command.example);
      resource->require_subcommand(1);
      resource->group(clients_group);
    }
    add_command(*resource, command);
  }

  auto* schema = app.add_subcommand(
      "schema", "The parameters of a command, as JSON Schema, and its call of the API");
  schema->group(other_group);
  auto words = std::make_shared<std::pair<std::string, std::string>>();
  schema->add_option("resource", words->first, "For example connectors")->required();
  schema->add_option("operation", words->second, "For example execute")->required();
  schema->footer("Example:\n  fairlead schema connectors execute");
  schema->callback([words] { print_schema(words->first, words->second); });

  auto* completion = app.add_subcommand("completion", "Print the completions of a shell");
  completion->group(other_group);
  auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh, fish or powershell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "powershell"}));
  completion->footer("Example:\n  fairlead completion bash > /etc/bash_completion.d/fairlead");
  completion->callback([&app, shell] { std::cout << completion_script(app, *shell); });

  auto* version = app.add_subcommand("version", "Print the version");
  version->group(other_group);
  version->footer("Example:\n  fairlead version");
  version->callback([] { std::cout << FAIRLEAD_VERSION << '\n'; });
  app.set_version_flag("--version", FAIRLEAD_VERSION, "Print the version");
}

namespace {

int parse_and_run(CLI::App& app, int argc, char** argv,
                  const std::function<int(const Error&)>& special_code) {
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::RuntimeError& ended) {
    return ended.get_exit_code();
  } catch (const CLI::ParseError& error) {
    const Problem problem = problem_of_parse(app, error, argc, argv);
    const bool says_nothing = problem.type == "unknown_command" && problem.detail.is_object() &&
                              !problem.detail.get_object().contains("did_you_mean");
    if (!says_nothing || !errors_go_to_terminal()) return fail(problem);
    std::cerr << app.help();  // who names no command wants to know which there are
    return exit_code_of(problem);
  } catch (const Problem& problem) {
    return fail(problem);
  } catch (const Failure& failure) {
    const int code = fail(problem_of(failure.error()));
    const int special = special_code(failure.error());
    return special != 0 ? special : code;
  } catch (const std::exception& unexpected) {
    return fail(Problem("local_error", unexpected.what()));
  }
}

}  // namespace

int run(CLI::App& app, int argc, char** argv,
        const std::function<int(const Error&)>& special_code) {
  const int code = parse_and_run(app, argc, argv, special_code);
  // An answer that went nowhere (a full disk) is no success.
  if (code == 0 && !std::cout.flush()) return fail(Problem("local_error", cannot_write_output));
  return code;
}

}  // namespace fairlead::cli
