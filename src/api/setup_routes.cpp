// The two ceremonies for which nobody has a token yet: the first start, and the way back of a lost
// admin. The router serves them only while they are open.
#include "api/document.hpp"
#include "api/exchange.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"

namespace fairlead::api {
namespace {

/// The hash by which a policy allows one inline text.
std::string allowed_text(std::string_view text) {
  return "'sha256-" + to_base64(bytes_of(sha256(text))) + "'";
}

std::string page_policy() {
  return "default-src 'none'; script-src " + allowed_text(setup_page_script()) + "; style-src " +
         allowed_text(setup_page_style()) +
         "; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
         "require-trusted-types-for 'script'";
}

/// Another site cannot know the code, but could use up its tries.
std::optional<Error> refusal_of_other_sites(const Exchange& exchange) {
  const std::string* site = exchange.request.headers.find("Sec-Fetch-Site");
  if (!site || *site == "same-origin" || *site == "none") return std::nullopt;
  return Error{ErrorKind::forbidden, "this can be sent from the page of this server only"};
}

/// Shown once, to who has the code.
json::object to_json(const access::InitResult& made) {
  return {{"organization_id", made.organization_id.str()},
          {"client_id", made.client_id.str()},
          {"client_secret", made.client_secret.reveal()}};
}

}  // namespace

Task<Answer> get_setup_page(Exchange&) {
  static const std::string policy = page_policy();
  net::Response response;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy", policy);
  response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  response.body = setup_page();
  co_return response;
}

Task<Answer> claim_installation(Exchange& exchange) {
  if (auto refused = refusal_of_other_sites(exchange)) co_return *std::move(refused);
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  Secret code = body.secret("code");
  access::InitCommand command{.admin_email = body.text("admin_email"),
                              .admin_password = body.secret("admin_password"),
                              .organization_name = body.text("organization_name")};
  if (!body.problems().empty()) co_return body.problems().error();
  auto made = co_await exchange.parts.access.setup().claim(std::move(code), std::move(command),
                                                           exchange.request.peer);
  if (made) co_return json_response(to_json(*made));
  if (made.error().code == "already_initialized") co_return no_such_address();
  co_return std::move(made).error();
}

Task<Answer> recover_admin(Exchange& exchange) {
  if (auto refused = refusal_of_other_sites(exchange)) co_return *std::move(refused);
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  Secret code = body.secret("code");
  Secret password = body.secret("admin_password");
  if (!body.problems().empty()) co_return body.problems().error();
  auto recovered = co_await exchange.parts.access.setup().recover(
      std::move(code), std::move(password), exchange.request.peer);
  if (!recovered) co_return std::move(recovered).error();
  log::warning("admin.recovered", {{"request", exchange.request_id},
                                   {"address", exchange.request.peer},
                                   {"organization", recovered->client.organization_id.str()},
                                   {"admin", recovered->admin_email},
                                   {"client", recovered->client.client_id.str()}});
  json::object answer = to_json(recovered->client);
  answer["admin_email"] = recovered->admin_email;
  co_return json_response(answer);
}

}  // namespace fairlead::api
