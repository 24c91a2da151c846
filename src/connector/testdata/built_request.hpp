// What the tests of building requests share: requests of definitions, at a time that stands still.
#pragma once

#include "connector/request_builder.hpp"
#include "connector/testdata/small_definition.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::connector {

inline const Instant now = Instant(std::chrono::seconds(1'770'000'000));  // 2026-02-02T02:40:00Z

inline Result<RequestDraft, CallError> build(const Definition& definition, std::string_view entity,
                                             std::string_view action, json::object params,
                                             std::string_view config = "{}") {
  const auto operation = definition.find(entity, action);
  if (!operation) return CallError{CallErrorKind::entity_not_found, operation.error().message};
  return build_request(definition, **operation, std::move(params), object_of(config), {}, now);
}

inline Result<RequestDraft, CallError> build(const SmallDefinition& parts, std::string_view params,
                                             std::string_view config = "{}") {
  const auto definition = load_small(parts);
  return build(*definition, "things", parts.action, object_of(params), config);
}

inline std::string problem(const Result<RequestDraft, CallError>& draft) {
  if (draft) return "none: " + draft->url() + " " + draft->body.value_or("");
  return std::string(name_of(draft.error().kind)) + " " + draft.error().parameter;
}

inline std::string header(const RequestDraft& draft, std::string_view name) {
  const std::string* const value = draft.headers.find(name);
  return value != nullptr ? *value : "(none)";
}

/// Parameters, and what comes of them.
struct TextCase {
  const char *given, *expected;
};

}  // namespace fairlead::connector
