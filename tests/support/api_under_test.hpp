// The whole REST interface for tests. Every answer is held to the contract, and no answer may hold
// a secret.
#pragma once

#include "api/api.hpp"
#include "support/contract.hpp"
#include "support/platform_under_test.hpp"

#include <gtest/gtest.h>

namespace fairlead::testing {

struct Reply {
  int status = 0;
  net::Headers headers;
  std::string text;
  json::value body;  ///< null when the text is no JSON

  const json::value& at(const std::string& pointer) const { return body.at_pointer(pointer); }
  std::string string(const std::string& pointer) const {
    return std::string(view(at(pointer).as_string()));
  }
  /// Of the first entry of `errors`.
  std::string error_code() const { return string("/errors/0/error_code"); }
  std::string error_field() const {
    const json::value& field = at("/errors/0/field");
    return field.is_null() ? "" : std::string(view(field.as_string()));
  }
  std::string message() const { return string("/message"); }
};

class ApiUnderTest : public PlatformUnderTest {
 public:
  explicit ApiUnderTest(platform::PlatformOptions options = {}, api::Options api_options = {})
      : PlatformUnderTest(options) {
    api_options.public_url = public_url;
    api = std::make_unique<api::Api>(*platform, *access, std::move(api_options));
    secrets = {good_key, first.client_secret, second.client_secret};
  }

  /// Sends a request as the loop of the server would; `body` empty: none.
  Reply send(net::Request request) {
    const std::string method = request.method, target = request.target;
    if (request.peer.empty()) request.peer = "203.0.113.7";
    net::Response response = run(api->handle(std::move(request)));
    Reply reply{.status = response.status,
                .headers = response.headers,
                .text = response.body,
                .body = nullptr};
    if (response.stream) reply.text = run(read_all(response.stream));
    const std::string problem = contract().problem(method, target, response, reply.text);
    EXPECT_EQ(problem, "") << method << ' ' << target << " answered " << reply.text.substr(0, 500);
    for (const std::string& secret : secrets)
      EXPECT_EQ(reply.text.find(secret), std::string::npos)
          << method << ' ' << target << " shows a secret";
    EXPECT_NE(reply.headers.find("X-Request-Id"), nullptr);
    json::error_code code;
    json::value parsed = json::parse(reply.text, code);
    if (!code) reply.body = std::move(parsed);
    if (reply.status >= 400) check_error(reply);
    return reply;
  }

  Reply call(std::string method, std::string target, const std::string& token,
             std::optional<json::value> body = {}, net::Headers headers = {}) {
    net::Request request{.method = std::move(method),
                         .target = std::move(target),
                         .headers = std::move(headers),
                         .body = {},
                         .peer = {}};
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    if (body) {
      request.headers.add("Content-Type", "application/json");
      request.body = json::serialize(*body);
    }
    return send(std::move(request));
  }

  std::string application_token(const Tenant& tenant) {
    const Reply reply = call(
        "POST", "/api/v1/account/applications/token", "",
        json::object{{"client_id", tenant.client.str()}, {"client_secret", tenant.client_secret}});
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.string("/access_token");
  }
  std::string scoped_token(const Tenant& tenant, const std::string& workspace) {
    const Reply reply =
        call("POST", "/api/v1/account/applications/scoped-token", application_token(tenant),
             json::object{{"workspace_name", workspace}});
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.string("/token");
  }
  std::string widget_token(const Tenant& tenant, const std::string& workspace) {
    const Reply reply = call(
        "POST", "/api/v1/account/applications/widget-token", application_token(tenant),
        json::object{{"workspace_name", workspace}, {"allowed_origin", "https://app.example.com"}});
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.string("/token");
  }
  /// A connector of the test service with a good key; its id.
  std::string add_connector(const std::string& token, const std::string& workspace = "acme") {
    const Reply reply = call("POST", "/api/v1/integrations/connectors", token,
                             json::object{{"workspace_name", workspace},
                                          {"connector_type", "Test Harbor"},
                                          {"credentials", json::object{{"api_key", good_key}}}});
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.string("/id");
  }
  Reply execute(const std::string& token, const std::string& connector, json::value command,
                net::Headers headers = {}) {
    return call("POST", "/api/v1/integrations/connectors/" + connector + "/execute", token,
                std::move(command), std::move(headers));
  }

  static const Contract& contract() {
    static const Contract loaded;
    return loaded;
  }

  std::unique_ptr<api::Api> api;
  /// Texts that no answer may hold.
  std::vector<std::string> secrets;

 private:
  static Task<std::string> read_all(net::BodyStream stream) {
    std::string text;
    for (;;) {
      const std::string piece = co_await stream();
      if (piece.empty()) co_return text;
      text += piece;
    }
  }

  static void check_error(const Reply& reply) {
    ASSERT_TRUE(reply.body.is_object()) << reply.text;
    EXPECT_FALSE(reply.message().empty());
    for (const json::value& entry : reply.at("/errors").as_array())
      EXPECT_FALSE(entry.at("message").as_string().empty()) << reply.text;
  }
};

}  // namespace fairlead::testing
