#include "platform/skills.hpp"

#include "base/suggestion.hpp"
#include "platform/cursor.hpp"
#include "platform/describe.hpp"

#include <algorithm>

namespace fairlead::platform {
namespace {

using connector::Action;
using connector::Definition;
using connector::Entity;
using connector::Operation;

constexpr std::string_view id_prefix = "connector-source:";
constexpr std::string_view section_prefix = "entity:";
/// Skills of one page are looked for among this many connectors at a time.
constexpr std::int64_t rows_at_a_time = 200;
constexpr const char* how_to_read_a_file =
    "The answer is the file itself, not JSON. To read it as JSON, part by part, add "
    "\"_airbyte_response_type\": \"json\" to params, and \"_airbyte_response_format\": \"text\" "
    "for text (base64 when left out). The result holds content, has_more and next_range_header; "
    "send the latter back as params.range_header to get the next part.";

Block heading(int level, std::string text) {
  return {.kind = Block::Kind::heading, .text = std::move(text), .level = level};
}
Block paragraph(std::string text) {
  return {.kind = Block::Kind::paragraph, .text = std::move(text)};
}
Block list(std::vector<std::string> items) {
  return {.kind = Block::Kind::list, .items = std::move(items)};
}
Block code(std::string language, std::string text) {
  return {.kind = Block::Kind::code, .text = std::move(text), .language = std::move(language)};
}

std::string hint(const json::object& hints, std::string_view name) {
  const json::string* text = find_string(hints, name);
  return text ? std::string(view(*text)) : std::string();
}

std::string actions_of(const Entity& entity) {
  std::string text;
  for (const Operation* operation : entity.operations)
    text += (text.empty() ? "" : ", ") + std::string(connector::name_of(operation->action));
  return text;
}

/// What an entity is; where nobody wrote that down, what its first action does.
std::string summary_of(const Entity& entity) {
  std::string summary = hint(entity.hints, "summary");
  if (!summary.empty() || entity.operations.empty()) return summary;
  summary = description_of(*entity.operations.front());
  return summary.substr(0, summary.find(". "));
}

std::vector<SkillSection> outline_of(const Definition& definition) {
  std::vector<SkillSection> outline;
  for (const Entity& entity : definition.entities) {
    const std::string summary = summary_of(entity);
    outline.push_back({.id = std::string(section_prefix) + entity.name,
                       .title = entity.name,
                       .summary = actions_of(entity) + (summary.empty() ? "" : ". " + summary)});
  }
  return outline;
}

/// The first read that needs no parameters, as an example that works.
const Operation* example_operation(const Definition& definition) {
  for (const auto& operation : definition.operations)
    if (operation->action == Action::list &&
        parameters_schema(*operation).at("required").as_array().empty())
      return operation.get();
  return definition.operations.empty() ? nullptr : definition.operations.front().get();
}

/// A call that shows which parameters are needed, each with its type as value.
std::string example_call(const Operation& operation) {
  const json::object schema = parameters_schema(operation);
  json::object params;
  for (const json::value& name : schema.at("required").as_array()) {
    const json::object* property =
        find_object(schema.at("properties").as_object(), view(name.as_string()));
    const json::string* type = property ? find_string(*property, "type") : nullptr;
    params[name.as_string()] =
        json::string("<" + (type ? std::string(view(*type)) : "value") + ">");
  }
  return json::serialize(json::object{{"entity", operation.entity},
                                      {"action", connector::name_of(operation.action)},
                                      {"params", std::move(params)}});
}

std::vector<Block> overview(const Definition& definition) {
  std::vector<Block> blocks{
      heading(1, definition.display_name.empty() ? definition.title : definition.display_name),
      paragraph(definition.description), heading(2, "How to call it")};
  blocks.push_back(paragraph(
      "Call execute with an entity, an action and params. Read the section of an entity before its "
      "first call: it names the parameters. list and search answer an array of records and, in "
      "connector_metadata, has_more (null: not known) and end_cursor; send end_cursor back as "
      "params.cursor to get the next page. params.limit is the size of a page."));
  if (const Operation* operation = example_operation(definition))
    blocks.push_back(code("json", example_call(*operation)));
  blocks.push_back(paragraph(
      "Use select_fields to keep answers small. Reads ask the service itself: list, get and search "
      "are the default; there is no copy in a Context Store."));
  blocks.push_back(heading(2, "Entities"));
  std::vector<std::string> items;
  for (const Entity& entity : definition.entities)
    items.push_back(entity.name + ": " + actions_of(entity));
  blocks.push_back(list(std::move(items)));
  return blocks;
}

std::string type_text(const json::value& schema) {
  const json::value* type = schema.is_object() ? schema.get_object().if_contains("type") : nullptr;
  if (!type) return "any";
  if (type->is_string()) return std::string(view(type->get_string()));
  std::string text;
  if (type->is_array())
    for (const json::value& one : type->get_array())
      if (one.is_string())
        text += (text.empty() ? "" : " or ") + std::string(view(one.get_string()));
  return text.empty() ? "any" : text;
}

std::string values_text(const json::value& schema) {
  const json::value* allowed =
      schema.is_object() ? schema.get_object().if_contains("enum") : nullptr;
  if (!allowed || !allowed->is_array()) return "";
  std::string text;
  for (const json::value& one : allowed->get_array())
    text += (text.empty() ? "One of " : ", ") + json::serialize(one);
  return text + ".";
}

/// One sentence after the other.
std::string joined_sentences(std::string first, const std::string& second) {
  if (first.empty() || second.empty()) return first + second;
  const bool ends = std::string_view(".!?:;").find(first.back()) != std::string_view::npos;
  return first + (ends ? " " : ". ") + second;
}

Block parameter_table(const Operation& operation) {
  const json::object schema = parameters_schema(operation);
  const json::array& required = schema.at("required").as_array();
  Block table{.kind = Block::Kind::table};
  table.headers = {"parameter", "type", "required", "meaning"};
  for (const auto& property : schema.at("properties").as_object()) {
    const std::string name(property.key().data(), property.key().size());
    const bool is_required =
        std::find(required.begin(), required.end(), json::value(name)) != required.end();
    const std::string meaning = property.value().is_object()
                                    ? hint(property.value().get_object(), "description")
                                    : std::string();
    table.rows.push_back({name, type_text(property.value()), is_required ? "yes" : "no",
                          joined_sentences(meaning, values_text(property.value()))});
  }
  return table;
}

std::vector<Block> entity_section(const Definition& definition, const Entity& entity) {
  std::vector<Block> blocks{heading(1, entity.name)};
  for (const char* name : {"summary", "when_to_use", "search_strategy"})
    if (std::string text = hint(entity.hints, name); !text.empty())
      blocks.push_back(paragraph(std::move(text)));
  for (const Operation* operation : entity.operations) {
    blocks.push_back(heading(2, std::string(connector::name_of(operation->action))));
    if (std::string text = description_of(*operation); !text.empty())
      blocks.push_back(paragraph(std::move(text)));
    Block table = parameter_table(*operation);
    blocks.push_back(table.rows.empty() ? paragraph("It takes no parameters.") : std::move(table));
    blocks.push_back(code("json", example_call(*operation)));
    if (operation->action == Action::download) blocks.push_back(paragraph(how_to_read_a_file));
  }
  std::vector<std::string> relations;
  for (const auto& relation : definition.relationships)
    if (relation.source_entity == entity.name)
      relations.push_back(relation.foreign_key + " is the " + relation.target_key + " of " +
                          relation.target_entity +
                          (relation.description.empty() ? "" : ": " + relation.description));
  if (!relations.empty()) {
    blocks.push_back(heading(2, "Related entities"));
    blocks.push_back(list(std::move(relations)));
  }
  return blocks;
}

bool contains_folded(std::string_view text, std::string_view part) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [lower](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

Error no_such_skill() { return not_found("there is no such document"); }

}  // namespace

std::string skill_id(const ConnectorId& connector) {
  return std::string(id_prefix) + connector.str();
}

SkillMeta Skills::meta_of(const store::ConnectorRow& row) const {
  SkillMeta meta{.id = skill_id(row.id), .title = row.name, .version = "0"};
  if (const auto* entry = services_.catalogue.find(row.definition_id)) {
    meta.summary = entry->description;
    meta.version = entry->version;
    meta.tags = {entry->slug};
  }
  if (row.status == "unverified") meta.state = "unknown";
  if (row.status == "degraded" || row.status == "needs_reauth" || row.status == "config_error")
    meta.state = "degraded";
  if (row.status != "ready" && row.status_reason) meta.warnings.push_back(*row.status_reason);
  return meta;
}

Task<Result<Skills::Page>> Skills::list(Caller caller, Query query) {
  if (auto allowed = access::check_right(caller, access::Right::read_connectors); !allowed)
    co_return std::move(allowed).error();
  if (query.workspace) {
    auto found = co_await services_.access.workspaces().find(caller, *query.workspace);
    if (!found) co_return std::move(found).error();
  }
  const std::string listing_name = "skills:" + query.text;
  store::ConnectorListing listing{
      .workspace = caller.workspace() ? caller.workspace() : query.workspace,
      .definition_id = {},
      .after = {},
      .limit = rows_at_a_time};
  if (query.cursor) {
    auto place = open_cursor(services_.vault, caller.organization(), listing_name, *query.cursor);
    if (!place) co_return std::move(place).error();
    auto parts = split_place(*place);
    if (!parts) co_return std::move(parts).error();
    listing.after = store::ConnectorPlace{parts->first, parts->second};
  }

  Page page;
  for (;;) {
    const auto rows = co_await services_.database.read(
        [organization = caller.organization(), listing](store::Connection& connection) {
          return store::list_connectors(connection, organization, listing);
        });
    for (const auto& row : rows) {
      const auto* entry = services_.catalogue.find(row.definition_id);
      const bool matches = contains_folded(row.name, query.text) ||
                           contains_folded(row.id.str(), query.text) ||
                           (entry && (contains_folded(entry->slug, query.text) ||
                                      contains_folded(entry->display_name, query.text)));
      if (matches && page.skills.size() == query.limit) {
        page.next_cursor = seal_cursor(services_.vault, caller.organization(), listing_name,
                                       join_place(listing.after->created_at, listing.after->id));
        co_return page;
      }
      if (matches) page.skills.push_back(meta_of(row));
      listing.after =
          store::ConnectorPlace{row.created_at.time_since_epoch().count(), row.id.str()};
    }
    if (static_cast<std::int64_t>(rows.size()) < rows_at_a_time) co_return page;
  }
}

Task<Result<SkillDocument>> Skills::read(Caller caller, std::string id,
                                         std::optional<std::string> section) {
  if (auto allowed = access::check_right(caller, access::Right::read_connectors); !allowed)
    co_return std::move(allowed).error();
  if (!id.starts_with(id_prefix)) co_return no_such_skill();
  auto connector_id = ConnectorId::parse(std::string_view(id).substr(id_prefix.size()));
  if (!connector_id) co_return no_such_skill();
  const StoredConnectorPtr connector = co_await cache_.find(caller.organization(), *connector_id);
  if (!connector || !connector->definition || !caller.reaches(connector->row.workspace_id))
    co_return no_such_skill();

  const Definition& definition = *connector->definition;
  SkillDocument document{.meta = meta_of(connector->row),
                         .outline = outline_of(definition),
                         .section = section,
                         .content = {}};
  if (!section || section->empty()) {
    document.section.reset();
    document.content = overview(definition);
    co_return document;
  }
  const std::string_view name = section->starts_with(section_prefix)
                                    ? std::string_view(*section).substr(section_prefix.size())
                                    : std::string_view(*section);
  const Entity* entity = definition.find_entity(name);
  if (!entity) {
    std::vector<std::string> sections;
    for (const auto& known : document.outline) sections.push_back(known.id);
    co_return invalid_field(
        "section", "there is no section '" + *section + "'" + did_you_mean(*section, sections),
        "not_allowed_value");
  }
  document.section = std::string(section_prefix) + entity->name;
  document.content = entity_section(definition, *entity);
  co_return document;
}

}  // namespace fairlead::platform
