#include "connector/ascii.hpp"
#include "connector/load_fairlead.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::string_view reference_prefix = "#/components/schemas/";
constexpr std::size_t most_open_references = 32;
constexpr int most_levels = 100;
constexpr std::size_t most_copied = 200'000;
constexpr std::uint64_t most_copied_bytes = 8u << 20;

void load_schema(const Place& place, Loading& loading) {
  Problems& problems = loading.problems;
  Fields schema(place, problems);
  schema.text("type");
  schema.text("x-airbyte-entity-name");
  schema.text("x-airbyte-stream-name");
  if (const auto hints = schema.find("x-airbyte-ai-hints")) load_hints(*hints, problems);
  schema.map("properties");
  schema.texts("required");
  schema.list("enum");
  for (const char* text : {"title", "description", "format", "pattern"}) schema.text(text);
  for (const char* flag : {"nullable", "deprecated", "readOnly", "writeOnly"}) schema.flag(flag);
  schema.allow({"items", "additionalProperties", "default", "example", "minimum", "maximum",
                "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
                "allOf", "oneOf", "anyOf", "not", "discriminator", "xml", "externalDocs"});
  check_fairlead_schema(schema, loading);
  schema.finish(Others::extensions);
}

}  // namespace

void SchemaLibrary::add(std::string_view name, const YamlNode& schema) {
  const std::size_t position = schemas_.size();
  schemas_.push_back(&schema);
  by_name_.emplace(name, position);
  by_lower_name_.emplace(ascii_lower(name), position);
  if (const auto* entity = schema.find("x-airbyte-entity-name"))
    if (const auto* text = entity->if_text()) by_entity_.emplace(*text, position);
}

const YamlNode* SchemaLibrary::of_entity(std::string_view entity) const {
  std::size_t position = schemas_.size();
  if (const auto found = by_entity_.find(std::string(entity)); found != by_entity_.end())
    position = found->second;
  if (const auto found = by_lower_name_.find(ascii_lower(entity)); found != by_lower_name_.end())
    position = std::min(position, found->second);
  return position < schemas_.size() ? schemas_[position] : nullptr;
}

const YamlNode* SchemaLibrary::find(const YamlNode& schema) const {
  const auto* reference = schema.find("$ref");
  const auto* text = reference ? reference->if_text() : nullptr;
  if (!text || !text->starts_with(reference_prefix)) return nullptr;
  const auto found = by_name_.find(std::string_view(*text).substr(reference_prefix.size()));
  return found == by_name_.end() ? nullptr : schemas_[found->second];
}

const YamlNode& SchemaLibrary::target(const YamlNode& schema) const {
  // A component schema cannot itself be a reference (load_schema refuses it), so one step is all.
  const YamlNode* found = find(schema);
  return found ? *found : schema;
}

json::value SchemaLibrary::resolved(const YamlNode& schema) { return copy(schema, 0); }

json::value SchemaLibrary::copy(const YamlNode& schema, int levels) {
  if (levels > most_levels) return to_json(schema);
  if (const auto* found = find(schema)) {
    const bool is_open = std::find(open_.begin(), open_.end(), found) != open_.end();
    if (is_open || open_.size() >= most_open_references || copied_ + found->size > most_copied ||
        copied_bytes_ + found->bytes > most_copied_bytes)
      return to_json(schema);
    copied_ += found->size;
    copied_bytes_ += found->bytes;
    open_.push_back(found);
    json::value out = copy(*found, levels + 1);
    open_.pop_back();
    return out;
  }
  if (const auto* list = schema.if_list()) {
    json::array out;
    out.reserve(list->size());
    for (const YamlNode* element : *list) out.push_back(copy(*element, levels + 1));
    return out;
  }
  if (const auto* map = schema.if_map()) {
    json::object out;
    out.reserve(map->size());
    for (const YamlMember& member : *map) out.emplace(member.key, copy(*member.value, levels + 1));
    return out;
  }
  return to_json(schema);
}

void load_schemas(const Place& place, Loading& loading) {
  const Fields schemas(place, loading.problems);
  for (const YamlMember& member : schemas.members()) {
    load_schema(schemas.place().member(member), loading);
    loading.schemas.add(member.key, *member.value);
  }
}

json::object load_hints(const Place& place, Problems& problems) {
  Fields hints(place, problems);
  if (!hints.is_map()) return {};
  for (const char* text : {"summary", "when_to_use", "search_strategy"}) hints.text(text);
  for (const char* list : {"trigger_phrases", "example_questions"}) hints.texts(list);
  hints.word("freshness", {"live", "static"});
  hints.finish(Others::refused);
  return to_json(*place.node).as_object();
}

json::object extensions_of(const Fields& fields) {
  json::object out;
  for (const YamlMember& member : fields.members())
    if (member.key.starts_with("x-")) out.emplace(member.key, to_json(*member.value));
  return out;
}

std::optional<Template> load_template(const Place& place, std::string_view text,
                                      Problems& problems) {
  auto parsed = Template::parse(text);
  if (parsed) return std::move(*parsed);
  problems.add(place, parsed.error().message);
  return std::nullopt;
}

void check_header_name(const Place& place, std::string_view name, Problems& problems) {
  static constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
  const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           token_marks.find(c) != std::string_view::npos;
  });
  if (!is_token) return problems.add(place, "is no name of an HTTP header");
  const std::string folded = ascii_lower(name);
  for (const char* reserved : {"host", "content-length", "transfer-encoding", "connection",
                               "upgrade", "te", "trailer", "expect", "forwarded", "cookie"})
    if (folded == reserved)
      return problems.add(place, "a definition may not set the header " + std::string(name));
  if (folded.starts_with("proxy-") || folded.starts_with("x-forwarded-"))
    problems.add(place, "a definition may not set the header " + std::string(name));
}

}  // namespace fairlead::connector
