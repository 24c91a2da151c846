// Addresses: settings and token answers in the URL of the service.
#include "connector/testdata/built_request.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

// Section 5 and F5: addresses.

std::string base_url(const std::string& server, std::string_view config) {
  const auto definition = load_small({.server = server});
  auto url = render_base_url(*definition, object_of(config), {});
  return url ? *url : std::string(name_of(url.error().kind)) + " " + url.error().parameter;
}

TEST(BaseUrl, SettingsFillTheirPlace) {
  struct Case {
    const char *server, *config, *url;
  };
  const char* const label = "url: https://{s}.acme.example/v1/";
  const char* const host = "url: https://{h}/api/v4";
  const char* const whole = "url: \"{u}/services\"";
  const char* const ending = "url: https://www.zoho.{tld}/crm";
  const char* const path = "url: https://acme.example/x/{p}/v1";
  const char* const inner = "url: https://api-{r}.acme.example";
  const Case cases[] = {
      {label, R"({"s":"my-team"})", "https://my-team.acme.example/v1"},
      {label, R"({"s":"xy1.us-east-2"})", "https://xy1.us-east-2.acme.example/v1"},
      {label, R"({"s":12})", "https://12.acme.example/v1"},
      {label, R"({"s":"evil.test/"})", "invalid_parameter s"},
      {label, R"({"s":"evil.test?"})", "invalid_parameter s"},
      {label, R"({"s":"evil.test#"})", "invalid_parameter s"},
      {label, R"({"s":"user@evil"})", "invalid_parameter s"},
      {label, R"({"s":"evil:80"})", "invalid_parameter s"},
      {label, R"({"s":"a..b"})", "invalid_parameter s"},
      {label, R"({"s":"-a"})", "invalid_parameter s"},
      {label, R"({"s":"a b"})", "invalid_parameter s"},
      {label, R"({"s":"ü"})", "invalid_parameter s"},
      {label, R"({"s":"a%2fb"})", "invalid_parameter s"},
      {label, R"({"s":"a\nb"})", "invalid_parameter s"},
      {label, R"({"s":""})", "invalid_parameter s"},
      {label, R"({"s":["a"]})", "invalid_parameter s"},
      {label, "{}", "missing_parameter s"},
      {host, R"({"h":"git.acme.example:8443"})", "https://git.acme.example:8443/api/v4"},
      {host, R"({"h":"https://git.acme.example"})", "invalid_parameter h"},
      {host, R"({"h":"git.acme.example/x"})", "invalid_parameter h"},
      {host, R"({"h":"a@b"})", "invalid_parameter h"},
      {host, R"({"h":"a:b"})", "invalid_parameter h"},
      {whole, R"({"u":"https://eu1.acme.example"})", "https://eu1.acme.example/services"},
      {whole, R"({"u":"https://eu1.acme.example/"})", "https://eu1.acme.example/services"},
      {whole, R"({"u":"https://eu1.acme.example/base"})", "https://eu1.acme.example/base/services"},
      {whole, R"({"u":"http://eu1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"http://127.0.0.1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"http://127.0.0.1:8301"})", "http://127.0.0.1:8301/services"},
      {whole, R"({"u":"https://a@eu1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"https://eu1.acme.example/a/../b"})", "invalid_parameter u"},
      {whole, R"({"u":"https://eu1.acme.example?x="})", "invalid_parameter u"},
      {whole, R"({"u":"file:///etc/passwd"})", "invalid_parameter u"},
      {ending, R"({"tld":"eu"})", "https://www.zoho.eu/crm"},
      {ending, R"({"tld":"com.au"})", "https://www.zoho.com.au/crm"},
      {ending, R"({"tld":"evil.com"})", "invalid_parameter tld"},
      {ending, R"({"tld":"evil.au"})", "invalid_parameter tld"},  // somebody's domain
      {path, R"({"p":"a b:c"})", "https://acme.example/x/a%20b:c/v1"},
      {path, R"({"p":"../y"})", "invalid_parameter p"},
      {path, R"({"p":".."})", "invalid_parameter p"},
      {path, R"({"p":"a?b"})", "invalid_parameter p"},
      {inner, R"({"r":"eu"})", "https://api-eu.acme.example"},
      {inner, R"({"r":"eu.evil"})", "invalid_parameter r"},
  };
  for (const Case& one : cases) {
    std::string server = one.server;
    const auto begin = server.find('{') + 1;
    const std::string name = server.substr(begin, server.find('}') - begin);
    EXPECT_EQ(base_url(server, one.config), one.url) << server << one.config;
  }
}

TEST(BaseUrl, DefaultsAndEnums) {
  const char* const server =
      "url: https://{r}.acme.example\nvariables: {r: {default: na, enum: "
      "[na, eu]}}";
  EXPECT_EQ(base_url(server, "{}"), "https://na.acme.example");
  EXPECT_EQ(base_url(server, R"({"r":"eu"})"), "https://eu.acme.example");
  EXPECT_EQ(base_url(server, R"({"r":"EU"})"), "https://EU.acme.example");  // hosts know no case
  EXPECT_EQ(base_url(server, R"({"r":"xx"})"), "invalid_parameter r");
  EXPECT_EQ(base_url(server, R"({"r":null})"), "https://na.acme.example");
  // A hole as its own default is no default.
  EXPECT_EQ(base_url("url: https://{s}.acme.example\nvariables: {s: {default: \"{s}\"}}", "{}"),
            "missing_parameter s");
}

TEST(BaseUrl, ATokenResponseCompletesIt) {
  const auto definition = load_small(
      {.server = "url: \"{instance_url}/data\"\nvariables: {instance_url: {default: \"\"}}",
       .components =
           "securitySchemes:\n  o:\n    type: oauth2\n    flows: {authorizationCode: "
           "{authorizationUrl: https://a.example/a, tokenUrl: https://a.example/t, refreshUrl: "
           "https://a.example/t, scopes: {}}}\n    x-airbyte-token-extract: [instance_url]"});
  const Operation& operation = **definition->find("things", "list");
  const auto before = build_request(*definition, operation, {}, {}, {}, now);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->base_url, "");
  const auto after = build_request(*definition, operation, {}, {},
                                   {{"instance_url", "https://eu1.acme.example"}}, now);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->url(), "https://eu1.acme.example/data/things");
}

}  // namespace
}  // namespace fairlead::connector
