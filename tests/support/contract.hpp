// Holds answers to openapi/fairlead.yaml: the status is documented, the content type too, and the
// body fits the schema. Knows the part of JSON Schema that the document uses.
#pragma once

#include "api/document.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "net/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::testing {

class Contract {
 public:
  Contract()
      : document_(json::parse({api::openapi_document().data(), api::openapi_document().size()})) {}

  const json::object& document() const { return document_.as_object(); }

  /// What is wrong with an answer; empty when it is as documented.
  std::string problem(std::string_view method, std::string_view target,
                      const net::Response& response, const std::string& body) const {
    const json::object* operation = find_operation(method, target.substr(0, target.find('?')));
    if (!operation) return "";  // the router answers 404 or 405, or that it is not offered
    const json::object& answers = operation->at("responses").as_object();
    const json::value* answer = answers.if_contains(std::to_string(response.status));
    if (!answer) return "status " + std::to_string(response.status) + " is not documented";
    const json::object& documented = resolve(*answer).as_object();
    const std::string* type = response.headers.find("Content-Type");
    if (!type) return "no Content-Type";
    const std::string media = type->substr(0, type->find(';'));
    const json::object& content = documented.at("content").as_object();
    const json::value* found = content.if_contains(media);
    if (!found) found = content.if_contains("*/*");
    if (!found) return "content type " + media + " is not documented";
    if (media != "application/json") return "";
    json::error_code code;
    const json::value value = json::parse(body, code);
    if (code) return "the body is no JSON";
    return mismatch(found->at("schema"), value, "$");
  }

 private:
  const json::value& resolve(const json::value& node) const {
    if (!node.is_object()) return node;
    const json::value* reference = node.get_object().if_contains("$ref");
    if (!reference) return node;
    const std::string pointer(view(reference->as_string()).substr(1));
    return resolve(document_.at_pointer(pointer));
  }

  const json::object* find_operation(std::string_view method, std::string_view path) const {
    std::string word(method);
    for (char& c : word) c = static_cast<char>(std::tolower(c));
    const json::object* with_holes = nullptr;
    for (const auto& item : document().at("paths").as_object()) {
      const std::string_view pattern(item.key().data(), item.key().size());
      const json::value* operation = item.value().as_object().if_contains(word);
      if (!operation || !matches(pattern, path)) continue;
      if (pattern.find('{') == std::string_view::npos) return &operation->as_object();
      with_holes = &operation->as_object();
    }
    return with_holes;
  }

  static bool matches(std::string_view pattern, std::string_view path) {
    for (;;) {
      const std::string_view a = pattern.substr(0, pattern.find('/'));
      const std::string_view b = path.substr(0, path.find('/'));
      if (a.starts_with('{') ? b.empty() : a != b) return false;
      const bool last = a.size() == pattern.size();
      if (last || b.size() == path.size()) return last && b.size() == path.size();
      pattern.remove_prefix(a.size() + 1);
      path.remove_prefix(b.size() + 1);
    }
  }

  static bool is_of_type(std::string_view type, const json::value& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    return value.is_number();
  }

  std::string mismatch(const json::value& given_schema, const json::value& value,
                       const std::string& path) const {
    const json::object& schema = resolve(given_schema).as_object();
    if (const json::value* all = schema.if_contains("allOf"))
      for (const json::value& one : all->as_array())
        if (std::string why = mismatch(one, value, path); !why.empty()) return why;
    if (const json::value* any = schema.if_contains("oneOf")) {
      std::string reasons;
      for (const json::value& one : any->as_array()) {
        const std::string why = mismatch(one, value, path);
        if (why.empty()) return "";
        reasons += why + "; ";
      }
      return reasons;
    }
    if (const json::value* constant = schema.if_contains("const"); constant && *constant != value)
      return path + " is not " + json::serialize(*constant);
    if (const json::value* allowed = schema.if_contains("enum")) {
      bool found = false;
      for (const json::value& one : allowed->as_array()) found = found || one == value;
      if (!found) return path + " is not allowed: " + json::serialize(value);
    }
    if (const json::value* type = schema.if_contains("type")) {
      bool fits = false;
      if (type->is_string()) fits = is_of_type(view(type->get_string()), value);
      if (type->is_array())
        for (const json::value& one : type->get_array())
          fits = fits || is_of_type(view(one.as_string()), value);
      if (!fits) return path + " has the wrong type: " + json::serialize(value).substr(0, 200);
    }
    if (const json::value* format = schema.if_contains("format"); format && value.is_string()) {
      const std::string_view text = view(value.get_string());
      if (*format == "uuid" && canonical_uuid(text) != text) return path + " is no UUID";
      if (*format == "date-time" && (!parse_rfc3339(text) || !text.ends_with('Z')))
        return path + " is no time";
    }
    if (value.is_object()) return object_mismatch(schema, value.get_object(), path);
    if (value.is_array()) {
      if (const json::value* least = schema.if_contains("minItems");
          least && value.get_array().size() < static_cast<std::size_t>(least->as_int64()))
        return path + " is too short";
      if (const json::value* items = schema.if_contains("items"))
        for (std::size_t i = 0; i < value.get_array().size(); ++i)
          if (std::string why =
                  mismatch(*items, value.get_array()[i], path + '[' + std::to_string(i) + ']');
              !why.empty())
            return why;
    }
    return "";
  }

  std::string object_mismatch(const json::object& schema, const json::object& value,
                              const std::string& path) const {
    if (const json::value* required = schema.if_contains("required"))
      for (const json::value& name : required->as_array())
        if (!value.contains(name.as_string()))
          return path + " lacks " + std::string(view(name.as_string()));
    const json::value* properties = schema.if_contains("properties");
    for (const auto& member : value) {
      const json::value* known =
          properties ? properties->as_object().if_contains(member.key()) : nullptr;
      const json::value* other = schema.if_contains("additionalProperties");
      const json::value* rule = known ? known : other && other->is_object() ? other : nullptr;
      if (!rule) continue;
      const std::string name(member.key().data(), member.key().size());
      if (std::string why = mismatch(*rule, member.value(), path + '.' + name); !why.empty())
        return why;
    }
    return "";
  }

  const json::value document_;
};

}  // namespace fairlead::testing
