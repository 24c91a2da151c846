#include "cli/parse_problem.hpp"

#include "base/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace fairlead::cli {
namespace {

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

/// " connectors list" for that command; "" for the program itself.
std::string path_of(const CLI::App& app, const CLI::App& command) {
  if (&command == &app) return "";
  const CLI::App* parent = command.get_parent();
  return (parent != nullptr ? path_of(app, *parent) : "") + " " + command.get_name();
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const auto* option : app.get_options([](const CLI::Option*) { return true; }))
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

/// The first long flag given that the command does not have.
std::string unknown_flag(const CLI::App& command, int argc, char** argv) {
  const auto known = flags_of(command);
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    if (flag == "--") break;
    if (!flag.starts_with("--")) continue;
    flag = flag.substr(0, flag.find('='));
    if (std::find(known.begin(), known.end(), flag) == known.end()) return flag;
  }
  return "";
}

/// What CLI11 says of numbers of arguments, said to a person.
std::string in_our_words(const CLI::ParseError& error) {
  std::string said = error.what();
  const std::string name = said.substr(0, said.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return said.find("At Most") != std::string::npos ? name + " is given more than once"
                                                     : name + " needs a value";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
    return "not expected here" + said.substr(std::min(said.find(':'), said.size()));
  return said;
}

}  // namespace

Problem problem_of_parse(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) break;
    const CLI::App* next = nullptr;
    for (const auto* sub : at->get_subcommands([](const CLI::App*) { return true; }))
      if (sub->get_name() == word) next = sub;
    if (next == nullptr) {
      const auto names = names_of(*at);
      if (names.empty()) break;
      Problem problem("unknown_command",
                      fmt::format("unknown command '{}'{}", word, did_you_mean(word, names)));
      problem.detail = json::object{{"available_commands", json::value_from(names)},
                                    {"did_you_mean", json::value_from(nearest_names(word, names))}};
      return problem;
    }
    at = next;
  }
  if (at->get_require_subcommand_min() > 0 && at->get_subcommands().empty() &&
      dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const auto names = names_of(*at);
    Problem problem("unknown_command",
                    fmt::format("`fairlead{}` needs one of its commands", path_of(app, *at)));
    problem.detail = json::object{{"available_commands", json::value_from(names)}};
    problem.hint = fmt::format("See `fairlead{} --help`.", path_of(app, *at));
    return problem;
  }
  Problem problem("validation_error", in_our_words(error));
  if (const auto flag = unknown_flag(*at, argc, argv); !flag.empty())
    problem = Problem("validation_error",
                      fmt::format("unknown flag '{}'{}", flag, did_you_mean(flag, flags_of(*at))));
  problem.hint = fmt::format("See `fairlead{} --help`.", path_of(app, *at));
  return problem;
}

}  // namespace fairlead::cli
