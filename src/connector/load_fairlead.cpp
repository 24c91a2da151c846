#include "connector/load_fairlead.hpp"

#include "base/suggestion.hpp"
#include "connector/ascii.hpp"
#include "connector/pagination.hpp"
#include "connector/request_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fairlead::connector {
namespace {

// Which extension stands where.

enum Spot : unsigned {
  at_info = 1,
  at_operation = 2,
  at_schema = 4,
  at_scheme = 8,
  elsewhere = 16,
  // The way there.
  at_root = 32,
  at_paths = 64,
  at_path_item = 128,
  at_components = 256,
  at_schemas = 512,
  at_schemes = 1024
};

struct Name {
  std::string_view text;
  unsigned spots;
};
constexpr std::array names = {
    Name{"x-fairlead-probe", at_info},
    Name{"x-fairlead-rate-limit", at_info | at_operation},
    Name{"x-fairlead-idempotency", at_info | at_operation},
    Name{"x-fairlead-download-hosts", at_info | at_operation},
    Name{"x-fairlead-effect", at_operation},
    Name{"x-fairlead-also-known-as", at_operation | at_scheme},
    Name{"x-fairlead-pagination", at_operation},
    Name{"x-fairlead-incremental", at_operation},
    Name{"x-fairlead-primary-key", at_schema},
    Name{"x-fairlead-update-time", at_schema},
    Name{"x-fairlead-refresh-policy", at_scheme},
};

Spot below(Spot spot, std::string_view key) {
  switch (spot) {
    case at_root:
      if (key == "info") return at_info;
      if (key == "paths") return at_paths;
      return key == "components" ? at_components : elsewhere;
    case at_paths:
      return at_path_item;
    case at_path_item:
      for (const std::string_view method :
           {"get", "post", "put", "delete", "patch", "head", "options", "trace"})
        if (key == method) return at_operation;
      return elsewhere;
    case at_components:
      if (key == "schemas") return at_schemas;
      return key == "securitySchemes" ? at_schemes : elsewhere;
    case at_schemas:
      return at_schema;
    case at_schemes:
      return at_scheme;
    default:
      return elsewhere;
  }
}

std::string words_for(unsigned spots) {
  std::string out;
  const auto add = [&](Spot spot, std::string_view word) {
    if ((spots & spot) != 0) out += (out.empty() ? "" : " or ") + std::string(word);
  };
  add(at_info, "in info");
  add(at_operation, "on an operation");
  add(at_schema, "on a schema in components.schemas");
  add(at_scheme, "on a security scheme");
  return out;
}

void check_name(const Place& place, Spot spot, Problems& problems) {
  const auto* known = std::find_if(names.begin(), names.end(),
                                   [&](const Name& name) { return name.text == place.key; });
  if (known == names.end()) {
    std::vector<std::string> endings;  // the prefix would make all of them alike
    constexpr std::string_view prefix = "x-fairlead-";
    for (const Name& name : names) endings.emplace_back(name.text.substr(prefix.size()));
    const auto near =
        nearest_names(place.key.substr(std::min(prefix.size(), place.key.size())), endings, 1);
    problems.add(place,
                 "there is no such extension" +
                     (near.empty() ? std::string()
                                   : "; did you mean '" + std::string(prefix) + near[0] + "'?"));
  } else if ((known->spots & spot) == 0) {
    problems.add(place, "means nothing here; it belongs " + words_for(known->spots));
  } else if (place.node->is_null()) {
    problems.add(place, "has no value");
  }
}

void check_names(const Place& place, Spot spot, Problems& problems) {
  if (problems.full()) return;
  if (const auto* map = place.node->if_map()) {
    for (const YamlMember& member : *map) {
      const Place one = place.member(member);
      if (is_fairlead_name(member.key))
        check_name(one, spot, problems);
      else
        check_names(one, below(spot, member.key), problems);
    }
  } else if (const auto* list = place.node->if_list()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      check_names(place.element(i), elsewhere, problems);
  }
}

// Values.

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

/// A whole number of at least `least`, where there is one.
std::optional<std::int64_t> whole_from(Fields& fields, std::string_view key, std::int64_t least,
                                       Problems& problems) {
  const auto number = fields.whole(key);
  if (!number || (*number >= least && *number <= 1'000'000'000)) return number;
  problems.add(*fields.find(key), fmt::format("a whole number of at least {} is expected", least));
  return std::nullopt;
}

bool is_host(std::string_view text) {
  if (text.starts_with("*.")) {
    text.remove_prefix(2);
    if (text.find('.') == std::string_view::npos) return false;
  }
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto label = text.substr(0, text.find('.'));
    const bool fits = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                      label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                      });
    if (!fits) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

std::vector<std::string> load_hosts(Fields& fields, Problems& problems) {
  std::vector<std::string> hosts;
  const auto list = fields.list("x-fairlead-download-hosts");
  if (!list) return hosts;
  if (list->node->if_list()->empty())
    problems.add(*list, "at least one host is expected; leave the extension out to allow all");
  for (std::size_t i = 0; i < list->node->if_list()->size(); ++i) {
    const Place one = list->element(i);
    std::string host = text_at(one, problems);
    if (one.node->if_text() && !is_host(host))
      problems.add(one,
                   "a host name in lower case is expected, such as files.example.com or "
                   "*.example.com, without scheme, port or path");
    hosts.push_back(std::move(host));
  }
  return hosts;
}

std::optional<RateLimit> load_rate(Fields& owner, bool of_operation, Problems& problems) {
  const auto place = owner.find("x-fairlead-rate-limit");
  if (!place) return std::nullopt;
  Fields fields(*place, problems);
  if (!fields.is_map()) return std::nullopt;
  RateLimit limit;
  const auto requests = fields.number("requests");
  const auto per = fields.word("per", {"second", "minute", "hour"}).value_or("second");
  const auto burst = whole_from(fields, "burst", 1, problems);
  if (requests) {
    if (*requests > 0 && *requests <= 1e9) {
      limit.per_second = *requests / (per == "hour" ? 3600 : per == "minute" ? 60 : 1);
      limit.burst = std::max(1.0, std::floor(per == "second" ? *requests : *requests / 10));
    } else {
      problems.add(*fields.find("requests"), "a number above 0 is expected");
    }
  }
  if (burst) limit.burst = static_cast<double>(*burst);
  if (!of_operation)
    if (const auto concurrent = whole_from(fields, "concurrent", 1, problems))
      limit.concurrent = static_cast<std::size_t>(*concurrent);
  for (const char* key : {"per", "burst"})
    if (!fields.find("requests") && fields.find(key))
      problems.add(*fields.find(key), "means nothing without requests");
  if (!fields.find("requests") && (of_operation || !fields.find("concurrent")))
    problems.add(*place,
                 of_operation ? "requests is missing" : "requests or concurrent is missing");
  fields.finish(Others::refused);
  return limit;
}

// Pagination.

struct StyleRule {
  std::string_view word;
  Paging::Style style;
  std::vector<std::string_view> inputs, outputs;
  std::string_view needed_input, needed_output;
};

const std::vector<StyleRule>& style_rules() {
  using Style = Paging::Style;
  static const std::vector<StyleRule> rules = {
      {"cursor",
       Style::cursor,
       {"cursor", "limit"},
       {"next_cursor", "has_more", "is_last"},
       "cursor",
       "next_cursor"},
      {"page",
       Style::page,
       {"page", "limit"},
       {"has_more", "is_last", "page", "pages", "total"},
       "page",
       ""},
      {"offset",
       Style::offset,
       {"offset", "limit"},
       {"has_more", "is_last", "total"},
       "offset",
       ""},
      {"next-url",
       Style::address,
       {"cursor", "page", "offset", "limit"},
       {"next_url", "has_more", "is_last"},
       "",
       "next_url"},
      {"link-header",
       Style::address,
       {"cursor", "page", "offset", "limit"},
       {"relation", "has_more", "is_last"},
       "",
       ""},
      {"graphql", Style::cursor, {"cursor", "limit"}, {"page_info"}, "cursor", "page_info"},
      {"none", Style::none, {}, {}, "", ""}};
  return rules;
}

class PaginationLoader {
 public:
  PaginationLoader(const Place& place, Operation& operation, Loading& loading)
      : place_(place), fields_(place, loading.problems), operation_(operation), loading_(loading) {}

  void load() {
    if (!fields_.is_map()) return;
    if (operation_.action != Action::list && operation_.action != Action::search)
      problems().add(place_, "only the actions list and search have pages");
    const auto style = fields_.require("style");
    const auto word = fields_.word(
        "style", {"cursor", "page", "offset", "next-url", "link-header", "graphql", "none"});
    if (!style || !word) return;
    for (const StyleRule& rule : style_rules())
      if (rule.word == *word) rule_ = &rule;
    paging_.style = rule_->style;
    paging_.declared = true;
    load_inputs();
    load_outputs();
    load_counts();
    load_paths();
    fields_.finish(Others::refused);
    operation_.paging = std::move(paging_);
  }

 private:
  Problems& problems() { return loading_.problems; }

  /// Notes the members that this style has no use for.
  void check_members(Fields& fields, std::string_view what,
                     const std::vector<std::string_view>& allowed) {
    for (const YamlMember& member : fields.members()) {
      fields.allow({std::string_view(member.key)});
      if (std::find(allowed.begin(), allowed.end(), member.key) != allowed.end()) continue;
      const std::vector<std::string> known(allowed.begin(), allowed.end());
      problems().add(fields.place().member(member),
                     allowed.empty() ? fmt::format("the style {} has no {}s", rule_->word, what)
                                     : fmt::format("is no {} of the style {}, which has {}{}", what,
                                                   rule_->word, listed(allowed),
                                                   did_you_mean(member.key, known)));
    }
  }

  void load_inputs() {
    if (!rule_->needed_input.empty()) fields_.require("inputs");
    const auto place = fields_.find("inputs");
    if (!place) return;
    Fields inputs(*place, problems());
    if (!inputs.is_map()) return;
    check_members(inputs, "input", rule_->inputs);
    if (!rule_->needed_input.empty()) inputs.require(rule_->needed_input);
    std::string first;
    for (const std::string_view role : {"cursor", "page", "offset"}) {
      const auto name = parameter_for(inputs, role);
      if (!name) continue;
      if (!first.empty())
        problems().add(*inputs.find(role), "stands beside '" + first + "'; only one can be taken " +
                                               "out of the address");
      first = role;
      paging_.cursor_parameter = *name;
      if (*name != "cursor" && takes("cursor"))
        problems().add(*inputs.find(role),
                       "the operation has a parameter 'cursor', and that is the name under which "
                       "callers send a cursor; it must be the one meant here");
    }
    if (const auto name = parameter_for(inputs, "limit")) paging_.limit_parameter = *name;
  }
  /// The name of a parameter that the operation takes.
  std::optional<std::string> parameter_for(Fields& inputs, std::string_view role) {
    auto name = inputs.text(role);
    if (!name) return std::nullopt;
    if (takes(*name)) return name;
    problems().add(*inputs.find(role), "the operation has no parameter '" + *name + "'" +
                                           did_you_mean(*name, parameter_names(operation_)));
    return std::nullopt;
  }
  bool takes(const std::string& name) const {
    return unknown_parameters(loading_.definition, operation_, {{name, nullptr}}).empty();
  }

  void load_outputs() {
    if (!rule_->needed_output.empty()) fields_.require("outputs");
    std::string relation = "next";
    if (const auto place = fields_.find("outputs")) {
      Fields outputs(*place, problems());
      if (!outputs.is_map()) return;
      check_members(outputs, "output", rule_->outputs);
      if (!rule_->needed_output.empty()) outputs.require(rule_->needed_output);
      add(outputs, "next_cursor", paging_.next);
      add(outputs, "next_url", paging_.addresses);
      add(outputs, "has_more", paging_.more);
      add(outputs, "is_last", paging_.last);
      paging_.page = source(outputs, "page");
      paging_.pages = source(outputs, "pages");
      paging_.total = source(outputs, "total");
      load_page_info(outputs);
      if (auto text = outputs.text("relation")) relation = std::move(*text);
    }
    if (rule_->word == "link-header")
      paging_.addresses.push_back({.name = "next",
                                   .kind = MetaSource::Kind::link,
                                   .path = std::nullopt,
                                   .argument = std::move(relation)});
  }
  void load_page_info(Fields& outputs) {
    const auto info = outputs.text("page_info");
    if (!info) return;
    for (const auto& [member, list] :
         {std::pair{"endCursor", &paging_.next}, std::pair{"hasNextPage", &paging_.more}}) {
      auto parsed = MetaSource::parse(member, *info + "." + member);
      if (!parsed || parsed->kind != MetaSource::Kind::path)
        return problems().add(*outputs.find("page_info"),
                              "the path of a pageInfo object is expected, such as "
                              "$.data.issues.pageInfo");
      list->push_back(std::move(*parsed));
    }
  }
  std::optional<MetaSource> source(Fields& outputs, std::string_view key) {
    const auto text = outputs.text(key);
    if (!text) return std::nullopt;
    auto parsed = MetaSource::parse(std::string(key), *text);
    if (parsed) return std::move(*parsed);
    problems().add(*outputs.find(key), parsed.error().message);
    return std::nullopt;
  }
  void add(Fields& outputs, std::string_view key, std::vector<MetaSource>& list) {
    if (auto one = source(outputs, key)) list.push_back(std::move(*one));
  }

  void load_counts() {
    paging_.first = whole_from(fields_, "first_page", 0, problems());
    paging_.page_size = whole_from(fields_, "page_size", 1, problems());
    if (rule_->style != Paging::Style::page)
      if (const auto place = fields_.find("first_page"))
        problems().add(*place, "only the style page has a first page");
    if (rule_->style != Paging::Style::page && rule_->style != Paging::Style::offset)
      if (const auto place = fields_.find("page_size"))
        problems().add(*place, "only the styles page and offset count records");
    complete_counts(operation_, paging_);
    if (rule_->style == Paging::Style::page && !paging_.first) paging_.first = 1;
  }
  /// Where the address as a whole is the cursor.
  void load_paths() {
    const bool by_address =
        rule_->style == Paging::Style::address && paging_.cursor_parameter.empty();
    if (const auto list = fields_.list("next_paths")) {
      if (!by_address)
        problems().add(*list,
                       "means something only where the next page is asked for by its whole URL: "
                       "next-url or link-header without an input cursor, page or offset");
      for (std::size_t i = 0; i < list->node->if_list()->size(); ++i) {
        const Place one = list->element(i);
        std::string path = text_at(one, problems());
        if (one.node->if_text() &&
            (!path.starts_with('/') || path.find_first_of("?#") != std::string::npos))
          problems().add(one, "the beginning of a path is expected, such as /services/data/");
        paging_.next_paths.push_back(std::move(path));
      }
    }
    if (!by_address) return;
    if (operation_.method != "GET")
      problems().add(place_,
                     "a " + operation_.method +
                         " cannot be continued by an address; name the input that its next page "
                         "is asked for with");
    if (takes("cursor"))
      problems().add(place_,
                     "the operation has a parameter 'cursor'; name it as the input, since callers "
                     "send cursors under this name");
  }

  const Place& place_;
  Fields fields_;
  Operation& operation_;
  Loading& loading_;
  const StyleRule* rule_ = nullptr;
  Paging paging_;
};

// The other extensions of an operation.

void load_incremental(Fields& owner, Operation& operation, Loading& loading) {
  const auto place = owner.find("x-fairlead-incremental");
  if (!place) return;
  Fields fields(*place, loading.problems);
  if (!fields.is_map()) return;
  if (operation.action != Action::list && operation.action != Action::search)
    loading.problems.add(*place, "only the actions list and search can be incremental");
  Incremental out;
  out.parameter = fields.required_text("parameter");
  if (!out.parameter.empty() &&
      !unknown_parameters(loading.definition, operation, {{out.parameter, nullptr}}).empty())
    loading.problems.add(*fields.find("parameter"),
                         "the operation has no parameter '" + out.parameter + "'" +
                             did_you_mean(out.parameter, parameter_names(operation)));
  out.member = fields.text("member").value_or("");
  out.field = fields.text("field").value_or("");
  using Format = Incremental::Format;
  if (const auto word =
          fields.word("format", {"date-time", "date", "unix-seconds", "unix-milliseconds"}))
    out.format = *word == "date"           ? Format::date
                 : *word == "unix-seconds" ? Format::unix_seconds
                 : *word == "date-time"    ? Format::date_time
                                           : Format::unix_milliseconds;
  fields.finish(Others::refused);
  if (out.field.empty())
    loading.fairlead.without_field.push_back(
        {&operation,
         {place->line, place->path(),
          "field is missing: the entity has no x-fairlead-update-time that could stand for it",
          place->column}});
  operation.incremental = std::move(out);
}

void load_idempotency(Fields& owner, Operation& operation, Loading& loading) {
  const auto& inherited = loading.fairlead;
  const bool is_read = operation.effect == Effect::read;
  if (!is_read &&
      std::find(inherited.idempotency_methods.begin(), inherited.idempotency_methods.end(),
                operation.method) != inherited.idempotency_methods.end())
    operation.idempotency_header = inherited.idempotency_header;
  const auto place = owner.find("x-fairlead-idempotency");
  if (!place) return;
  if (const auto* flag = std::get_if<bool>(&place->node->value); flag && !*flag)
    return operation.idempotency_header.clear();
  if (!place->node->if_text())
    return loading.problems.add(
        *place, "the name of a header, such as Idempotency-Key, or false is expected here, not " +
                    std::string(place->node->kind_name()));
  operation.idempotency_header = *place->node->if_text();
  check_header_name(*place, operation.idempotency_header, loading.problems);
  if (is_read) loading.problems.add(*place, "a read is repeated without a key");
}

// The probe.

/// What only a caller can give: holes of the path, and required parameters without a value.
std::vector<std::string> needed_from_caller(const Definition& definition,
                                            const Operation& operation) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    const bool scoped = std::any_of(definition.scoping.begin(), definition.scoping.end(),
                                    [&](const Scoping& scoping) { return scoping.param == name; });
    if (!scoped) out.push_back(name);
  };
  for (const PathPiece& piece : operation.path)
    if (piece.is_parameter) add(piece.text);
  for (const Parameter& parameter : operation.parameters)
    if (parameter.in == Location::query && parameter.required && !parameter.default_value &&
        !parameter.inject)
      add(parameter.name);
  return out;
}

const Operation* probed(Fields& fields, const Probe& probe, Loading& loading) {
  if (probe.entity.empty() || probe.action.empty()) return nullptr;
  const auto found = loading.definition.find(probe.entity, probe.action);
  if (found) return *found;
  const bool entity = found.error().reason == LookupFailure::Reason::entity_not_found;
  loading.problems.add(*fields.find(entity ? "entity" : "action"), found.error().message);
  return nullptr;
}

void load_probe(const Place& place, Loading& loading) {
  Fields fields(place, loading.problems);
  if (!fields.is_map()) return;
  Probe probe;
  probe.entity = fields.required_text("entity");
  probe.action = fields.required_text("action");
  const auto params = fields.map("params");
  if (params) probe.params = to_json(*params->node).as_object();
  fields.finish(Others::refused);
  const Operation* operation = probed(fields, probe, loading);
  if (!operation) return;
  if (operation->effect != Effect::read || operation->action == Action::download)
    return loading.problems.add(*fields.find("action"),
                                "a probe must change nothing: list, get or search is expected");
  for (const std::string& name : unknown_parameters(loading.definition, *operation, probe.params))
    loading.problems.add(
        params->member(*std::find_if(params->node->if_map()->begin(), params->node->if_map()->end(),
                                     [&](const YamlMember& member) { return member.key == name; })),
        "the operation has no such parameter" + did_you_mean(name, parameter_names(*operation)));
  for (const std::string& name : needed_from_caller(loading.definition, *operation))
    if (!probe.params.contains(name))
      loading.problems.add(params ? *params : place,
                           "the operation needs '" + name + "'; params must give it");
  loading.definition.probe = std::move(probe);
}

std::vector<std::string> key_fields(const YamlNode& node) {
  if (const auto* text = node.if_text()) return {*text};
  std::vector<std::string> out;
  if (const auto* list = node.if_list())
    for (const YamlNode* one : *list)
      if (const auto* text = one->if_text()) out.push_back(*text);
  return out;
}

void check_field(const Place& place, const std::string& field, const YamlNode* properties,
                 Problems& problems) {
  if (field.empty()) return problems.add(place, "the name of a field is expected");
  if (!properties || !properties->if_map()) return;
  const std::string name = field.substr(0, field.find('.'));
  std::vector<std::string> known;
  for (const YamlMember& member : *properties->if_map()) known.push_back(member.key);
  if (std::find(known.begin(), known.end(), name) == known.end())
    problems.add(place, "the schema has no property '" + name + "'" + did_you_mean(name, known));
}

}  // namespace

void load_fairlead_info(Fields& info, Loading& loading) {
  loading.definition.rate_limit = load_rate(info, false, loading.problems);
  loading.fairlead.download_hosts = load_hosts(info, loading.problems);
  const auto place = info.find("x-fairlead-idempotency");
  if (!place) return;
  auto& header = loading.fairlead.idempotency_header;
  loading.fairlead.idempotency_methods = {"POST"};
  if (place->node->if_text()) {
    header = *place->node->if_text();
    return check_header_name(*place, header, loading.problems);
  }
  Fields fields(*place, loading.problems);
  if (!fields.is_map()) return;
  header = fields.required_text("header");
  if (const auto at = fields.find("header"); at && at->node->if_text())
    check_header_name(*at, header, loading.problems);
  if (const auto list = fields.list("methods")) {
    loading.fairlead.idempotency_methods.clear();
    for (std::size_t i = 0; i < list->node->if_list()->size(); ++i) {
      const Place one = list->element(i);
      const std::string word = text_at(one, loading.problems);
      if (one.node->if_text())
        check_word(one, word, {"POST", "PUT", "PATCH", "DELETE"}, loading.problems);
      loading.fairlead.idempotency_methods.push_back(word);
    }
  }
  fields.finish(Others::refused);
}

void load_fairlead_operation(Fields& fields, Operation& operation, Loading& loading) {
  if (const auto place = fields.find("x-fairlead-pagination"))
    PaginationLoader(*place, operation, loading).load();
  if (!operation.paging.declared) operation.paging = infer_paging(operation);
  load_incremental(fields, operation, loading);
  load_idempotency(fields, operation, loading);
  operation.rate_limit = load_rate(fields, true, loading.problems);
  const bool is_download = operation.action == Action::download;
  if (const auto place = fields.find("x-fairlead-download-hosts"); place && !is_download)
    loading.problems.add(*place, "only the action download has them");
  operation.download_hosts = load_hosts(fields, loading.problems);
  if (operation.download_hosts.empty() && is_download)
    operation.download_hosts = loading.fairlead.download_hosts;
}

void load_fairlead_scheme(Fields& fields, AuthScheme& scheme, Loading& loading) {
  const auto place = fields.find("x-fairlead-refresh-policy");
  if (!place) return;
  if (scheme.kind != AuthScheme::Kind::oauth2)
    loading.problems.add(*place, "only an oauth2 scheme renews tokens");
  using Kind = RefreshPolicy::Kind;
  if (const auto* text = place->node->if_text()) {
    if (*text == "grace")
      return loading.problems.add(*place, "grace has a length: write {grace: 60}, in seconds");
    if (check_word(*place, *text, {"none", "strict"}, loading.problems))
      scheme.refresh_policy.kind = *text == "none" ? Kind::none : Kind::strict;
    return;
  }
  if (!place->node->if_map())
    return loading.problems.add(*place, "none, strict or {grace: SECONDS} is expected here, not " +
                                            std::string(place->node->kind_name()));
  Fields policy(*place, loading.problems);
  policy.require("grace");
  if (const auto seconds = policy.whole("grace")) {
    if (*seconds < 1 || *seconds > 86'400)
      loading.problems.add(*policy.find("grace"), "1 to 86400 seconds are expected");
    else
      scheme.refresh_policy = {Kind::grace, std::chrono::seconds(*seconds)};
  }
  policy.finish(Others::refused);
}

void check_fairlead_schema(Fields& schema, Loading& loading) {
  const YamlNode* properties = schema.place().node->find("properties");
  if (const auto place = schema.find("x-fairlead-primary-key")) {
    if (const auto* list = place->node->if_list()) {
      if (list->empty()) loading.problems.add(*place, "at least one field is expected");
      for (std::size_t i = 0; i < list->size(); ++i) {
        const Place one = place->element(i);
        const std::string field = text_at(one, loading.problems);
        if (one.node->if_text()) check_field(one, field, properties, loading.problems);
      }
    } else {
      const std::string field = text_at(*place, loading.problems);
      if (place->node->if_text()) check_field(*place, field, properties, loading.problems);
    }
  }
  if (const auto place = schema.find("x-fairlead-update-time")) {
    const std::string field = text_at(*place, loading.problems);
    if (place->node->if_text()) check_field(*place, field, properties, loading.problems);
  }
}

void apply_fairlead_schema(const YamlNode& schema, Entity& entity) {
  if (const auto* key = schema.find("x-fairlead-primary-key"))
    entity.primary_key = key_fields(*key);
  if (const auto* field = schema.find("x-fairlead-update-time"))
    if (const auto* text = field->if_text()) entity.update_time = *text;
}

void finish_fairlead(const YamlNode& root, Loading& loading) {
  const Place document = Place::root(root);
  check_names(document, at_root, loading.problems);
  for (auto& [unnamed, problem] : loading.fairlead.without_field)
    for (const auto& operation : loading.definition.operations) {
      if (operation.get() != unnamed) continue;  // one that a later one has replaced is gone
      const Entity* entity = loading.definition.find_entity(operation->entity);
      operation->incremental->field = entity ? entity->update_time : "";
      if (operation->incremental->field.empty()) loading.problems.add(std::move(problem));
      break;
    }
  Problems ignored;
  Fields fields(document, ignored);
  const auto info = fields.find("info");
  if (!info || !info->node->if_map()) return;
  Fields members(*info, ignored);
  if (const auto probe = members.find("x-fairlead-probe")) load_probe(*probe, loading);
}

}  // namespace fairlead::connector
