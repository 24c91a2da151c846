// Health, metrics, keys and the contract itself.
#include "api/document.hpp"
#include "api/exchange.hpp"

namespace fairlead::api {
namespace {

constexpr std::chrono::seconds readiness_limit{5};

bool is_on_this_machine(std::string_view peer) {
  return peer == "::1" || peer.starts_with("127.") || peer.starts_with("::ffff:127.");
}

net::Response text_response(std::string body, std::string type) {
  net::Response response;
  response.headers.add("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

}  // namespace

Task<Answer> is_alive(Exchange&) { co_return json_response(json::object{{"status", "ok"}}); }

Task<Answer> is_ready(Exchange& exchange) {
  Parts& parts = exchange.parts;
  const bool ready =
      !parts.draining && co_await parts.readiness.ask(parts.platform, readiness_limit);
  if (!ready) co_return Error{ErrorKind::unavailable, "this server cannot serve now"};
  co_return json_response(json::object{{"status", "ok"}});
}

Task<Answer> get_metrics(Exchange& exchange) {
  const net::Headers& headers = exchange.request.headers;
  const bool through_proxy = headers.find("X-Forwarded-For") || headers.find("Forwarded");
  if (!exchange.parts.options.open_metrics &&
      (through_proxy || !is_on_this_machine(exchange.request.peer)))
    co_return no_such_address();
  co_return text_response(exchange.parts.metrics.text(exchange.parts.platform),
                          "text/plain; version=0.0.4; charset=utf-8");
}

Task<Answer> get_signing_keys(Exchange& exchange) {
  net::Response response = json_response(exchange.parts.access.jwks());
  response.headers.add("Cache-Control", "public, max-age=300");
  co_return response;
}

Task<Answer> get_document(Exchange&) { co_return json_response(std::string(openapi_document())); }

Task<Answer> get_page(Exchange&) {
  net::Response response = text_response(std::string(api_page()), "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'");
  co_return response;
}

}  // namespace fairlead::api
