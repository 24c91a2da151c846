#include "connector/health.hpp"

#include "connector/python_value.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace fairlead::connector {
namespace {

constexpr int most_parents = 5;
constexpr int most_calls = 50;  // of the probe of one entity, its parents included

bool needs_caller(const Operation& operation) {
  const bool has_hole = std::any_of(operation.path.begin(), operation.path.end(),
                                    [](const PathPiece& piece) { return piece.is_parameter; });
  return has_hole || std::any_of(operation.parameters.begin(), operation.parameters.end(),
                                 [](const Parameter& parameter) {
                                   return parameter.in == Location::query && parameter.required &&
                                          !parameter.default_value && !parameter.inject;
                                 });
}

const Operation* choose_check(const Definition& definition) {
  if (const auto& probe = definition.probe)
    if (const auto found = definition.find(probe->entity, probe->action)) return *found;
  const Operation* list = nullptr;
  for (const Entity& entity : definition.entities)
    for (const Operation* const operation : entity.operations) {
      if (operation->preferred_for_check) return operation;
      if (list == nullptr && operation->action == Action::list && !needs_caller(*operation))
        list = operation;
    }
  return list;
}

const Operation* find_action(const Entity& entity, Action action) {
  for (const Operation* const operation : entity.operations)
    if (operation->action == action) return operation;
  return nullptr;
}

/// A value that the file names for probes, rendered where it is a template.
std::optional<json::value> probe_value(const json::value& value, Instant now) {
  const auto* const text = value.if_string();
  if (text == nullptr || fairlead::view(*text).find("{{") == std::string_view::npos) return value;
  const auto parsed = Template::parse(fairlead::view(*text));
  if (!parsed) return std::nullopt;
  const auto rendered = parsed->render({}, Undefined::is_error, now);
  if (!rendered) return std::nullopt;
  return json::value(key_of(*rendered));
}

/// A probe asks for one record, and otherwise for what the file names.
json::object probe_params(const Operation& operation, bool one_record, Instant now) {
  json::object params;
  if (one_record && operation.action == Action::list) params["limit"] = 1;
  const auto add = [&](const std::string& name, const std::optional<json::value>& value) {
    if (!value || params.contains(key_of(name))) return;
    if (auto rendered = probe_value(*value, now)) params[name] = *std::move(rendered);
  };
  for (const Parameter& parameter : operation.parameters)
    add(parameter.name, parameter.in == Location::query && !parameter.probe_default
                            ? parameter.default_value
                            : parameter.probe_default);
  for (const BodyField& field : operation.body.fields) add(field.name, field.probe_default);
  return params;
}

/// Names that an operation cannot do without.
std::vector<std::string> needed_names(const Operation& operation) {
  std::vector<std::string> names;
  for (const PathPiece& piece : operation.path)
    if (piece.is_parameter) names.push_back(piece.text);
  for (const Parameter& parameter : operation.parameters)
    if (parameter.in == Location::query && parameter.required && !parameter.inject)
      names.push_back(parameter.name);
  return names;
}

/// Header parameters that a service asks for, and that a record of another entity can fill. Headers
/// without such a source are left out, as in any call.
std::vector<std::string> needed_headers(const Definition& definition, const Operation& operation) {
  std::vector<std::string> names;
  for (const Parameter& parameter : operation.parameters) {
    if (parameter.in != Location::header || !parameter.required || parameter.default_value)
      continue;
    const bool is_key = std::any_of(definition.relationships.begin(),
                                    definition.relationships.end(), [&](const Relationship& one) {
                                      return one.source_entity == operation.entity &&
                                             one.foreign_key == parameter.name;
                                    });
    if (is_key) names.push_back(parameter.name);
  }
  return names;
}

bool is_scoped(const Definition& definition, const json::object& config, std::string_view name) {
  return std::any_of(definition.scoping.begin(), definition.scoping.end(),
                     [&](const Scoping& scoping) {
                       return scoping.param == name && config.contains(key_of(scoping.config_key));
                     });
}

/// The relationship that says where values of `key` come from: the entity's own first.
const Relationship* find_relationship(const Definition& definition, std::string_view entity,
                                      std::string_view key) {
  const Relationship* other = nullptr;
  for (const Relationship& one : definition.relationships) {
    if (one.foreign_key != key) continue;
    if (one.source_entity == entity) return &one;
    if (other == nullptr) other = &one;
  }
  return other;
}

bool passes(const json::object& record, const json::object& filter) {
  return std::all_of(filter.begin(), filter.end(), [&](const auto& wanted) {
    const json::value* const value = record.if_contains(wanted.key());
    if (value == nullptr) return false;
    const std::string text = message_text(*value);
    const auto* const list = wanted.value().if_array();
    if (list == nullptr) return message_text(wanted.value()) == text;
    return std::any_of(list->begin(), list->end(),
                       [&](const json::value& one) { return message_text(one) == text; });
  });
}

class Checker {
 public:
  Checker(Engine engine, CheckContext context)
      : engine_(engine), context_(std::move(context)), definition_(*context_.definition) {
    const SystemClock system;
    const Clock* const clock = context_.options.clock;
    now_ = clock != nullptr ? clock->now() : system.now();
    config_ = effective_config(definition_, context_.config, {});
  }

  Task<json::object> check_definition() {
    const Operation* const operation = choose_check(definition_);
    if (operation == nullptr)
      co_return json::object{
          {"status", "skipped"},
          {"error", "the definition has no operation that can serve as a check"}};
    json::object params =
        definition_.probe ? definition_.probe->params : probe_params(*operation, true, now_);
    const auto outcome = co_await call(*operation, std::move(params));
    json::object result{{"status", outcome ? "healthy" : "unhealthy"}};
    if (!outcome) {
      result["error"] = outcome.error().message;
      result["error_kind"] = key_of(name_of(outcome.error().kind));
      if (outcome.error().denied) result["denied"] = true;
      note_status(outcome.error(), result);
    }
    result["checked_entity"] = operation->entity;
    result["checked_action"] = key_of(name_of(operation->action));
    co_return result;
  }

  Task<json::object> check_entity(std::string name) {
    json::object result{{"entity", name},
                        {"status", "failed"},
                        {"error", nullptr},
                        {"status_code", nullptr},
                        {"checked_action", nullptr}};
    const Entity* const entity = definition_.find_entity(name);
    const Operation* operation = nullptr;
    if (entity != nullptr) operation = find_action(*entity, Action::list);
    if (entity != nullptr && operation == nullptr) operation = find_action(*entity, Action::get);
    if (entity == nullptr) {
      result["error"] = fmt::format("the definition has no entity '{}'", name);
    } else if (operation == nullptr) {
      result["status"] = "skipped";
      result["error"] = "the entity can be neither listed nor got";
    } else {
      result["checked_action"] = key_of(name_of(operation->action));
      calls_ = 0;
      const auto outcome = co_await probe(*operation, true, 0);
      result["status"] = outcome ? "healthy" : "unhealthy";
      if (!outcome) {
        result["error"] = outcome.error().message;
        note_status(outcome.error(), result);
      }
    }
    co_return result;
  }

 private:
  using Called = Result<std::string, CallError>;  // the data of its answer

  /// The status by which the service refused. A 200 with something wrong in it is none.
  static void note_status(const CallError& error, json::object& result) {
    if (error.status >= 300) result["status_code"] = error.status;
  }

  static CallError no_parent(std::string message) {
    return {CallErrorKind::missing_parameter, std::move(message)};
  }

  Task<Called> call(const Operation& operation, json::object params) {
    Call call;
    call.definition = &definition_;
    call.entity = operation.entity;
    call.action = name_of(operation.action);
    call.params = std::move(params);
    call.config = context_.config;
    call.auth_scheme = context_.auth_scheme;
    call.deadline = context_.deadline;
    auto outcome = co_await engine_.execute(call, *context_.credentials, context_.options);
    if (!outcome) co_return std::move(outcome).error();
    co_return std::move(outcome->data);
  }

  /// Calls the operation with what it needs, found in the settings or in records of its parents. An
  /// operation that was called already, as a parent or for itself, is not called again.
  Task<Called> probe(const Operation& operation, bool one_record, int depth) {
    const auto known = called_.find({&operation, one_record});
    if (known != called_.end()) co_return known->second;
    json::object params = probe_params(operation, one_record, now_);
    auto names = needed_names(operation);
    for (std::string& name : needed_headers(definition_, operation))
      names.push_back(std::move(name));
    for (const std::string& name : names) {
      if (params.contains(key_of(name)) || is_scoped(definition_, config_, name)) continue;
      if (const json::value* const value = config_.if_contains(key_of(name))) {
        params[name] = *value;
        continue;
      }
      auto value = co_await parent_key(operation.entity, name, depth);
      if (!value) co_return std::move(value).error();
      params[name] = *std::move(value);
    }
    if (++calls_ > most_calls)
      co_return no_parent(fmt::format("The check of one entity took {} calls", most_calls));
    auto outcome = co_await call(operation, std::move(params));
    called_.insert_or_assign({&operation, one_record}, outcome);
    co_return outcome;
  }

  Task<Result<json::value, CallError>> parent_key(std::string entity, std::string name, int depth) {
    const Relationship* const relationship = find_relationship(definition_, entity, name);
    if (relationship == nullptr)
      co_return no_parent(fmt::format("Nothing says where '{}' comes from", name));
    const std::string& target = relationship->target_entity;
    if (target == entity || depth >= most_parents)
      co_return no_parent(fmt::format("'{}' refers back to '{}'", name, target));
    const Entity* const parent = definition_.find_entity(target);
    const Operation* const list = parent != nullptr ? find_action(*parent, Action::list) : nullptr;
    if (list == nullptr)
      co_return no_parent(fmt::format("Parent entity '{}' cannot be listed", target));
    const bool one_record = relationship->parent_record_filter.empty();
    const auto outcome = co_await probe(*list, one_record, depth + 1);
    if (!outcome) co_return outcome.error();
    co_return key_in(*relationship, *outcome);
  }

  static Result<json::value, CallError> key_in(const Relationship& relationship,
                                               const std::string& data) {
    const std::string& target = relationship.target_entity;
    json::error_code code;
    json::parse_options options;
    options.max_depth = 256;
    const json::value records = json::parse(data, code, {}, options);
    const auto* const list = code ? nullptr : records.if_array();
    if (list == nullptr || list->empty())
      return no_parent(fmt::format("No records from parent entity '{}'", target));
    for (const json::value& one : *list) {
      const auto* const record = one.if_object();
      if (record == nullptr || !passes(*record, relationship.parent_record_filter)) continue;
      const json::value* const key = record->if_contains(key_of(relationship.target_key));
      if (key != nullptr && !key->is_null()) return *key;
      return no_parent(fmt::format("A record of parent entity '{}' has no '{}'", target,
                                   relationship.target_key));
    }
    std::string filter;
    append_json(filter, relationship.parent_record_filter);
    return no_parent(fmt::format("No records from parent entity '{}' match parent_record_filter {}",
                                 target, filter));
  }

  Engine engine_;
  const CheckContext context_;
  const Definition& definition_;
  json::object config_;
  Instant now_;
  int calls_ = 0;
  std::map<std::pair<const Operation*, bool>, Called> called_;  // and whether for one record
};

}  // namespace

Task<json::object> run_check(Engine engine, CheckContext context) {
  Checker checker(engine, std::move(context));
  auto result = co_await checker.check_definition();
  co_return result;
}

Task<json::object> run_entity_checks(Engine engine, CheckContext context,
                                     std::vector<std::string> entities) {
  Checker checker(engine, std::move(context));
  json::array results;
  bool healthy = true;
  for (const std::string& name : entities) {
    auto result = co_await checker.check_entity(name);
    const auto status = result.at("status").as_string();
    healthy = healthy && (status == "healthy" || status == "skipped");
    results.push_back(std::move(result));
  }
  co_return json::object{{"status", healthy ? "healthy" : "unhealthy"},
                         {"entities", std::move(results)}};
}

}  // namespace fairlead::connector
