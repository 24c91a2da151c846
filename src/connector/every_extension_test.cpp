// The rarer forms of the format, each once.
#include "connector/definition.hpp"
#include "support/source_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Definition& definition() {
  static const auto loaded = [] {
    return load_definition(
               fairlead::testing::source_text("src/connector/testdata/every-extension.yaml"),
               "every-extension.yaml")
        .value();
  }();
  return *loaded;
}

const Operation& operation(std::string_view entity, std::string_view action) {
  auto found = definition().find(entity, action);
  if (!found) throw std::runtime_error(found.error().message);
  return **found;
}

template <class T>
std::string text(const std::optional<T>& value) {
  return value ? json::serialize(json::value(*value)) : "none";
}
std::string text(const json::value& value) { return json::serialize(value); }

TEST(EveryExtension, LoadsWithOneWarning) {
  ASSERT_EQ(definition().warnings.size(), 1u);
  EXPECT_THAT(definition().warnings[0],
              HasSubstr("components.securitySchemes.dropped.x-airbyte-auth-config.auth_mapping: "
                        "the scheme is left out: 'key' is no auth parameter"));
}

TEST(EveryExtension, Info) {
  const Definition& d = definition();
  EXPECT_EQ(d.name, "every-extension");
  EXPECT_EQ(d.display_name, "Every Extension Ever");
  EXPECT_EQ(d.id, "0d7f6b6e-7a37-4b5c-8f3c-0b1c2d3e4f50");
  EXPECT_EQ(d.version, "2.0");
  EXPECT_EQ(text(d.example_questions.at("context_store_search")), R"(["Where?"])");
  EXPECT_EQ(text(d.auth_tooltip.at("basic")), R"("Use a password")");
  EXPECT_EQ(text(d.info_extensions.at("x-unknown-of-info")), "[1]");
  EXPECT_EQ(d.retry.max_attempts, 5);
  EXPECT_EQ(d.retry.max_delay_seconds, 30.5);
  EXPECT_THAT(d.retry.statuses, ElementsAre(400, 429));
  EXPECT_FALSE(d.retry.on_timeout);
  EXPECT_FALSE(d.retry.on_network_error);
  EXPECT_EQ(d.retry.retry_after_header, "X-Rate-Reset");
  EXPECT_EQ(d.retry.retry_after_format, RetryPolicy::Format::unix_timestamp);
  EXPECT_FALSE(d.error_check->message_field);
  ASSERT_EQ(d.scoping.size(), 2u);
  EXPECT_EQ(
      d.scoping[0].value->render({{"value", "acme/site"}}, Undefined::is_error, Instant()).value(),
      "acme");
  EXPECT_EQ(d.scoping[1].config_key, "account");
  EXPECT_EQ(d.relationships[0].target_key, "uuid");
  EXPECT_EQ(d.relationships[0].cardinality, "");
}

TEST(EveryExtension, ServerIsTheFirst) {
  EXPECT_EQ(definition().server_template, "https://{region}.{site}.example.com/v1");
  EXPECT_THAT(definition().variables[0].allowed, ElementsAre("eu", "us"));
  EXPECT_THAT(definition().config_names(),
              ElementsAre("region", "site", "repositories", "account"));
}

TEST(EveryExtension, OperationsAreOrderedByMethodInsideAPath) {
  std::vector<std::string> all;
  for (const auto& one : definition().operations)
    all.push_back(one->entity + " " + std::string(name_of(one->action)));
  EXPECT_THAT(all, ElementsAre("things list", "things create", "things update", "things search",
                               "Items get", "Items delete", "events list", "files create",
                               "files search", "files download"));
  EXPECT_FALSE(definition().find("Items", "list")) << "head is not reachable";
}

TEST(EveryExtension, Effects) {
  EXPECT_EQ(operation("things", "update").effect, Effect::idempotent);
  EXPECT_EQ(operation("things", "create").effect, Effect::unsafe);
  EXPECT_EQ(operation("things", "search").effect, Effect::read) << "a PATCH that searches";
  EXPECT_EQ(operation("Items", "delete").effect, Effect::unsafe);
  EXPECT_EQ(operation("events", "list").effect, Effect::read) << "a POST that lists";
}

TEST(EveryExtension, OursOfInfo) {
  const Definition& d = definition();
  ASSERT_TRUE(d.probe);
  EXPECT_EQ(d.probe->entity + " " + d.probe->action, "things list");
  EXPECT_EQ(json::serialize(d.probe->params), R"({"ids":["a"],"since":"2026-01-01"})");
  ASSERT_TRUE(d.rate_limit);
  EXPECT_EQ(d.rate_limit->per_second, 1.5);
  EXPECT_EQ(d.rate_limit->burst, 5);
  EXPECT_EQ(d.rate_limit->concurrent, 3u);
  EXPECT_THAT(operation("files", "download").download_hosts,
              ElementsAre("files.example.com", "*.cdn.example.com"));
}

TEST(EveryExtension, OursOfOperations) {
  EXPECT_EQ(operation("things", "update").idempotency_header, "Idempotency-Key");
  EXPECT_EQ(operation("things", "create").idempotency_header, "X-Request-Key") << "from info";
  EXPECT_EQ(operation("Items", "delete").idempotency_header, "") << "a method that info leaves out";
  EXPECT_EQ(operation("things", "search").idempotency_header, "") << "a PATCH that reads";
  EXPECT_EQ(operation("files", "create").idempotency_header, "") << "false";

  const Operation& list = operation("things", "list");
  EXPECT_EQ(list.paging.style, Paging::Style::address);
  EXPECT_TRUE(list.paging.declared);
  EXPECT_EQ(list.paging.addresses[0].argument, "next");
  EXPECT_THAT(list.paging.next_paths, ElementsAre("/v1/more/"));
  ASSERT_TRUE(list.incremental);
  EXPECT_EQ(list.incremental->parameter, "since");
  EXPECT_EQ(list.incremental->field, "changed") << "the entity's update time";
  EXPECT_EQ(list.incremental->format, Incremental::Format::unix_seconds);
  EXPECT_EQ(list.rate_limit->per_second, 2.5);
  EXPECT_EQ(list.rate_limit->burst, 2);

  const Paging& pages = operation("files", "search").paging;
  EXPECT_EQ(pages.style, Paging::Style::page);
  EXPECT_EQ(pages.cursor_parameter + " " + pages.limit_parameter, "nr size");
  EXPECT_EQ(pages.total->argument, "X-Total");
  EXPECT_EQ(pages.first, 0);
  EXPECT_EQ(pages.page_size, 20);
}

TEST(EveryExtension, OursOfEntitiesAndSchemes) {
  EXPECT_THAT(definition().find_entity("things")->primary_key, ElementsAre("id", "parent.id"));
  EXPECT_EQ(definition().find_entity("things")->update_time, "changed");
  EXPECT_THAT(definition().find_entity("Items")->primary_key, IsEmpty());
  const RefreshPolicy& policy = definition().find_scheme("oauth")->refresh_policy;
  EXPECT_EQ(policy.kind, RefreshPolicy::Kind::grace);
  EXPECT_EQ(policy.grace, std::chrono::seconds(90));
  EXPECT_EQ(definition().find_scheme("bare")->refresh_policy.kind, RefreshPolicy::Kind::strict)
      << "unknown is strict";
}

TEST(EveryExtension, Parameters) {
  const auto& p = operation("things", "list").parameters;
  ASSERT_EQ(p.size(), 6u);
  EXPECT_EQ(p[0].style, Parameter::Style::pipe_delimited);
  EXPECT_EQ(text(p[0].allowed_items), R"(["a","b"])");
  EXPECT_EQ(p[1].style, Parameter::Style::space_delimited);
  EXPECT_FALSE(p[1].is_array) << "only exactly \"array\"";
  EXPECT_THAT(text(p[2].probe_default), HasSubstr("duration('P730D')"));
  EXPECT_FALSE(p[2].default_value) << "null is none";
  EXPECT_EQ(p[3].style, Parameter::Style::other);
  EXPECT_EQ(text(p[3].probe_default), R"("p")");
  EXPECT_FALSE(p[4].inject->mapping);
  EXPECT_EQ(text(p[5].allowed), R"(["a/b"])");
  EXPECT_EQ(operation("things", "search").parameters.size(), 6u) << "through the alias";
}

TEST(EveryExtension, Bodies) {
  const Body& list = operation("things", "update").body;
  EXPECT_TRUE(list.is_array);
  EXPECT_FALSE(list.free_form);
  ASSERT_EQ(list.fields.size(), 4u);
  EXPECT_TRUE(list.fields[0].required);
  EXPECT_EQ(text(list.fields[1].allowed), R"(["a","b"])");
  EXPECT_EQ(text(list.fields[1].schema), R"({"type":"string","enum":["a","b"]})");
  EXPECT_EQ(text(list.fields[2].allowed_items), R"(["a","b"])");
  EXPECT_EQ(text(list.fields[2].default_value), R"(["a"])");
  EXPECT_FALSE(list.fields[3].default_value);

  const Body& any = operation("things", "create").body;
  EXPECT_EQ(any.kind, Body::Kind::json);
  EXPECT_EQ(any.content_type, "application/json");
  EXPECT_TRUE(any.free_form);
  EXPECT_FALSE(any.is_array);

  EXPECT_EQ(text(operation("Items", "delete").body.fields[0].probe_default), R"("no reason")");

  const Body& upload = operation("files", "create").body;
  EXPECT_EQ(upload.kind, Body::Kind::multipart_form);
  EXPECT_EQ(upload.file_param, "data");

  const Body& graphql = operation("events", "list").body;
  EXPECT_EQ(text(graphql.graphql.default_fields), R"(["id","user.name"])");
  EXPECT_EQ(graphql.graphql.operation_name, "Q");
  EXPECT_FALSE(graphql.graphql.has_variables) << "an empty template is none";
  EXPECT_THAT(graphql.graphql.nullable_variables, ElementsAre("assignee"));
}

TEST(EveryExtension, OperationTexts) {
  const Operation& list = operation("things", "list");
  EXPECT_EQ(list.description, "Lists the things");
  EXPECT_EQ(list.summary, "List");
  EXPECT_TRUE(list.untested);
  EXPECT_EQ(text(list.hints.at("freshness")), R"("static")");
  EXPECT_EQ(list.meta[1].kind, MetaSource::Kind::header);
  EXPECT_EQ(list.meta[1].argument, "x-restli-id");
  EXPECT_EQ(text(list.extensions.at("x-unknown-of-operation")), R"({"a":1})");
  EXPECT_TRUE(operation("things", "search").records->spreads());
  EXPECT_TRUE(operation("events", "list").preferred_for_check);
}

TEST(EveryExtension, PlaceholdersAreWordsInBraces) {
  std::string path;
  for (const PathPiece& piece : operation("Items", "get").path)
    path += piece.is_parameter ? "<" + piece.text + ">" : piece.text;
  EXPECT_EQ(path, "/<id>/x<id>y/{not a name}/{}");
}

TEST(EveryExtension, SchemasOfEntitiesAndAnswers) {
  EXPECT_EQ(definition().find_entity("Items")->stream_name, "first")
      << "the first in the file, by name without case or by x-airbyte-entity-name";
  EXPECT_EQ(text(definition().find_entity("things")->hints.at("summary")), R"("S")");
  EXPECT_TRUE(operation("things", "list").response_schema.is_null());
  const json::value& answer = operation("things", "create").response_schema;
  EXPECT_EQ(text(answer.at_pointer("/properties/thing/properties/parent/type")), R"("object")");
  EXPECT_EQ(text(answer.at_pointer("/properties/thing/properties/lost")),
            R"({"$ref":"#/components/schemas/Nowhere"})");
}

TEST(EveryExtension, Schemes) {
  const Definition& d = definition();
  std::vector<std::string> names;
  for (const AuthScheme& scheme : d.schemes) names.push_back(scheme.name);
  EXPECT_THAT(names, ElementsAre("token", "password", "oauth", "bare", "query", "cookie"));

  const AuthScheme& token = *d.find_scheme("token");
  EXPECT_EQ(token.kind, AuthScheme::Kind::bearer);
  EXPECT_EQ(token.prefix, "");
  EXPECT_EQ(token.description, "A token");
  EXPECT_FALSE(token.has_required);
  EXPECT_TRUE(token.fields[0].secret);
  EXPECT_EQ(text(token.fields[0].default_value), R"("k")");
  EXPECT_FALSE(token.fields[1].secret);
  EXPECT_EQ(token.fields[1].type, "integer");
  EXPECT_EQ(token.additional_headers[1].second.source(), "constant");

  const AuthScheme& password = *d.find_scheme("password");
  EXPECT_EQ(password.kind, AuthScheme::Kind::basic);
  EXPECT_THAT(password.required, ElementsAre("username", "password"));
  EXPECT_EQ(password.mapping[1].second.source, "${password}");

  const AuthScheme& oauth = *d.find_scheme("oauth");
  EXPECT_EQ(oauth.key_name, "X-Token");
  EXPECT_EQ(oauth.prefix, "Bearer");
  EXPECT_EQ(oauth.refresh.client_auth, TokenRefresh::ClientAuth::none);
  EXPECT_EQ(oauth.refresh.body_format, TokenRefresh::BodyFormat::json);
  EXPECT_EQ(oauth.refresh.grant, TokenRefresh::Grant::jwt_bearer);
  EXPECT_FALSE(oauth.refresh.url) << "authorizationCode comes first and has none";
  EXPECT_THAT(oauth.refresh.scopes, ElementsAre("c.read"));
  EXPECT_EQ(oauth.token_url, "https://example.com/code");
  EXPECT_TRUE(oauth.has_required);
  EXPECT_THAT(oauth.required, IsEmpty());
  EXPECT_THAT(oauth.token_extract, ElementsAre("site"));

  const AuthScheme& bare = *d.find_scheme("bare");
  EXPECT_TRUE(bare.has_required);
  EXPECT_THAT(bare.required, IsEmpty());
  EXPECT_EQ(bare.fields.size(), 5u);

  EXPECT_EQ(d.find_scheme("query")->key_place, AuthScheme::KeyPlace::query);
  EXPECT_EQ(d.find_scheme("query")->key_name, "key[]");
  EXPECT_EQ(d.find_scheme("query")->prefix, "");
  EXPECT_EQ(d.find_scheme("cookie")->key_place, AuthScheme::KeyPlace::cookie);
}

}  // namespace
}  // namespace fairlead::connector
