#include "connector/definition_loader.hpp"

namespace fairlead::connector {
namespace {

/// A JSON type: a text or a list of texts.
void check_type(const Place& place, Problems& problems) {
  if (!place.node->if_list()) {
    text_at(place, problems);
    return;
  }
  for (std::size_t i = 0; i < place.node->if_list()->size(); ++i)
    text_at(place.element(i), problems);
}

void check_properties(const Place& place, Problems& problems) {
  const Fields properties(place, problems);
  for (const YamlMember& member : properties.members()) {
    Fields one(properties.place().member(member), problems);
    if (const auto type = one.find("type")) check_type(*type, problems);
    one.text("description");
    if (const auto nested = one.find("properties")) check_properties(*nested, problems);
    one.finish(Others::extensions);
  }
}

void check_field(const Place& place, Problems& problems) {
  Fields field(place, problems);
  field.required_text("name");
  if (const auto type = field.require("type")) check_type(*type, problems);
  field.required_text("description");
  field.text("x-airbyte-name");
  if (const auto properties = field.find("properties")) check_properties(*properties, problems);
  field.map("x-airbyte-semantic-search");
  field.finish(Others::extensions);
}

void check_entity(const Place& place, Problems& problems) {
  Fields entity(place, problems);
  entity.required_text("entity");
  entity.flag("suggested");
  entity.text("x-airbyte-name");
  for (const char* text :
       {"x-airbyte-skip-searchable-fields", "x-airbyte-skip-manifest-validation"})
    entity.text(text);
  entity.list("x-airbyte-enrichment");
  entity.map("x-airbyte-text-references");
  if (const auto fields = entity.list("fields"))
    for (std::size_t i = 0; i < fields->node->if_list()->size(); ++i)
      check_field(fields->element(i), problems);
  entity.finish(Others::extensions);
}

}  // namespace

void load_context_store(const Place& place, Loading& loading) {
  Fields store(place, loading.problems);
  if (!store.is_map()) return;
  store.require("entities");
  if (const auto entities = store.list("entities"))
    for (std::size_t i = 0; i < entities->node->if_list()->size(); ++i)
      check_entity(entities->element(i), loading.problems);
  store.flag("disable_compaction");
  store.word("kind", {"DATA", "FILES"});
  if (const auto size = store.number("flush_batch_size_mb"); size && (*size < 1 || *size > 500))
    loading.problems.add(*store.find("flush_batch_size_mb"), "a number from 1 to 500 is expected");
  store.finish(Others::extensions);
  loading.definition.context_store = to_json(*place.node).as_object();
}

void load_replication_config(const Place& place, Loading& loading) {
  Fields config(place, loading.problems);
  if (!config.is_map()) return;
  config.text("title");
  config.text("description");
  std::set<std::string_view> names;
  if (const auto properties = config.map("properties")) {
    names = keys_of(*properties->node);
    for (const YamlMember& member : *properties->node->if_map())
      Fields(properties->member(member), loading.problems).finish(Others::accepted);
  }
  config.texts("required");
  if (const auto mapping = config.find("replication_config_key_mapping"))
    for (const auto& [name, target] : texts_by_name(*mapping, loading.problems))
      if (!names.contains(name))
        loading.problems.add(*mapping, "'" + name + "' is not among the properties");
  config.map("replication_config_constants");
  config.finish(Others::refused);
  loading.definition.replication_config = to_json(*place.node).as_object();
}

void load_relationships(const Place& list, Loading& loading) {
  for (std::size_t i = 0; i < list.node->if_list()->size(); ++i) {
    Fields fields(list.element(i), loading.problems);
    Relationship one;
    one.source_entity = fields.required_text("source_entity");
    one.target_entity = fields.required_text("target_entity");
    one.foreign_key = fields.required_text("foreign_key");
    one.target_key = fields.text("target_key").value_or("id");
    one.cardinality =
        fields.word("cardinality", {"one_to_one", "one_to_many", "many_to_one", "many_to_many"})
            .value_or("");
    one.description = fields.text("description").value_or("");
    if (const auto filter = fields.map("parent_record_filter"))
      one.parent_record_filter = to_json(*filter->node).as_object();
    fields.finish(Others::refused);
    loading.definition.relationships.push_back(std::move(one));
  }
}

}  // namespace fairlead::connector
