// Texts that are made when this binary is built: the contract, from openapi/fairlead.yaml, and
// pages.
#pragma once

#include <string_view>

namespace fairlead::api {

/// OpenAPI 3.1 as JSON.
std::string_view openapi_document();
/// The same for people, as one page of HTML without scripts.
std::string_view api_page();

/// The page of the ceremonies of setup_routes.cpp, one text from src/api/setup_page/; and its style
/// and script alone, which the page's policy names by their hashes.
std::string_view setup_page();
std::string_view setup_page_style();
std::string_view setup_page_script();

}  // namespace fairlead::api
