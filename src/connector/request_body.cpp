#include "connector/request_body.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "connector/python_value.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <unordered_set>

namespace fairlead::connector {
namespace {

constexpr const char* mime_type_param = "file_mime_type";

CallError invalid_parameter(std::string_view name, std::string_view why) {
  return {CallErrorKind::invalid_parameter, fmt::format("Parameter '{}' {}", name, why), 0,
          std::string(name)};
}

const BodyField* find_field(const Body& body, std::string_view name) {
  const auto found = std::find_if(body.fields.begin(), body.fields.end(),
                                  [&](const BodyField& field) { return field.name == name; });
  return found == body.fields.end() ? nullptr : &*found;
}

/// Property defaults in schema order, then what the caller gave; null means "the default, or not
/// at all".
json::object body_object(const Body& body, const json::object& params) {
  constexpr std::size_t few = 64;  // that are compared one after another
  std::unordered_set<std::string_view> names;
  if (body.fields.size() > few)
    for (const BodyField& field : body.fields) names.insert(field.name);
  const auto declares = [&](std::string_view name) {
    return names.empty() ? find_field(body, name) != nullptr : names.contains(name);
  };
  json::object object;
  for (const BodyField& field : body.fields)
    if (field.default_value) object[field.name] = *field.default_value;
  for (const auto& [name, value] : params) {
    if (value.is_null()) continue;
    // `id` and `sobjectType` are addresses of a free-form body's object, not part of it.
    const bool wanted =
        body.free_form ? name != "id" && name != "sobjectType" : declares(view(name));
    if (wanted) object[name] = value;
  }
  return object;
}

Result<std::string, CallError> json_text(const json::value& value, JsonForm form) {
  std::string text;
  if (append_json(text, value, form)) return text;
  return CallError{CallErrorKind::invalid_parameter,
                   "The parameters hold a number that JSON cannot express"};
}

Result<BuiltBody, CallError> json_body(const Body& body, json::object object) {
  if (object.empty()) return BuiltBody{};
  auto text = body.is_array ? json_text(json::array{std::move(object)}, JsonForm::compact)
                            : json_text(object, JsonForm::compact);
  if (!text) return std::move(text).error();
  return BuiltBody{*std::move(text), body.content_type};
}

// Form: a[b], lists a[0], lists of objects a[0][b]; empty ones vanish.
bool flatten(Pairs& pairs, const std::string& name, const json::value& value) {
  if (const auto* const object = value.if_object()) {
    for (const auto& [key, member] : *object)
      if (!flatten(pairs, fmt::format("{}[{}]", name, view(key)), member)) return false;
    return true;
  }
  if (const auto* const array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i)
      if (!flatten(pairs, fmt::format("{}[{}]", name, i), (*array)[i])) return false;
    return true;
  }
  auto text = scalar_text(value);
  if (!text) return false;
  pairs.emplace_back(name, *std::move(text));
  return true;
}

Result<BuiltBody, CallError> form_body(const Body& body, const json::object& object) {
  if (object.empty()) return BuiltBody{};
  Pairs pairs;
  for (const auto& [name, value] : object)
    if (!flatten(pairs, std::string(view(name)), value))
      return invalid_parameter(view(name), "holds a number that cannot be sent");
  BuiltBody built{std::nullopt, body.content_type};
  if (!pairs.empty()) built.text = form_encode(pairs);
  return built;
}

// Multipart.

struct File {
  std::string bytes, type = "application/octet-stream";
};

bool is_media_type(std::string_view text) {
  const auto type = trimmed(text.substr(0, text.find(';')));
  const auto slash = type.find('/');
  return slash != std::string_view::npos && net::is_header_name(type.substr(0, slash)) &&
         net::is_header_name(type.substr(slash + 1)) && is_header_text(text);
}

/// Takes the file and its type out of `object`; nullopt when there is none.
Result<std::optional<File>, CallError> take_file(const Body& body, json::object& object) {
  File file;
  if (const json::value* const type = object.if_contains(mime_type_param)) {
    const auto* const text = type->if_string();
    if (text == nullptr || !is_media_type(fairlead::view(*text)))
      return invalid_parameter(mime_type_param, "must be a media type such as text/plain");
    file.type = fairlead::view(*text);
    object.stable_erase(object.find(mime_type_param));
  }
  const json::value* const content = object.if_contains(key_of(body.file_param));
  if (content == nullptr) return std::optional<File>();
  const auto* const text = content->if_string();
  std::string digits(text != nullptr ? fairlead::view(*text) : "!");
  std::erase_if(digits, [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; });
  auto bytes = from_base64(digits);
  if (!bytes) return invalid_parameter(body.file_param, "must be the file's bytes in base64");
  file.bytes = *std::move(bytes);
  object.stable_erase(object.find(key_of(body.file_param)));
  return std::optional<File>(std::move(file));
}

std::string new_boundary() { return "airbyte_boundary_" + to_hex(random_bytes(16)); }

Result<BuiltBody, CallError> multipart_related(const Body& body, json::object object) {
  if (object.empty()) return BuiltBody{};
  auto file = take_file(body, object);
  if (!file) return std::move(file).error();
  if (!*file)
    return CallError{
        CallErrorKind::missing_parameter,
        fmt::format("Missing required field '{}': the file's bytes in base64", body.file_param), 0,
        body.file_param};
  auto metadata = json_text(object, JsonForm::spaced_ascii);
  if (!metadata) return std::move(metadata).error();
  const std::string boundary = new_boundary();
  std::string text = fmt::format(
      "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n--{0}\r\n"
      "Content-Type: {2}\r\n\r\n",
      boundary, *metadata, (*file)->type);
  text += (*file)->bytes;
  text += fmt::format("\r\n--{}--\r\n", boundary);
  return BuiltBody{std::move(text), "multipart/related; boundary=" + boundary};
}

/// A name inside quotes of Content-Disposition, as browsers write it.
std::string disposition_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out;
}

class FormData {
 public:
  FormData() : boundary_(new_boundary()) {}

  /// Scalars as text, lists as repeated fields, objects as JSON.
  bool add(std::string_view name, const json::value& value) {
    if (const auto* const array = value.if_array())
      return std::all_of(array->begin(), array->end(),
                         [&](const json::value& element) { return add_one(name, element); });
    return add_one(name, value);
  }
  void add_file(std::string_view name, std::string_view file_name, const File& file) {
    begin(name);
    text_ += fmt::format("; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                         disposition_text(file_name), file.type);
    text_ += file.bytes;
    text_ += "\r\n";
  }
  BuiltBody end() && {
    text_ += fmt::format("--{}--\r\n", boundary_);
    return {std::move(text_), "multipart/form-data; boundary=" + boundary_};
  }

 private:
  bool add_one(std::string_view name, const json::value& value) {
    std::string text;
    const bool structured = value.is_object() || value.is_array();
    if (structured) {
      if (!append_json(text, value)) return false;
    } else if (auto scalar = scalar_text(value)) {
      text = *std::move(scalar);
    } else {
      return false;
    }
    begin(name);
    text_ += structured ? "\r\nContent-Type: application/json\r\n\r\n" : "\r\n\r\n";
    text_ += text;
    text_ += "\r\n";
    return true;
  }
  void begin(std::string_view name) {
    text_ += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary_,
                         disposition_text(name));
  }

  std::string boundary_, text_;
};

Result<BuiltBody, CallError> multipart_form(const Body& body, json::object object) {
  if (object.empty()) return BuiltBody{};
  auto file = take_file(body, object);
  if (!file) return std::move(file).error();
  FormData form;
  for (const auto& [name, value] : object)
    if (!form.add(view(name), value))
      return invalid_parameter(view(name), "holds a number that cannot be sent");
  if (*file) {
    const json::string* const name = find_string(object, "file_name");
    form.add_file(body.file_param, name != nullptr ? fairlead::view(*name) : "file", **file);
  }
  return std::move(form).end();
}

// GraphQL.

constexpr std::string_view fields_hole = "{{ fields }}";
constexpr std::size_t most_filled = 4u << 20;  // bytes of a query or of one variable

CallError too_large(std::string_view name) {
  return invalid_parameter(name, fmt::format("makes more than {} bytes of text", most_filled));
}

struct Hole {
  std::size_t begin = 0, end = 0;
  std::string_view name;
};

/// The next {{ word }} from `from` on.
std::optional<Hole> next_hole(std::string_view text, std::size_t from) {
  while (true) {
    const auto begin = text.find("{{", from);
    if (begin == std::string_view::npos) return std::nullopt;
    const auto end = text.find("}}", begin);
    if (end == std::string_view::npos) return std::nullopt;
    const auto name = trimmed(text.substr(begin + 2, end - begin - 2));
    const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    if (word) return Hole{begin, end + 2, name};
    from = begin + 1;
  }
}

bool is_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

/// "a.b.c" -> "a { b { c } }"; nullopt when it is not names joined by dots.
std::optional<std::string> selection_of(std::string_view dotted) {
  const auto dot = dotted.find('.');
  const auto name = dotted.substr(0, dot);
  if (!is_name(name)) return std::nullopt;
  if (dot == std::string_view::npos) return std::string(name);
  const auto rest = selection_of(dotted.substr(dot + 1));
  if (!rest) return std::nullopt;
  return fmt::format("{} {{ {} }}", name, *rest);
}

std::optional<std::string> selection_of(const json::array& names) {
  std::string out;
  for (const json::value& item : names) {
    const auto* const name = item.if_string();
    const auto one = name == nullptr ? std::nullopt : selection_of(fairlead::view(*name));
    if (!one) return std::nullopt;
    if (!out.empty()) out += ' ';
    out += *one;
  }
  return out;
}

Result<std::string, CallError> graphql_query(const GraphQl& graphql, const json::object& params) {
  if (graphql.query.find(fields_hole) == std::string::npos) return graphql.query;
  std::optional<std::string> selection;
  const json::value* const asked = params.if_contains("fields");
  if (asked != nullptr && is_truthy(*asked)) {
    if (const auto* const names = asked->if_array()) selection = selection_of(*names);
    if (!selection)
      return invalid_parameter("fields",
                               "must be a list of field names such as ['id', "
                               "'author.login']");
  } else if (graphql.default_fields) {
    if (const auto* const names = graphql.default_fields->if_array())
      selection = selection_of(*names);
    else
      selection = message_text(*graphql.default_fields);
  }
  if (!selection) return graphql.query;
  std::string query;
  std::size_t from = 0;
  for (auto at = graphql.query.find(fields_hole); at != std::string::npos;
       at = graphql.query.find(fields_hole, from)) {
    query.append(graphql.query, from, at - from);
    query += *selection;
    from = at + fields_hole.size();
    if (query.size() > most_filled) return too_large("fields");
  }
  return query.append(graphql.query, from);
}

/// Fills the holes of a variables template. One pass over the template; values are never looked
/// into.
class Variables {
 public:
  Variables(const Operation& operation, const json::object& params)
      : operation_(operation), params_(params) {}

  Result<json::value, CallError> fill(const json::value& part) const {
    if (const auto* const object = part.if_object()) {
      json::object out;
      for (const auto& [name, member] : *object) {
        auto value = fill(member);
        if (!value) return std::move(value).error();
        out[name] = *std::move(value);
      }
      return json::value(std::move(out));
    }
    if (const auto* const array = part.if_array()) {
      json::array out;
      for (const auto& element : *array) {
        auto value = fill(element);
        if (!value) return std::move(value).error();
        out.push_back(*std::move(value));
      }
      return json::value(std::move(out));
    }
    if (const auto* const text = part.if_string()) return fill_text(fairlead::view(*text));
    return part;
  }

  /// The template is one hole, and the caller gave null for it on purpose.
  bool is_explicit_null(const json::value& part) const {
    const auto* const text = part.if_string();
    if (text == nullptr) return false;
    const auto hole = whole_hole(fairlead::view(*text));
    const json::value* const given = hole ? params_.if_contains(key_of(hole->name)) : nullptr;
    return given != nullptr && given->is_null();
  }

 private:
  static std::optional<Hole> whole_hole(std::string_view text) {
    const auto hole = next_hole(text, 0);
    return hole && hole->begin == 0 && hole->end == text.size() ? hole : std::nullopt;
  }

  Result<json::value, CallError> fill_text(std::string_view text) const {
    if (const auto hole = whole_hole(text)) {
      if (const json::value* const given = params_.if_contains(key_of(hole->name))) return *given;
      const json::value* const value = default_of(hole->name);
      return value != nullptr ? *value : json::value();
    }
    std::string out;
    std::size_t from = 0;
    for (auto hole = next_hole(text, 0); hole; hole = next_hole(text, from)) {
      const json::value* const value = text_value(hole->name);
      if (value == nullptr) return json::value();  // nothing to put there: no variable
      const auto filled = scalar_text(*value);
      if (!filled)
        return invalid_parameter(hole->name, "must be text or a number; it stands inside a text");
      out += text.substr(from, hole->begin - from);
      out += *filled;
      from = hole->end;
      if (out.size() > most_filled) return too_large(hole->name);
    }
    out += text.substr(from);
    return json::value(key_of(out));
  }

  const json::value* text_value(std::string_view name) const {
    const json::value* const given = params_.if_contains(key_of(name));
    return given != nullptr && !given->is_null() ? given : default_of(name);
  }

  const json::value* default_of(std::string_view name) const {
    for (const Parameter& parameter : operation_.parameters)
      if (parameter.in == Location::query && parameter.name == name && parameter.default_value)
        return &*parameter.default_value;
    return nullptr;
  }

  const Operation& operation_;
  const json::object& params_;
};

bool is_nullable(const GraphQl& graphql, std::string_view variable) {
  const auto& names = graphql.nullable_variables;
  return std::find(names.begin(), names.end(), variable) != names.end();
}

Result<BuiltBody, CallError> graphql_body(const Operation& operation, const json::object& params) {
  const GraphQl& graphql = operation.body.graphql;
  json::object body;
  auto query = graphql_query(graphql, params);
  if (!query) return std::move(query).error();
  body["query"] = *query;
  if (graphql.has_variables) {
    const Variables variables(operation, params);
    json::object filled;
    for (const auto& [name, part] : graphql.variables) {
      auto value = variables.fill(part);
      if (!value) return std::move(value).error();
      if (value->is_null() &&
          !(is_nullable(graphql, view(name)) && variables.is_explicit_null(part)))
        continue;
      filled[name] = *std::move(value);
    }
    body["variables"] = std::move(filled);
  }
  if (graphql.operation_name) body["operationName"] = *graphql.operation_name;
  auto text = json_text(body, JsonForm::compact);
  if (!text) return std::move(text).error();
  return BuiltBody{*std::move(text), "application/json"};
}

void collect_holes(const json::value& part, std::vector<std::string>& names) {
  if (const auto* const object = part.if_object()) {
    for (const auto& member : *object) collect_holes(member.value(), names);
  } else if (const auto* const array = part.if_array()) {
    for (const auto& element : *array) collect_holes(element, names);
  } else if (const auto* const text = part.if_string()) {
    const auto source = fairlead::view(*text);
    for (auto hole = next_hole(source, 0); hole; hole = next_hole(source, hole->end))
      names.emplace_back(hole->name);
  }
}

}  // namespace

Result<BuiltBody, CallError> build_body(const Operation& operation, const json::object& params) {
  const Body& body = operation.body;
  switch (body.kind) {
    case Body::Kind::none:
      return BuiltBody{};
    case Body::Kind::json:
      return json_body(body, body_object(body, params));
    case Body::Kind::form:
      return form_body(body, body_object(body, params));
    case Body::Kind::multipart_form:
      return multipart_form(body, body_object(body, params));
    case Body::Kind::multipart_related:
      return multipart_related(body, body_object(body, params));
    case Body::Kind::graphql:
      return graphql_body(operation, params);
  }
  return BuiltBody{};
}

std::vector<std::string> template_names(const GraphQl& graphql) {
  std::vector<std::string> names;
  if (graphql.query.find(fields_hole) != std::string::npos) names.emplace_back("fields");
  collect_holes(graphql.variables, names);
  return names;
}

}  // namespace fairlead::connector
