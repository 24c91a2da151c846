#include "connector/ascii.hpp"
#include "connector/load_fairlead.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_path_characters = 8 << 10;
constexpr std::size_t most_metadata = 100;  // each may walk the whole answer

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Text and {name} in turns. Braces around anything else are text.
std::vector<PathPiece> path_pieces(std::string_view text) {
  std::vector<PathPiece> pieces;
  std::string literal;
  while (!text.empty()) {
    std::size_t end = 1;
    while (end < text.size() && is_word(text[end])) ++end;
    if (text[0] != '{' || end == 1 || end == text.size() || text[end] != '}') {
      literal += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (!literal.empty()) pieces.push_back({false, std::exchange(literal, {})});
    pieces.push_back({true, std::string(text.substr(1, end - 1))});
    text.remove_prefix(end + 1);
  }
  if (!literal.empty()) pieces.push_back({false, std::move(literal)});
  return pieces;
}

MetaSource meta_source(const Place& place, std::string name, const std::string& text,
                       Problems& problems) {
  auto source = MetaSource::parse(name, text);
  if (source) return std::move(*source);
  problems.warn(place, source.error().message + "; the value will always be null");
  return {.name = std::move(name)};
}

class OperationLoader {
 public:
  OperationLoader(const Place& place, Loading& loading)
      : fields_(place, loading.problems), loading_(loading) {}

  std::unique_ptr<Operation> load(std::string_view method, const std::string& label) {
    if (!fields_.is_map()) return nullptr;
    operation_->label = label;
    operation_->method = ascii_upper(method);
    const bool has_name = load_name();
    load_effect();
    load_texts();
    load_path();
    if (const auto list = fields_.list("parameters")) load_parameters(*list, *operation_, loading_);
    check_placeholders();
    if (const auto body = fields_.find("requestBody")) load_body(*body, *operation_, loading_);
    load_upload();
    load_extraction();
    load_download();
    load_other_names();
    load_fairlead_operation(fields_, *operation_, loading_);
    if (const auto responses = fields_.map("responses")) load_responses(*responses);
    fields_.allow({"tags", "externalDocs", "callbacks", "deprecated", "security", "servers",
                   "x-airbyte-param-sources"});
    fields_.finish(Others::extensions);
    operation_->extensions = extensions_of(fields_);
    return has_name ? std::move(operation_) : nullptr;
  }

 private:
  Problems& problems() { return loading_.problems; }

  bool load_name() {
    const std::size_t before = problems().list().size();
    operation_->entity = fields_.required_text("x-airbyte-entity");
    if (operation_->entity.empty() && problems().list().size() == before)
      problems().add(*fields_.find("x-airbyte-entity"), "the name of an entity is expected");
    fields_.require("x-airbyte-action");
    const auto word = fields_.word("x-airbyte-action", {"list", "get", "create", "update", "delete",
                                                        "search", "api_search", "download"});
    if (word) operation_->action = *parse_action(*word);
    return word && !operation_->entity.empty();
  }
  void load_effect() {
    const Action action = operation_->action;
    const bool reads = action == Action::list || action == Action::get ||
                       action == Action::search || action == Action::download ||
                       operation_->method == "GET" || operation_->method == "HEAD";
    operation_->effect = reads ? Effect::read : Effect::unsafe;
    if (const auto word = fields_.word("x-fairlead-effect", {"read", "idempotent", "unsafe"}))
      operation_->effect = *word == "read"         ? Effect::read
                           : *word == "idempotent" ? Effect::idempotent
                                                   : Effect::unsafe;
  }
  void load_texts() {
    operation_->operation_id = fields_.text("operationId").value_or("");
    operation_->summary = fields_.text("summary").value_or("");
    operation_->description = fields_.text("description").value_or(operation_->summary);
    operation_->no_pagination = fields_.text("x-airbyte-no-pagination").value_or("");
    operation_->preferred_for_check = fields_.flag("x-airbyte-preferred-for-check").value_or(false);
    operation_->untested = fields_.flag("x-airbyte-untested").value_or(false);
    fields_.text("x-airbyte-untested-reason");
    if (const auto hints = fields_.find("x-airbyte-ai-hints"))
      operation_->hints = load_hints(*hints, problems());
  }
  void load_path() {
    std::string path = operation_->label;
    if (const auto place = fields_.find("x-airbyte-path-override")) {
      Fields override_fields(*place, problems());
      path = override_fields.required_text("path");
      override_fields.finish(Others::refused);
    }
    if (path.size() > most_path_characters)
      return problems().add(fields_.place(), "the path is longer than 8 KiB");
    operation_->path = path_pieces(path);
  }
  void check_placeholders() {
    for (const PathPiece& piece : operation_->path)
      if (piece.is_parameter &&
          std::none_of(operation_->parameters.begin(), operation_->parameters.end(),
                       [&](const Parameter& parameter) {
                         return parameter.in == Location::path && parameter.name == piece.text;
                       }))
        problems().warn(fields_.place(), "the path holds {" + piece.text +
                                             "}, which is not declared as a path parameter");
  }
  void load_upload() {
    if (auto name = fields_.text("x-airbyte-upload-file-param"))
      operation_->body.file_param = std::move(*name);
  }

  /// A template or path that cannot be read is no reason to refuse the file; its calls fail.
  Template template_or_broken(const Place& place, const std::string& text) {
    auto parsed = Template::parse(text);
    if (parsed) return std::move(*parsed);
    problems().warn(place, parsed.error().message + "; calls of this operation will fail");
    return Template::broken(text, parsed.error().message);
  }
  void load_extraction() {
    if (const auto text = fields_.text("x-airbyte-record-extractor")) {
      if (auto path = Path::parse(*text)) {
        operation_->records = std::move(*path);
      } else {
        operation_->records_unparsable = true;
        problems().warn(*fields_.find("x-airbyte-record-extractor"), path.error().message);
      }
    }
    if (const auto text = fields_.text("x-airbyte-record-filter"))
      operation_->filter = template_or_broken(*fields_.find("x-airbyte-record-filter"), *text);
    if (const auto place = fields_.find("x-airbyte-record-transform"))
      for (auto& [name, text] : texts_by_name(*place, problems()))
        operation_->transform.emplace_back(name, template_or_broken(*place, text));
    if (const auto place = fields_.find("x-airbyte-meta-extractor")) {
      operation_->has_meta = true;
      if (const auto* map = place->node->if_map(); map && map->size() > most_metadata)
        problems().add(
            *place, "at most " + std::to_string(most_metadata) + " metadata values are expected");
      for (auto& [name, text] : texts_by_name(*place, problems()))
        operation_->meta.push_back(meta_source(*place, name, text, problems()));
    }
  }
  void load_download() {
    const auto text = fields_.text("x-airbyte-file-url");
    if (!text) return;
    const Place place = *fields_.find("x-airbyte-file-url");
    if (operation_->action != Action::download)
      problems().add(place, "only the action download has a file URL");
    else if (text->find_first_not_of(" \t\n") == std::string::npos)
      problems().add(place, "the way to the file's URL is expected, such as result.files[0].url");
    operation_->file_url = FileUrl{*text};
  }

  bool takes(std::string_view name) const {
    const auto has_name = [name](const auto& one) { return one.name == name; };
    return std::any_of(operation_->parameters.begin(), operation_->parameters.end(), has_name) ||
           std::any_of(operation_->body.fields.begin(), operation_->body.fields.end(), has_name);
  }
  void load_other_names() {
    const auto place = fields_.find("x-fairlead-also-known-as");
    if (!place) return;
    Fields names(*place, problems());
    if (const auto list = names.texts("operations"))
      for (const std::string& name : *list) load_other_operation(*names.find("operations"), name);
    if (const auto map = names.find("parameters"))
      for (auto& [other, own] : texts_by_name(*map, problems())) {
        if (takes(other)) problems().add(*map, "'" + other + "' is a parameter of its own");
        if (!takes(own)) problems().add(*map, "'" + own + "' is no parameter of this operation");
        operation_->other_names.parameters.emplace_back(other, own);
      }
    if (const auto map = names.map("values"))
      for (const YamlMember& member : *map->node->if_map()) {
        const Place values = map->member(member);
        const std::string parameter(member.key);
        if (!takes(parameter))
          problems().add(values, "'" + parameter + "' is no parameter of this operation");
        for (auto& [other, own] : texts_by_name(values, problems()))
          operation_->other_names.values.push_back({parameter, other, own});
      }
    names.finish(Others::refused);
  }
  void load_other_operation(const Place& place, const std::string& name) {
    const std::size_t dot = name.find('.');
    const auto action =
        dot == std::string::npos ? std::nullopt : parse_action(name.substr(dot + 1));
    if (!action || dot == 0)
      return problems().add(place, "an entity and an action are expected, such as issues.list");
    operation_->other_names.operations.emplace_back(name.substr(0, dot), *action);
  }

  void load_responses(const Place& place) {
    const YamlNode *ok = nullptr, *created = nullptr;
    for (const YamlMember& member : *place.node->if_map()) {
      const YamlNode* schema = load_response(place.member(member));
      if (member.key == "200") ok = schema;
      if (member.key == "201") created = schema;
    }
    if (const YamlNode* schema = ok ? ok : created)
      operation_->response_schema = loading_.schemas.resolved(*schema);
  }
  /// The schema of its JSON, or nullptr.
  const YamlNode* load_response(const Place& place) {
    Fields response(place, problems());
    if (const auto reference = response.find("$ref"))
      problems().add(*reference, "a reference cannot stand here; write it out");
    else
      response.required_text("description");
    if (const auto headers = response.map("headers"))
      for (const YamlMember& member : *headers->node->if_map()) {
        Fields header(headers->member(member), problems());
        header.allow({"description", "required", "deprecated", "allowEmptyValue", "style",
                      "explode", "schema", "example", "examples"});
        header.finish(Others::extensions);
      }
    const YamlNode* schema = nullptr;
    if (const auto content = response.map("content"))
      for (const YamlMember& member : *content->node->if_map()) {
        Fields media(content->member(member), problems());
        const auto found = media.map("schema");
        if (found && member.key == "application/json") schema = found->node;
        media.allow({"example", "examples", "encoding"});
        media.finish(Others::refused);
      }
    response.allow({"links"});
    response.finish(Others::extensions);
    return schema;
  }

  Fields fields_;
  Loading& loading_;
  std::unique_ptr<Operation> operation_ = std::make_unique<Operation>();
};

}  // namespace

std::unique_ptr<Operation> load_operation(const Place& place, std::string_view method,
                                          const std::string& label, Loading& loading) {
  return OperationLoader(place, loading).load(method, label);
}

}  // namespace fairlead::connector
