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
  if (words == "completion") place.next = "bash zsh fish powershell " + place.next;
  if (words == "schema")  // its words are those of the commands
    for (const auto* sub : app.get_parent()->get_subcommands([](const CLI::App*) { return true; }))
      if (!sub->get_subcommands([](const CLI::App*) { return true; }).empty())
        place.next += sub->get_name() + " ";
  places.push_back(place);
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    collect(*sub, words.empty() ? sub->get_name() : words + " " + sub->get_name(), places);
}

/// The chains of words that are commands, as patterns of a shell's `case`.
std::string patterns_of(const std::vector<Place>& places, std::string_view separator) {
  std::string out;
  for (const auto& place : places)
    if (!place.words.empty())
      out += fmt::format("{}'{}'", out.empty() ? "" : separator, place.words);
  return out;
}

// What is neither a flag nor a command is some flag's value, and does not change the place.

std::string fish_script(const std::vector<Place>& places) {
  std::string out = fmt::format(
      "function __fairlead_place\n  set -l place\n  for word in (commandline -opc)[2..]\n"
      "    switch (string join ' ' $place $word)\n      case {}\n        set -a place $word\n"
      "    end\n  end\n  string join ' ' $place\nend\n",
      patterns_of(places, " "));
  for (const auto& place : places)
    out +=
        fmt::format("complete -c fairlead -f -n 'test \"$(__fairlead_place)\" = \"{}\"' -a '{}'\n",
                    place.words, place.next);
  return out;
}

std::string bash_script(const std::vector<Place>& places) {
  std::string out = fmt::format(
      "_fairlead() {{\n  local place= word next=\n"
      "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
      "    case \"${{place:+$place }}$word\" in\n      {}) place=\"${{place:+$place }}$word\" ;;\n"
      "    esac\n  done\n  case \"$place\" in\n",
      patterns_of(places, "|"));
  for (const auto& place : places)
    out += fmt::format("    '{}') next='{}' ;;\n", place.words, place.next);
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$next\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
         "complete -o default -F _fairlead fairlead\n";
}

std::string powershell_script(const std::vector<Place>& places) {
  std::string out =
      "Register-ArgumentCompleter -Native -CommandName fairlead -ScriptBlock {\n"
      "  param($wordToComplete, $commandAst, $cursorPosition)\n  $next = @{\n";
  for (const auto& place : places) out += fmt::format("    '{}' = '{}'\n", place.words, place.next);
  return out +
         "  }\n  $place = ''\n"
         "  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {\n"
         "    if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
         "    $longer = \"$place $element\".Trim()\n"
         "    if ($next.ContainsKey($longer)) { $place = $longer }\n  }\n"
         "  -split $next[$place] | Where-Object { $_ -like \"$wordToComplete*\" } |\n"
         "    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }\n}\n";
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  std::vector<Place> places;
  collect(app, "", places);
  if (shell == "fish") return fish_script(places);
  if (shell == "powershell") return powershell_script(places);
  const std::string for_zsh = "#compdef fairlead\nautoload -U +X bashcompinit && bashcompinit\n";
  return (shell == "zsh" ? for_zsh : "") + bash_script(places);
}

}  // namespace fairlead::cli
