// The body of a request: JSON, form, multipart, GraphQL. Sections 6.8 to 6.10 of the format.
#pragma once

#include "connector/call.hpp"

#include <optional>
#include <string>

namespace fairlead::connector {

struct BuiltBody {
  std::optional<std::string> text;
  std::string content_type;  ///< empty: none is sent
};

/// `params` are the caller's, scoping applied.
Result<BuiltBody, CallError> build_body(const Operation& operation, const json::object& params);

/// The names that the body's template reads: GraphQL holes, `fields`.
std::vector<std::string> template_names(const GraphQl& graphql);

}  // namespace fairlead::connector
