#include "connector/definition.hpp"

#include "base/suggestion.hpp"
#include "connector/answer_reader.hpp"

#include <array>
#include <set>

namespace fairlead::connector {
namespace {

struct ActionWord {
  std::string_view word;
  Action action;
};
constexpr std::array action_words = {
    ActionWord{"list", Action::list},         ActionWord{"get", Action::get},
    ActionWord{"search", Action::search},     ActionWord{"create", Action::create},
    ActionWord{"update", Action::update},     ActionWord{"delete", Action::delete_},
    ActionWord{"download", Action::download}, ActionWord{"authorize", Action::authorize}};

std::vector<std::string> valid_action_words() {
  std::vector<std::string> words;
  for (const ActionWord& one : action_words)
    if (one.action != Action::authorize) words.emplace_back(one.word);
  return words;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string quoted(std::string_view text) { return "'" + std::string(text.substr(0, 100)) + "'"; }

}  // namespace

std::optional<Action> parse_action(std::string_view word) {
  if (word == "api_search") return Action::search;
  for (const ActionWord& one : action_words)
    if (one.word == word) return one.action;
  return std::nullopt;
}

std::string_view name_of(Action action) {
  for (const ActionWord& one : action_words)
    if (one.action == action) return one.word;
  return "";
}

CredentialTemplate CredentialTemplate::parse(std::string_view text) {
  CredentialTemplate out;
  out.source = text;
  while (!text.empty()) {
    const std::size_t hole = text.find("${");
    const std::size_t end = hole == std::string_view::npos ? hole : text.find('}', hole);
    if (end == std::string_view::npos) break;
    if (hole > 0) out.pieces.push_back({false, std::string(text.substr(0, hole))});
    out.pieces.push_back({true, std::string(text.substr(hole + 2, end - hole - 2))});
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) out.pieces.push_back({false, std::string(text)});
  return out;
}

const Entity* Definition::find_entity(std::string_view entity) const {
  for (const Entity& one : entities)
    if (one.name == entity) return &one;
  return nullptr;
}

const AuthScheme* Definition::find_scheme(std::string_view scheme) const {
  for (const AuthScheme& one : schemes)
    if (one.name == scheme) return &one;
  return nullptr;
}

constexpr std::size_t most_characters = 2'000;  // of a message; a file's names can be long

Result<const Operation*, LookupFailure> Definition::find(std::string_view entity,
                                                         std::string_view action) const {
  using Reason = LookupFailure::Reason;
  const auto parsed = parse_action(action);
  if (!parsed) {
    const bool hosted = action == "context_store_search" || action == "context_store_sql_query";
    const std::vector<std::string> words = valid_action_words();
    return LookupFailure{Reason::unknown_action,
                         quoted(action) +
                             (hosted ? " is answered by the Context Store of a server, not by the "
                                       "service itself; the actions of the service are "
                                     : " is not a valid action; valid actions are ") +
                             joined(words) + (hosted ? "" : did_you_mean(action, words))};
  }
  const auto by_action = index_.find(entity);
  if (by_action == index_.end()) {
    std::vector<std::string> names;
    for (const Entity& one : entities) names.push_back(one.name);
    std::string hint = did_you_mean(entity, names);
    if (hint.empty() && names.size() > 40) {
      names.resize(40);
      names.push_back("...");
    }
    return LookupFailure{Reason::entity_not_found,
                         quotable("the connector " + name + " has no entity " + quoted(entity) +
                                      (hint.empty() ? "; its entities are " + joined(names) : hint),
                                  most_characters)};
  }
  const auto operation = by_action->second.find(name_of(*parsed));
  if (operation == by_action->second.end()) {
    std::vector<std::string> words;
    for (const auto& [word, one] : by_action->second) words.push_back(word);
    return LookupFailure{Reason::action_not_supported, "the entity " + quoted(entity) +
                                                           " has no action " + quoted(action) +
                                                           "; it has " + joined(words)};
  }
  return operation->second;
}

std::vector<std::string> Definition::config_names() const {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  const auto add = [&](const std::string& one) {
    if (seen.insert(one).second) names.push_back(one);
  };
  for (const ServerVariable& variable : variables) add(variable.name);
  for (const Scoping& scope : scoping) add(scope.config_key);
  for (const auto& operation : operations)
    for (const Parameter& parameter : operation->parameters)
      if (parameter.inject) add(parameter.inject->source);
  return names;
}

}  // namespace fairlead::connector
