#include "cli/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace fairlead::cli {
namespace {

/// A flag that a value follows.
struct Valued {
  std::string flag;                 ///< "--output"
  std::vector<std::string> values;  ///< empty: a text of one's own, perhaps the name of a file
};

/// What may follow a chain of words.
struct Place {
  std::string words;               ///< "connectors execute"
  std::vector<std::string> next;   ///< subcommands, and the values known of what has no flag
  std::vector<std::string> flags;  ///< all long ones, those of `valued` too
  std::vector<Valued> valued;
  bool files = false;  ///< files may follow without a flag
};

/// The values that a check of the option allows, from its description: "TEXT:{json,table}", or
/// "TEXT:value in {text->0,json->1} OR {0,1}".
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{'), close = type.find('}');
  std::vector<std::string> values;
  if (open == std::string::npos || close == std::string::npos) return values;
  for (const auto& item : CLI::detail::split(type.substr(open + 1, close - open - 1), ','))
    values.push_back(item.substr(0, item.find("->")));
  return values;
}

void add_option(const CLI::Option& option, Place& place) {
  const std::vector<std::string> values = values_of(option);
  for (const auto& name : option.get_lnames()) {
    place.flags.push_back("--" + name);
    if (option.get_items_expected_max() > 0) place.valued.push_back({"--" + name, values});
  }
  for (const auto& name : option.get_snames())
    if (option.get_items_expected_max() > 0) place.valued.push_back({"-" + name, values});
  if (!option.get_positional()) return;
  place.next.insert(place.next.end(), values.begin(), values.end());
  place.files = place.files || option.get_name(true) == "file";
}

void collect(const CLI::App& app, const std::string& words, std::vector<Place>& places) {
  const auto subcommands_of = [](const CLI::App& parent) {
    return parent.get_subcommands([](const CLI::App*) { return true; });
  };
  Place place;
  place.words = words;
  for (const auto* sub : subcommands_of(app)) place.next.push_back(sub->get_name());
  for (const auto* option : app.get_options([](const CLI::Option*) { return true; }))
    add_option(*option, place);
  if (words == "schema")  // its words are those of the commands
    for (const auto* sub : subcommands_of(*app.get_parent()))
      if (!subcommands_of(*sub).empty()) place.next.push_back(sub->get_name());
  places.push_back(place);
  for (const auto* sub : subcommands_of(app))
    collect(*sub, words.empty() ? sub->get_name() : words + " " + sub->get_name(), places);
}

/// The chains of words that are commands, as patterns of a shell's `case`.
std::string patterns_of(const std::vector<Place>& places, std::string_view separator) {
  std::vector<std::string> quoted;
  for (const auto& place : places)
    if (!place.words.empty()) quoted.push_back("'" + place.words + "'");
  return fmt::to_string(fmt::join(quoted, separator));
}

/// All that may be typed at a place when no value is awaited.
std::vector<std::string> words_of(const Place& place) {
  std::vector<std::string> all = place.next;
  all.insert(all.end(), place.flags.begin(), place.flags.end());
  return all;
}

// What is neither a flag nor a command is some flag's value, and does not change the place.

std::string fish_script(const std::vector<Place>& places) {
  std::string out = fmt::format(
      "function __fairlead_place\n  set -l place\n  for word in (commandline -opc)[2..]\n"
      "    switch (string join ' ' $place $word)\n      case {}\n        set -a place $word\n"
      "    end\n  end\n  string join ' ' $place\nend\n",
      patterns_of(places, " "));
  for (const auto& place : places) {
    const std::string here =
        fmt::format("complete -c fairlead -n 'test \"$(__fairlead_place)\" = \"{}\"'", place.words);
    out += fmt::format("{} {} -a '{}'\n", here, place.files ? "-F" : "-f",
                       fmt::join(words_of(place), " "));
    for (const auto& [flag, values] : place.valued)
      out += fmt::format(
          "{} {} {} {}\n", here, flag.starts_with("--") ? "-l" : "-s",
          flag.substr(flag.find_first_not_of('-')),
          values.empty() ? std::string("-rF") : fmt::format("-x -a '{}'", fmt::join(values, " ")));
  }
  return out;
}

/// How bash and zsh write what they do alike. `{}` in a text is where the words offered go.
struct CaseShell {
  std::string_view begin;        ///< up to the words typed so far
  std::string_view words;        ///< these
  std::string_view find_before;  ///< afterwards: which word a value may belong to
  std::string_view offer;        ///< offers words
  std::string_view offer_files;  ///< offers names of files, and ends
  std::string_view files_first;  ///< before `offer`, where names of files stand without a flag
  std::string_view end;
};

/// The cases "PLACE FLAG": those with known values, then all others in one.
std::string value_cases(const std::vector<Place>& places, const CaseShell& shell) {
  std::string out;
  std::vector<std::string> others;
  for (const auto& place : places)
    for (const auto& [flag, values] : place.valued) {
      std::string pattern = fmt::format("'{} {}'", place.words, flag);
      if (values.empty())
        others.push_back(std::move(pattern));
      else
        out += fmt::format("    {}) {} ;;\n", pattern,
                           fmt::format(fmt::runtime(shell.offer), fmt::join(values, " ")));
    }
  return out + fmt::format("    {}) {} ;;\n", fmt::join(others, "|"), shell.offer_files);
}

std::string case_script(const std::vector<Place>& places, const CaseShell& shell) {
  std::string out = fmt::format(
      "{}  for word in {}; do\n"
      "    case \"${{place:+$place }}$word\" in\n      {}) place=\"${{place:+$place }}$word\" ;;\n"
      "    esac\n  done\n{}  case \"$place $before\" in\n{}    *) case \"$place\" in\n",
      shell.begin, shell.words, patterns_of(places, "|"), shell.find_before,
      value_cases(places, shell));
  for (const auto& place : places)
    out += fmt::format("    '{}') {}{} ;;\n", place.words, place.files ? shell.files_first : "",
                       fmt::format(fmt::runtime(shell.offer), fmt::join(words_of(place), " ")));
  return fmt::format("{}    esac ;;\n  esac\n{}", out, shell.end);
}

constexpr CaseShell bash = {
    .begin = "_fairlead() {\n  local place= word next= here=\"${COMP_WORDS[COMP_CWORD]}\"\n",
    .words = "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"",
    .find_before =
        "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
        "  # --flag=value comes as three words; nothing offered: names of files\n"
        "  if [ \"$here\" = = ]; then here=\n"
        "  elif [ \"$before\" = = ]; then before=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n"
        "  COMPREPLY=()\n",
    .offer = "next='{}'",
    .offer_files = "return",
    .files_first = "[[ $here == -* ]] && ",
    .end =
        "  COMPREPLY=($(compgen -W \"$next\" -- \"$here\"))\n}\n"
        "complete -o default -F _fairlead fairlead\n"};

constexpr CaseShell zsh = {
    .begin =
        "#compdef fairlead\n"
        "_fairlead() {\n  local place= word before=\"${words[CURRENT-1]}\"\n"
        "  local -a next\n",
    .words = "\"${(@)words[2,CURRENT-1]}\"",
    .find_before =
        "  if [[ $PREFIX == --*=* ]]; then before=\"${PREFIX%%=*}\"; compset -P '*='; fi\n",
    .offer = "next=({})",
    .offer_files = "_files; return",
    .files_first = "[[ $PREFIX == -* ]] || { _files; return }; ",
    // A file of $fpath is read at the first use, as the function itself; or the script is sourced.
    .end =
        "  compadd -a next\n}\n"
        "if [[ \"$funcstack[1]\" == _fairlead ]]; then _fairlead \"$@\"\n"
        "else\n  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
        "  compdef _fairlead fairlead\nfi\n"};

std::string powershell_script(const std::vector<Place>& places) {
  std::string out =
      "Register-ArgumentCompleter -Native -CommandName fairlead -ScriptBlock {\n"
      "  param($wordToComplete, $commandAst, $cursorPosition)\n  $next = @{\n";
  for (const auto& place : places)
    out += fmt::format("    '{}' = '{}'\n", place.words, fmt::join(words_of(place), " "));
  out += "  }\n  $values = @{\n";
  for (const auto& place : places)
    for (const auto& [flag, values] : place.valued)
      out += fmt::format("    '{} {}' = '{}'\n", place.words, flag, fmt::join(values, " "));
  // What offers nothing leaves PowerShell to offer the names of files.
  return out +
         "  }\n  $place = ''\n  $before = ''\n"
         "  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {\n"
         "    if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
         "    $before = \"$element\"\n    $longer = \"$place $element\".Trim()\n"
         "    if ($next.ContainsKey($longer)) { $place = $longer }\n  }\n"
         "  $offered = $next[$place]\n"
         "  if ($values.ContainsKey(\"$place $before\")) { $offered = $values[\"$place $before\"] "
         "}\n"
         "  -split $offered | Where-Object { $_ -and $_ -like \"$wordToComplete*\" } |\n"
         "    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }\n}\n";
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  std::vector<Place> places;
  collect(app, "", places);
  if (shell == "fish") return fish_script(places);
  if (shell == "powershell") return powershell_script(places);
  if (shell == "zsh") return case_script(places, zsh);
  return case_script(places, bash);
}

}  // namespace fairlead::cli
