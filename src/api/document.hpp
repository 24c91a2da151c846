// The contract, made from openapi/fairlead.yaml when this binary was built.
#pragma once

#include <string_view>

namespace fairlead::api {

/// OpenAPI 3.1 as JSON.
std::string_view openapi_document();
/// The same for people, as one page of HTML without scripts.
std::string_view api_page();

}  // namespace fairlead::api
