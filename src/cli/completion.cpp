#include "cli/completion.hpp"

#include <fmt/format.h>

#include <vector>

namespace fairlead::cli {
namespace {

/// What may follow a chain of words: subcommands and long flags.
struct Place {
  std::string words;  ///< "connectors execute"
  std::string next;   ///< blank-separated
};

void collect(const CLI::App& app, const std::string& words, std::vector<Place>& places) {
  Place place{words, {}};
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    place.next += sub->get_name() + " ";
  for (const auto* option : app.get_options([](const CLI::Option*) { return true; }))
    for (const auto& name : option->get_lnames()) place.next += "--" + name + " ";
  places.push_back(place);
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    collect(*sub, words.empty() ? sub->get_name() : words + " " + sub->get_name(), places);
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  std::vector<Place> places;
  collect(app, "", places);
  std::string out;
  if (shell == "fish") {
    for (const auto& place : places)
      out += fmt::format(
          "complete -c fairlead -f -n 'test (string join \" \" (string match -v -- \"-*\" "
          "(commandline -opc)[2..])) = \"{}\"' -a '{}'\n",
          place.words, place.next);
    return out;
  }
  if (shell == "zsh") out += "#compdef fairlead\nautoload -U +X bashcompinit && bashcompinit\n";
  out +=
      "_fairlead() {\n  local words= word\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in -*) ;; *) words=\"${words:+$words }$word\" ;; esac\n  done\n  local "
      "next=\n  case \"$words\" in\n";
  for (const auto& place : places)
    out += fmt::format("    '{}') next='{}' ;;\n", place.words, place.next);
  out +=
      "  esac\n  COMPREPLY=($(compgen -W \"$next\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete "
      "-o default -F _fairlead fairlead\n";
  return out;
}

}  // namespace fairlead::cli
