// The catalogue of services.
#include "api/exchange.hpp"
#include "api/views.hpp"
#include "base/encoding.hpp"

#include <algorithm>

namespace fairlead::api {
namespace {

json::object to_json(const Exchange& exchange, const platform::ServiceSummary& service) {
  return {{"name", service.name},
          {"sourceDefinitionId", service.id},
          {"destinationDefinitionId", nullptr},
          {"dockerRepository", nullptr},
          {"iconUrl", icon_address(exchange, service.slug)},
          {"custom", false},
          {"supportLevel", "certified"},
          {"slug", service.slug},
          {"version", service.version},
          {"description", service.description}};
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

Error no_such_definition() { return not_found("there is no such definition"); }

/// The slug after which a page begins; the catalogue is in their order.
Result<std::string> place_of_page(const QueryReader& given) {
  const auto cursor = given.text("cursor");
  if (!cursor) return std::string();
  auto slug = from_base64url(*cursor);
  const auto in_slug = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (slug && !slug->empty() && std::all_of(slug->begin(), slug->end(), in_slug))
    return *std::move(slug);
  Error error =
      invalid_field("cursor", "this cursor was not given out for this listing", "invalid_cursor");
  error.code = "invalid_cursor";
  return error;
}

}  // namespace

json::value icon_address(const Exchange& exchange, std::string_view slug) {
  if (exchange.parts.platform.catalogue().icon(slug).empty()) return nullptr;
  return json::string(exchange.parts.options.public_url +
                      "/api/v1/integrations/definitions/sources/" + std::string(slug) + "/icon");
}

Task<Answer> list_definitions(Exchange& exchange) {
  QueryReader given(exchange.query);
  const std::string part = given.text("name").value_or("");
  const auto limit = given.number("limit", 1, 100);
  const auto begin = place_of_page(given);
  if (!begin) co_return begin.error();
  if (!given.problems().empty()) co_return given.problems().error();
  json::array definitions;
  json::value next = nullptr;
  std::string last;
  for (const auto& service : exchange.parts.platform.catalogue().list(part)) {
    if (service.slug <= *begin) continue;
    if (limit && definitions.size() == *limit) {
      next = json::string(next_address("/api/v1/integrations/definitions/sources", exchange.query,
                                       to_base64url(last)));
      break;
    }
    definitions.push_back(to_json(exchange, service));
    last = service.slug;
  }
  co_return json_response(
      json::object{{"definitions", std::move(definitions)}, {"next", std::move(next)}});
}

Task<Answer> get_definition(Exchange& exchange) {
  auto found = exchange.parts.platform.catalogue().find(exchange.path_values.at(0));
  if (!found) co_return no_such_definition();
  json::object definition = to_json(exchange, found->summary);
  definition["spec"] = std::move(found->spec);
  co_return json_response(json::object{
      {"id", found->summary.id},
      {"definition", std::move(definition)},
      {"example_questions", json::object{{"direct", to_json(found->direct_questions)},
                                         {"search", to_json(found->search_questions)}}}});
}

Task<Answer> get_definition_icon(Exchange& exchange) {
  const auto& catalogue = exchange.parts.platform.catalogue();
  const std::string_view icon = catalogue.icon(exchange.path_values.at(0));
  if (icon.empty()) co_return no_such_definition();
  net::Response response;
  response.headers.add("Content-Type", "image/svg+xml");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  response.headers.add("Cache-Control", "public, max-age=3600");
  response.body = icon;
  co_return response;
}

Task<Answer> list_destinations(Exchange&) {
  co_return json_response(json::object{{"destinations", json::array()}});
}

// Where PyAirbyte looks for warehouses beside connectors.
Task<Answer> list_replicas(Exchange&) {
  co_return json_response(json::object{{"data", json::array()}, {"next", ""}, {"previous", ""}});
}

Task<Answer> get_destination(Exchange&) { co_return no_such_definition(); }

}  // namespace fairlead::api
