// The worked example of the format loads, and every part of it is found in the plan.
#include "connector/definition.hpp"

#include "support/source_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Definition& acme() {
  static const auto definition =
      load_definition(fairlead::testing::source_text("src/connector/testdata/acme-tickets.yaml"),
                      "acme-tickets.yaml")
          .value();
  return *definition;
}

const Operation& operation(std::string_view entity, std::string_view action) {
  auto found = acme().find(entity, action);
  if (!found) throw std::runtime_error(found.error().message);
  return **found;
}

std::string text(const json::value& value) { return json::serialize(value); }

template <class T>
std::string text(const std::optional<T>& value) {
  return value ? json::serialize(json::value(*value)) : "none";
}

const Instant now = parse_rfc3339("2026-03-01T07:08:09Z").value();

TEST(AcmeDefinition, Info) {
  const Definition& d = acme();
  EXPECT_THAT(d.warnings, IsEmpty());
  EXPECT_EQ(d.name, "acme-tickets");
  EXPECT_EQ(d.display_name, "acme-tickets");
  EXPECT_EQ(d.id, "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04");
  EXPECT_EQ(d.version, "1.2.0");
  EXPECT_EQ(d.title, "Acme Tickets");
  EXPECT_EQ(d.description, "Imaginary help-desk service used to exercise the connector format.");
  EXPECT_EQ(
      text(d.documentation_urls),
      R"([{"type":"api_reference","title":"Acme API","url":"https://docs.acme-tickets.example/api"}])");
  EXPECT_EQ(text(d.example_questions.at("direct")), R"(["Show ticket 42"])");
  EXPECT_EQ(text(d.auth_tooltip), R"("Create a token under Settings, Developers.")");
  EXPECT_EQ(text(d.info_extensions.at("x-airbyte-replication-version")), R"("0.4.1")");
  EXPECT_FALSE(d.info_extensions.contains("x-airbyte-context-store"));
}

TEST(AcmeDefinition, Policies) {
  const Definition& d = acme();
  EXPECT_EQ(d.retry.max_attempts, 2);
  EXPECT_EQ(d.retry.initial_delay_seconds, 0.1);
  EXPECT_EQ(d.retry.max_delay_seconds, 60);
  EXPECT_FALSE(d.retry.jitter);
  EXPECT_THAT(d.retry.statuses, ElementsAre(429, 500, 502, 503, 504));
  ASSERT_TRUE(d.error_check);
  EXPECT_EQ(d.error_check->field, "ok");
  EXPECT_EQ(text(d.error_check->on_value), "false");
  EXPECT_EQ(d.error_check->message_field, "reason");
  ASSERT_EQ(d.scoping.size(), 1u);
  EXPECT_EQ(d.scoping[0].param, "workspace_id");
  EXPECT_EQ(d.scoping[0].config_key, "workspace");
  EXPECT_FALSE(d.scoping[0].value);
  EXPECT_THAT(d.config_names(), ElementsAre("subdomain", "workspace", "region"));
}

TEST(AcmeDefinition, Server) {
  const Definition& d = acme();
  EXPECT_EQ(d.server_template, "https://{subdomain}.acme-tickets.example/api/v2");
  ASSERT_EQ(d.variables.size(), 1u);
  EXPECT_EQ(d.variables[0].name, "subdomain");
  EXPECT_EQ(d.variables[0].default_value, "your-subdomain");
  EXPECT_EQ(d.variables[0].description, "Account name");
  EXPECT_THAT(d.variables[0].allowed, IsEmpty());
}

TEST(AcmeDefinition, OAuthScheme) {
  ASSERT_EQ(acme().schemes.size(), 2u);
  const AuthScheme* scheme = acme().find_scheme("acmeOAuth");
  ASSERT_EQ(scheme, &acme().schemes[0]);
  EXPECT_EQ(scheme->kind, AuthScheme::Kind::oauth2);
  EXPECT_EQ(scheme->key_name, "Authorization");
  EXPECT_EQ(scheme->prefix, "Bearer");
  EXPECT_EQ(scheme->title, "OAuth");
  ASSERT_EQ(scheme->fields.size(), 4u);
  EXPECT_EQ(scheme->fields[2].name, "refresh_token");
  EXPECT_EQ(scheme->fields[2].title, "Refresh token");
  EXPECT_TRUE(scheme->fields[2].required);
  EXPECT_FALSE(scheme->fields[3].required);
  EXPECT_TRUE(scheme->has_required);
  EXPECT_THAT(scheme->required, ElementsAre("refresh_token"));
  ASSERT_EQ(scheme->mapping.size(), 3u);
  EXPECT_EQ(scheme->mapping[1].first, "client_secret");
  EXPECT_EQ(scheme->mapping[1].second.source, "${client_secret}");
  ASSERT_EQ(scheme->additional_headers.size(), 1u);
  EXPECT_EQ(scheme->additional_headers[0].first, "Acme-Org");
  EXPECT_EQ(scheme->additional_headers[0].second.source(), "{{ org_key }}");
  EXPECT_EQ(scheme->refresh.client_auth, TokenRefresh::ClientAuth::basic);
  EXPECT_EQ(scheme->refresh.body_format, TokenRefresh::BodyFormat::form);
  EXPECT_EQ(scheme->refresh.grant, TokenRefresh::Grant::refresh_token);
  ASSERT_TRUE(scheme->refresh.url);
  EXPECT_EQ(scheme->refresh.url->render({{"subdomain", "acme"}}, Undefined::is_empty, now).value(),
            "https://acme.acme-tickets.example/oauth/token");
  EXPECT_THAT(scheme->refresh.scopes, IsEmpty());
  EXPECT_THAT(scheme->token_extract, ElementsAre("subdomain"));
  EXPECT_EQ(scheme->authorization_url,
            "https://{{subdomain}}.acme-tickets.example/oauth/authorize");
  EXPECT_EQ(scheme->token_url, "https://{{subdomain}}.acme-tickets.example/oauth/token");
  EXPECT_EQ(text(scheme->source.at("x-airbyte-token-extract")), R"(["subdomain"])");
}

TEST(AcmeDefinition, BasicScheme) {
  const AuthScheme* scheme = acme().find_scheme("acmeToken");
  ASSERT_TRUE(scheme);
  EXPECT_EQ(scheme->kind, AuthScheme::Kind::basic);
  EXPECT_THAT(scheme->required, ElementsAre("email", "api_token"));
  EXPECT_EQ(scheme->fields[0].format, "email");
  ASSERT_EQ(scheme->mapping[0].second.pieces.size(), 2u);
  EXPECT_TRUE(scheme->mapping[0].second.pieces[0].is_name);
  EXPECT_EQ(scheme->mapping[0].second.pieces[0].text, "email");
  EXPECT_EQ(scheme->mapping[0].second.pieces[1].text, "/token");
  EXPECT_EQ(acme().find_scheme("other"), nullptr);
}

TEST(AcmeDefinition, EntitiesAndActionsStandInOrderOfAppearance) {
  std::vector<std::string> all;
  for (const Entity& entity : acme().entities) {
    std::string line = entity.name + ":";
    for (const Operation* one : entity.operations) line += " " + std::string(name_of(one->action));
    all.push_back(line);
  }
  EXPECT_THAT(all, ElementsAre("tickets: list create get update delete search", "comments: list",
                               "attachments: download", "exports: download", "files: create"));
  const Entity* tickets = acme().find_entity("tickets");
  EXPECT_EQ(tickets->stream_name, "ticket_events");
  EXPECT_EQ(text(tickets->hints.at("summary")), R"("Help-desk tickets")");
  EXPECT_EQ(text(tickets->schema.at("properties").at("id")), R"({"type":"integer"})");
  EXPECT_TRUE(acme().find_entity("comments")->schema.is_null());
  EXPECT_EQ(acme().find_entity("Tickets"), nullptr);
}

TEST(AcmeDefinition, ListTickets) {
  const Operation& list = operation("tickets", "list");
  EXPECT_EQ(list.method, "GET");
  EXPECT_EQ(list.effect, Effect::read);
  EXPECT_EQ(list.label, "/workspaces/{workspace_id}/tickets");
  ASSERT_EQ(list.path.size(), 3u);
  EXPECT_EQ(list.path[0].text, "/workspaces/");
  EXPECT_TRUE(list.path[1].is_parameter);
  EXPECT_EQ(list.path[1].text, "workspace_id");
  EXPECT_EQ(list.path[2].text, "/tickets");
  EXPECT_EQ(list.operation_id, "listTickets");
  EXPECT_EQ(list.summary, "List tickets");
  EXPECT_EQ(list.description, "List tickets");
  EXPECT_TRUE(list.preferred_for_check);
  EXPECT_FALSE(list.untested);
  EXPECT_EQ(list.body.kind, Body::Kind::none);
  EXPECT_EQ(list.records->source(), "$.result.tickets");
  EXPECT_FALSE(list.records_unparsable);
  EXPECT_EQ(list.filter->source(), "{{ not record.hidden }}");
  EXPECT_THAT(list.transform, IsEmpty());
  EXPECT_EQ(text(list.extensions.at("x-airbyte-action")), R"("list")");
  EXPECT_TRUE(list.response_schema.is_null());
}

TEST(AcmeDefinition, Metadata) {
  const Operation& list = operation("tickets", "list");
  EXPECT_TRUE(list.has_meta);
  ASSERT_EQ(list.meta.size(), 4u);
  EXPECT_EQ(list.meta[0].name, "next_cursor");
  EXPECT_EQ(list.meta[0].path->source(), "$.result.paging.next");
  EXPECT_EQ(list.meta[2].kind, MetaSource::Kind::link);
  EXPECT_EQ(list.meta[2].argument, "next");
  EXPECT_EQ(list.meta[3].kind, MetaSource::Kind::header);
  EXPECT_EQ(list.meta[3].argument, "X-Request-Id");
  EXPECT_FALSE(operation("tickets", "get").has_meta);
}

TEST(AcmeDefinition, Parameters) {
  struct Expected {
    const char* name;
    Location in;
    bool required;
    Parameter::Style style;
    bool explode, is_array;
    const char *allowed, *default_value;
  };
  using Style = Parameter::Style;
  const Expected expected[] = {
      {"workspace_id", Location::path, true, Style::form, true, false, "none", "none"},
      {"state", Location::query, false, Style::form, true, false, R"(["open","held","closed"])",
       "none"},
      {"label[]", Location::query, false, Style::form, true, true, "none", "none"},
      {"created", Location::query, false, Style::deep_object, true, false, "none", "none"},
      {"sort", Location::query, false, Style::form, false, true, "none", "none"},
      {"limit", Location::query, false, Style::form, true, false, "none", "25"},
      {"archived", Location::query, false, Style::form, true, false, "none", "none"},
      {"market", Location::query, false, Style::form, true, false, "none", "none"},
      {"Acme-Version", Location::header, true, Style::form, true, false, "none",
       R"("2026-01-01")"}};
  const auto& parameters = operation("tickets", "list").parameters;
  ASSERT_EQ(parameters.size(), std::size(expected));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = parameters[i];
    const Expected& e = expected[i];
    SCOPED_TRACE(e.name);
    EXPECT_EQ(p.name, e.name);
    EXPECT_EQ(p.in, e.in);
    EXPECT_EQ(p.required, e.required);
    EXPECT_EQ(p.style, e.style);
    EXPECT_EQ(p.explode, e.explode);
    EXPECT_EQ(p.is_array, e.is_array);
    EXPECT_EQ(text(p.allowed), e.allowed);
    EXPECT_EQ(text(p.allowed_items), "none");
    EXPECT_EQ(text(p.default_value), e.default_value);
  }
  EXPECT_EQ(text(parameters[5].schema.at("maximum")), "100");
  EXPECT_FALSE(parameters[6].inject);
  ASSERT_TRUE(parameters[7].inject);
  EXPECT_EQ(parameters[7].inject->source, "region");
  EXPECT_EQ(text(parameters[7].inject->mapping->at("EU")), R"("mkt-1")");
}

TEST(AcmeDefinition, JsonBodyThroughAReference) {
  const Operation& create = operation("tickets", "create");
  EXPECT_EQ(create.effect, Effect::unsafe);
  const Body& body = create.body;
  EXPECT_EQ(body.kind, Body::Kind::json);
  EXPECT_EQ(body.content_type, "application/json");
  EXPECT_FALSE(body.is_array);
  EXPECT_FALSE(body.free_form);
  ASSERT_EQ(body.fields.size(), 4u);
  EXPECT_EQ(body.fields[0].name, "subject");
  EXPECT_TRUE(body.fields[0].required);
  EXPECT_FALSE(body.fields[1].required);
  EXPECT_EQ(text(body.fields[1].allowed), R"(["low","normal","high"])");
  EXPECT_EQ(text(body.fields[1].default_value), R"("normal")");
  EXPECT_EQ(text(body.fields[3].schema), R"({"type":"object"})");
}

TEST(AcmeDefinition, OtherBodies) {
  const Operation& update = operation("tickets", "update");
  EXPECT_EQ(update.method, "PUT");
  EXPECT_EQ(update.effect, Effect::unsafe);
  EXPECT_EQ(update.body.kind, Body::Kind::form);
  EXPECT_EQ(update.body.content_type, "application/x-www-form-urlencoded");
  EXPECT_TRUE(update.body.fields[1].is_array);
  const Operation& upload = operation("files", "create");
  EXPECT_EQ(upload.body.kind, Body::Kind::multipart_related);
  EXPECT_EQ(upload.body.content_type, "multipart/related");
  EXPECT_EQ(upload.body.file_param, "file_content");
  EXPECT_TRUE(upload.untested);
  EXPECT_TRUE(upload.body.fields[1].required);
  EXPECT_EQ(operation("tickets", "delete").body.kind, Body::Kind::none);
  EXPECT_EQ(operation("tickets", "delete").effect, Effect::unsafe);
}

TEST(AcmeDefinition, GraphQlSearch) {
  const Operation& search = operation("tickets", "search");
  EXPECT_EQ(&search, &operation("tickets", "api_search")) << "the old word";
  EXPECT_EQ(search.method, "POST");
  EXPECT_EQ(search.effect, Effect::read) << "whatever the method";
  EXPECT_EQ(search.label, "/graphql:tickets:search");
  ASSERT_EQ(search.path.size(), 1u);
  EXPECT_EQ(search.path[0].text, "/graphql");
  EXPECT_EQ(search.body.kind, Body::Kind::graphql);
  EXPECT_EQ(search.body.content_type, "application/json");
  const GraphQl& graphql = search.body.graphql;
  EXPECT_THAT(graphql.query, HasSubstr("nodes { {{ fields }} }"));
  EXPECT_EQ(text(graphql.default_fields), R"("id subject")");
  EXPECT_TRUE(graphql.has_variables);
  EXPECT_EQ(text(graphql.variables),
            R"({"q":"state:{{ state }} {{ query }}","n":"{{ per_page }}","owner":"{{ owner }}"})");
  EXPECT_FALSE(graphql.operation_name);
  EXPECT_THAT(graphql.nullable_variables, IsEmpty());
}

TEST(AcmeDefinition, Downloads) {
  const Operation& two_steps = operation("attachments", "download");
  EXPECT_EQ(two_steps.effect, Effect::read);
  EXPECT_EQ(two_steps.file_url->source, "result.files[{index}].url");
  ASSERT_EQ(two_steps.path.size(), 2u);
  EXPECT_EQ(two_steps.path[1].text, "id");
  EXPECT_EQ(text(two_steps.parameters[1].default_value), "0");
  const Operation& one_step = operation("exports", "download");
  EXPECT_FALSE(one_step.file_url);
  EXPECT_EQ(one_step.parameters[1].name, "alt");
}

TEST(AcmeDefinition, Comments) {
  const Operation& comments = operation("comments", "list");
  EXPECT_EQ(comments.no_pagination, "The service returns every comment at once.");
  ASSERT_EQ(comments.transform.size(), 2u);
  EXPECT_EQ(comments.transform[1].first, "link");
  EXPECT_EQ(comments.transform[1].second.source(), "/tickets/comments/{{ record.value }}");
  ASSERT_EQ(acme().relationships.size(), 1u);
  const Relationship& r = acme().relationships[0];
  EXPECT_EQ(r.source_entity, "comments");
  EXPECT_EQ(r.target_entity, "tickets");
  EXPECT_EQ(r.foreign_key, "ticket_id");
  EXPECT_EQ(r.target_key, "id");
  EXPECT_EQ(r.cardinality, "many_to_one");
  EXPECT_EQ(text(r.parent_record_filter), R"({"state":["open","held"]})");
}

TEST(AcmeDefinition, ContextStoreAndReplicationAreKept) {
  EXPECT_EQ(text(acme().context_store.at("entities").at(1).at("entity")), R"("comments")");
  EXPECT_EQ(text(acme().context_store.at("entities").at(1).at("x-airbyte-name")), "null");
  EXPECT_EQ(text(acme().replication_config.at("required")), R"(["start_date"])");
}

struct Lookup {
  const char *entity, *action;
  LookupFailure::Reason reason;
  const char* message;
};

TEST(DefinitionFind, NamesWhatWouldHaveBeenFound) {
  using Reason = LookupFailure::Reason;
  const Lookup cases[] = {
      {"tickest", "list", Reason::entity_not_found, "no entity 'tickest'; did you mean 'tickets'?"},
      {"zebras", "list", Reason::entity_not_found,
       "its entities are tickets, comments, attachments, exports, files"},
      {"comments", "create", Reason::action_not_supported, "has no action 'create'; it has list"},
      {"comments", "authorize", Reason::action_not_supported, "it has list"},
      {"tickets", "lits", Reason::unknown_action, "did you mean 'list'?"},
      {"tickets", "List", Reason::unknown_action,
       "valid actions are list, get, search, create, update, delete, download"},
      {"nope", "fly", Reason::unknown_action, "'fly' is not a valid action"},
      {"tickets", "context_store_search", Reason::unknown_action, "Context Store of a server"},
      {"tickets", "context_store_sql_query", Reason::unknown_action, "Context Store of a server"},
      {"", "", Reason::unknown_action, "'' is not a valid action"}};
  for (const Lookup& one : cases) {
    const auto found = acme().find(one.entity, one.action);
    ASSERT_FALSE(found) << one.entity << " " << one.action;
    EXPECT_EQ(found.error().reason, one.reason) << found.error().message;
    EXPECT_THAT(found.error().message, HasSubstr(one.message));
  }
}

TEST(CredentialTemplateParse, HasHolesAndNothingElse) {
  struct Case {
    const char *text, *pieces;
  };
  const Case cases[] = {{"", ""},
                        {"X", "'X'"},
                        {"${a}", "<a>"},
                        {"${a}/token", "<a>'/token'"},
                        {"Klaviyo-API-Key ${api_key}", "'Klaviyo-API-Key '<api_key>"},
                        {"${a}${b}", "<a><b>"},
                        {"$a {b} ${c", "'$a {b} ${c'"},
                        {"$${a}}", "'$'<a>'}'"}};
  for (const Case& one : cases) {
    std::string pieces;
    for (const auto& piece : CredentialTemplate::parse(one.text).pieces)
      pieces += piece.is_name ? "<" + piece.text + ">" : "'" + piece.text + "'";
    EXPECT_EQ(pieces, one.pieces) << one.text;
  }
}

}  // namespace
}  // namespace fairlead::connector
