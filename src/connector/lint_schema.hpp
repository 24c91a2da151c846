// The schemas of what goes to a model, held against what the vendors of models accept.
#pragma once

#include "connector/field_reader.hpp"
#include "connector/finding.hpp"

#include <map>
#include <set>
#include <string>

namespace fairlead::connector {

/// Sources: the vendors' pages on function calling and structured output as of 2026, and the
/// answers of their services. The strictest of OpenAI (strict), Anthropic and Gemini counts.
class SchemaLinter {
 public:
  SchemaLinter(const Place& root, std::vector<Finding>& findings);

  /// The schema of a parameter or of a body's field. A shared schema is looked at once.
  void check(const Place& schema);
  /// The schema of a body: an object whose properties become parameters.
  void check_body(const Place& schema);

  /// The place that a `$ref` means, when it means a component schema.
  std::optional<Place> target(const Place& schema) const;

 private:
  void check_node(const Place& schema);
  void check_type(const Place& schema);
  void check_values(const Place& schema);
  void check_keywords(const Place& schema);
  void check_object(const Place& schema);
  void check_properties(const Place& properties);
  void check_description(const Place& schema);
  int levels(const Place& schema, std::size_t depth = 0);
  void note(const Place& place, const char* code, std::string message, std::string advice);

  std::optional<Place> components_, schemas_;
  const Place root_;
  std::vector<Finding>& findings_;
  std::set<const YamlNode*> seen_, open_;
  std::map<const YamlNode*, int> levels_;
};

/// A name of a parameter that every vendor takes.
bool is_parameter_name(std::string_view name);
/// Whether a description says nothing but the name.
bool repeats_name(std::string_view description, std::string_view name);

}  // namespace fairlead::connector
