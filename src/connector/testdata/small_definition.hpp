// Definitions for tests, written out of the parts that a test cares about.
#pragma once

#include "connector/definition.hpp"
#include "support/source_text.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>

namespace fairlead::connector {

struct SmallDefinition {
  std::string method = "get", path = "/things", action = "list";
  std::string operation = {};  ///< further YAML lines of the operation
  std::string info = {};       ///< of info
  std::string server = "url: https://api.acme.example/v1";
  std::string components = {};
};

inline std::string indented(const std::string& text, int by) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);)
    out += std::string(static_cast<std::size_t>(by), ' ') + line + "\n";
  return out;
}

inline std::string source_of(const SmallDefinition& parts) {
  std::string server = indented(parts.server, 4);
  server[2] = '-';
  return "openapi: 3.1.0\ninfo:\n  title: Small\n  version: 1.0.0\n"
         "  x-airbyte-connector-name: small\n"
         "  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04\n"
         "  x-airbyte-external-documentation-urls: []\n" +
         indented(parts.info, 2) + "servers:\n" + server + "paths:\n  \"" + parts.path +
         "\":\n    " + parts.method +
         ":\n      x-airbyte-entity: things\n      x-airbyte-action: " + parts.action +
         "\n      responses: {\"200\": {description: ok}}\n" + indented(parts.operation, 6) +
         (parts.components.empty() ? "" : "components:\n" + indented(parts.components, 2));
}

inline std::shared_ptr<const Definition> load_source(const std::string& source) {
  auto loaded = load_definition(source, "small");
  if (loaded) return *loaded;
  ADD_FAILURE() << loaded.error().message << "\n" << source;
  return nullptr;
}

inline std::shared_ptr<const Definition> load_small(const SmallDefinition& parts) {
  return load_source(source_of(parts));
}

inline std::shared_ptr<const Definition> load_acme() {
  return load_source(fairlead::testing::source_text("src/connector/testdata/acme-tickets.yaml"));
}

inline json::object object_of(std::string_view text) {
  return json::parse(json::string_view(text.data(), text.size())).as_object();
}

}  // namespace fairlead::connector
