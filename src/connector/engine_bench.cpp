// What the engine's own steps cost, for each kind of operation: building a request, adding
// credentials, reading an answer, renewing a token, loading definitions. No network but the
// renewal's, which is this machine's own.
#include "connector/answer_reader.hpp"
#include "connector/authorizer.hpp"
#include "connector/catalogue.hpp"
#include "connector/download.hpp"
#include "connector/engine.hpp"
#include "connector/testdata/recording_upstream.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>

namespace fairlead::connector {
namespace {

const Instant now = Instant(std::chrono::seconds(1'770'000'000));

[[noreturn]] void unusable(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

std::shared_ptr<const Definition> load(const std::string& text) {
  auto loaded = load_definition(text);
  if (!loaded) unusable(loaded.error().message);
  return *std::move(loaded);
}

json::object object_of(const char* text) { return json::parse(text).as_object(); }

constexpr const char* head = R"(openapi: 3.1.0
info:
  title: Bench
  version: 1.0.0
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
)";

/// One operation; `rest` follows its entity and action in flow style.
std::shared_ptr<const Definition> one_operation(const std::string& path, const std::string& action,
                                                const std::string& rest,
                                                const std::string& info = "") {
  return load(head + info + "servers: [{url: \"https://api.example.com/v1\"}]\npaths:\n  \"" +
              path + "\": {post: {x-airbyte-entity: things, x-airbyte-action: " + action + rest +
              "}}\n");
}

// Building.

struct Request {
  const char *name, *path, *action, *rest, *params;
};
const Request requests[] = {
    {"list with a query", "/things", "list",
     ", parameters: [{name: state, in: query, schema: {enum: [open, closed]}}, {name: limit, in: "
     "query}, {name: 'label[]', in: query}, {name: sort, in: query, explode: false}, {name: "
     "created, in: query, style: deepObject}, {name: Api-Version, in: header, schema: {default: "
     "'1'}}]",
     R"({"state":"open","limit":25,"label[]":["a","b"],"sort":["-id","state"],"created":{"gte":1}})"},
    {"path parameters", "/a/{x}/b/{y}/c/{z}", "get",
     ", parameters: [{name: x, in: path}, {name: y, in: path}, {name: z, in: path}]",
     R"({"x":"acme","y":"a b/c","z":42})"},
    {"JSON body", "/things", "create",
     ", requestBody: {content: {application/json: {schema: {required: [a], properties: {a: {}, b: "
     "{default: normal}, c: {}, d: {}, e: {}}}}}}",
     R"({"a":"title","c":{"k":[1,2,{"x":null}]},"d":"some longer text, a sentence or two long","e":7})"},
    {"form body", "/things", "update",
     ", requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {a: {}, "
     "b: "
     "{}, c: {}}}}}}",
     R"({"a":"x & y","b":["a","b"],"c":{"f":{"g":1},"h":[{"i":2}]}})"},
    {"multipart/form-data", "/things", "create",
     ", requestBody: {content: {multipart/form-data: {schema: {properties: {name: {}, "
     "file_content: {}, file_name: {}}}}}}",
     R"({"name":"n","file_name":"n.txt","file_content":"aGVsbG8gd29ybGQ="})"},
    {"multipart/related", "/things", "create",
     ", requestBody: {content: {multipart/related: {schema: {properties: {name: {}, "
     "file_content: {}, file_mime_type: {}}}}}}",
     R"({"name":"n","file_content":"aGVsbG8gd29ybGQ=","file_mime_type":"text/plain"})"},
    {"GraphQL", "/graphql", "search",
     ", parameters: [{name: n, in: query, schema: {default: 10}}], requestBody: "
     "{x-airbyte-body-type: {type: graphql, query: 'query($q: String!) { search(query: $q) { {{ "
     "fields }} } }', default_fields: id, variables: {q: 'state:{{ state }} {{ q }}', n: '{{ n "
     "}}', o: '{{ o }}'}}}",
     R"({"state":"open","q":"refund","fields":["id","author.login","title"]})"},
    {"download", "/files/{id}", "download", ", parameters: [{name: id, in: path}]",
     R"({"id":"q/1","range_header":"bytes=0-3"})"},
};

void build(benchmark::State& state, const Request& one) {
  const auto definition = one_operation(one.path, one.action, one.rest);
  const Operation& operation = *definition->operations.front();
  const json::object params = object_of(one.params);
  for (auto _ : state) {
    auto draft = build_request(*definition, operation, params, {}, {}, now);
    if (!draft) unusable(draft.error().message);
    benchmark::DoNotOptimize(draft);
  }
}

// Credentials.

struct Strategy {
  const char *name, *scheme;
};
const Strategy strategies[] = {
    {"bearer", "type: http, scheme: bearer"},
    {"basic", "type: http, scheme: basic"},
    {"key in a header", "type: apiKey, in: header, name: X-Key"},
    {"key in the query", "type: apiKey, in: query, name: key"},
    {"key in a cookie", "type: apiKey, in: cookie, name: key"},
    {"OAuth 2", "type: oauth2, flows: {authorizationCode: {tokenUrl: https://a.example/t}}"},
    {"OAuth 2 with additional headers",
     "type: oauth2, flows: {authorizationCode: {tokenUrl: https://a.example/t}}, "
     "x-airbyte-auth-config: {type: object, properties: {access_token: {}, org: {}}, auth_mapping: "
     "{access_token: '${access_token}'}, additional_headers: {Acme-Org: '{{ org }}', "
     "Authorization: "
     "'Token {{ access_token }}'}}"},
};

void add_credentials(benchmark::State& state, const Strategy& one) {
  const auto definition = load(std::string(head) +
                               "servers: [{url: \"https://api.example.com\"}]\npaths: {/a: {get: "
                               "{x-airbyte-entity: a, x-airbyte-action: get}}}\ncomponents: "
                               "{securitySchemes: {s: {" +
                               one.scheme + "}}}\n");
  const AuthScheme& scheme = definition->schemes.front();
  CredentialFields fields;
  for (const char* name : {"token", "username", "password", "api_key", "access_token", "org"})
    fields.emplace(name, Secret("a-secret-of-32-characters-0123456"));
  for (auto _ : state) {
    RequestDraft draft;
    const auto parameters = auth_parameters(scheme, fields, {});
    if (!parameters) unusable(parameters.error().message);
    auto used = authorize(scheme, *parameters, fields, draft, now);
    if (!used) unusable(used.error().message);
    benchmark::DoNotOptimize(draft);
  }
}

void renew_token(benchmark::State& state) {
  const auto definition =
      load(std::string(head) +
           "servers: [{url: \"https://api.example.com\"}]\npaths: {/a: {get: {x-airbyte-entity: a, "
           "x-airbyte-action: get}}}\ncomponents: {securitySchemes: {s: {type: oauth2, flows: "
           "{authorizationCode: {refreshUrl: https://api.example.com/token}}}}}\n");
  const auto answer = [](const net::Request& request) {
    const bool is_token = request.target == "/token";
    return net::Response{200,
                         {{"Content-Type", "application/json"}},
                         is_token ? R"({"access_token":"AT-1","expires_in":3600})" : "{}"};
  };
  net::Workers workers(1);
  net::HttpServer server(
      workers, {}, [&](net::Request request) -> Task<net::Response> { co_return answer(request); });
  server.start();
  workers.start();
  net::HttpClient client({.egress = net::EgressPolicy::unrestricted()});
  Engine engine(client);
  EngineOptions options;
  options.connect_to = net::Endpoint{"127.0.0.1", server.port()};
  Call call;
  call.definition = definition.get();
  call.entity = "a";
  call.action = "get";
  const auto many = [&]() -> Task<void> {
    for (auto _ : state) {
      HeldCredentials credentials(
          {{"refresh_token", "RT-1"}, {"client_id", "c"}, {"client_secret", "s"}});
      auto outcome = co_await engine.execute(call, credentials, options);
      if (!outcome) unusable(outcome.error().message);
    }
  };
  run_to_end(many());
  server.drain(std::chrono::milliseconds(100));
}

// Answers: a page of 60 KB.

std::string page(const std::string& before, const std::string& behind) {
  std::string records;
  for (int i = 0; i < 30; ++i)
    records +=
        (i > 0 ? "," : "") + std::string("{\"id\":") + std::to_string(900'000 + i) +
        ",\"title\":\"A title with \\\"quotes\\\" and \\u00e9\",\"state\":\"open\",\"hidden\":" +
        (i % 3 == 0 ? "true" : "false") +
        ",\"user\":{\"login\":\"someone\",\"id\":7,\"site_admin\":false},\"body\":\"" +
        std::string(1'700, 'x') +
        "\",\"updated_at\":\"2026-02-02T02:40:00Z\",\"labels\":[{\"name\":\"a\"},{\"name\":\"b\"}]"
        "}";
  return before + "[" + records + "]" + behind;
}

struct Answer {
  const char *name, *action, *rest, *before, *behind;
  std::vector<std::string> select = {};
  bool truncate = false;
  const char* info = "";
};
const Answer answers[] = {
    {"whole records", "list", "", "", ""},
    {"records below the root", "list", ", x-airbyte-record-extractor: $.data", "{\"data\":", "}"},
    {"5 fields of each",
     "list",
     ", x-airbyte-record-extractor: $.data",
     "{\"data\":",
     "}",
     {"id", "title", "state", "updated_at", "user.login"}},
    {"long texts cut", "list", ", x-airbyte-record-extractor: $.data", "{\"data\":", "}", {}, true},
    {"metadata", "list",
     ", x-airbyte-record-extractor: $.data, x-airbyte-meta-extractor: {next: $.paging.next, more: "
     "$.paging.more, link: '@link.next', id: '@header.X-Request-Id'}",
     "{\"data\":", ",\"paging\":{\"next\":\"c2\",\"more\":true}}"},
    {"filter", "list",
     ", x-airbyte-record-extractor: $.data, x-airbyte-record-filter: '{{ not record.hidden }}'",
     "{\"data\":", "}"},
    {"transform", "list",
     ", x-airbyte-record-extractor: $.data, x-airbyte-record-transform: {link: '/things/{{ "
     "record.id }}'}",
     "{\"data\":", "}"},
    {"error envelope passed",
     "list",
     ", x-airbyte-record-extractor: $.data",
     "{\"ok\":true,\"data\":",
     "}",
     {},
     false,
     "  x-airbyte-response-error-check: {field: ok, on_value: false, message_field: error}\n"},
    {"one record", "get", ", x-airbyte-record-extractor: '$.data[0]'", "{\"data\":", "}"},
    {"GraphQL", "search",
     ", x-airbyte-record-extractor: $.data.nodes, requestBody: {x-airbyte-body-type: {type: "
     "graphql, query: '{ a }'}}",
     "{\"data\":{\"nodes\":", "}}"},
};

void read(benchmark::State& state, const Answer& one) {
  const auto definition = one_operation("/things", one.action, one.rest, one.info);
  const Operation& operation = *definition->operations.front();
  net::Answer answer;
  answer.status = 200;
  answer.headers = {{"Content-Type", "application/json"},
                    {"X-Request-Id", "req-9"},
                    {"Link", "<https://api.example.com/things?page=2>; rel=\"next\""}};
  answer.body = page(one.before, one.behind);
  answer.body.reserve(answer.body.size() + 64);
  const std::vector<std::string> none;
  const json::object config;
  ReadOptions options;
  options.config = &config;
  options.select_fields = &one.select;
  options.exclude_fields = &none;
  options.truncate = one.truncate;
  options.now = now;
  for (auto _ : state) {
    auto outcome = read_answer(*definition, operation, answer, options);
    if (!outcome) unusable(outcome.error().message);
    benchmark::DoNotOptimize(outcome);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(answer.body.size()) *
                          static_cast<std::int64_t>(state.iterations()));
}

void read_refused(benchmark::State& state) {
  const auto definition = one_operation("/things", "list", "");
  net::Answer answer;
  answer.status = 422;
  answer.body = R"({"errors":[{"message":"title is too long"},{"message":"state is unknown"}]})";
  for (auto _ : state) benchmark::DoNotOptimize(read_refusal(*definition, answer, now));
}

void find_file(benchmark::State& state) {
  const auto definition =
      one_operation("/things", "download", ", x-airbyte-file-url: 'files[{at}].url'");
  const Operation& operation = *definition->operations.front();
  net::Answer answer;
  answer.status = 200;
  answer.body =
      R"({"files":[{"url":"https://cdn.example/a?sig=1"},{"url":"https://cdn.example/b?sig=2"}]})";
  const json::object params{{"at", 1}};
  for (auto _ : state) {
    const auto tree = read_tree(*definition, answer);
    if (!tree) unusable(tree.error().message);
    benchmark::DoNotOptimize(find_file_url(operation, params, *tree));
  }
}

void read_chunk(benchmark::State& state) {
  json::object params{{"_airbyte_response_type", "json"}};
  const auto chunk = read_chunk_request(params);
  const std::string bytes(49'152, '\x7f');
  for (auto _ : state)
    benchmark::DoNotOptimize(chunk_json(**chunk, bytes, 206, "bytes 0-49151/100000"));
}

// Definitions.

/// At least 280 KB in the manner of published files: descriptions, schemas, references.
std::string large_definition() {
  std::string paths, schemas;
  for (int i = 0; i < 150; ++i) {
    const std::string n = std::to_string(i);
    paths += "  /things" + n + "/{id}:\n    get:\n      operationId: getThing" + n +
             "\n      summary: One thing of the kind " + n + "\n      x-airbyte-entity: things" +
             n +
             "\n      x-airbyte-action: get\n      x-airbyte-record-extractor: $.data\n      "
             "x-airbyte-meta-extractor: {next: $.paging.next}\n      parameters:\n";
    for (int k = 0; k < 6; ++k)
      paths += "        - name: " + (k == 0 ? std::string("id") : "p" + std::to_string(k)) +
               "\n          in: " + (k == 0 ? "path" : "query") +
               "\n          description: What the parameter means, in a sentence\n          "
               "schema: {type: string}\n";
    paths +=
        "      responses:\n        \"200\":\n          description: The thing\n          "
        "content:\n            application/json: {schema: {$ref: '#/components/schemas/Thing" +
        n + "'}}\n";
    schemas += "    Thing" + n + ":\n      type: object\n      x-airbyte-entity-name: things" + n +
               "\n      properties:\n";
    for (int k = 0; k < 10; ++k)
      schemas += "        field" + std::to_string(k) +
                 ": {type: [string, 'null'], description: What the field holds}\n";
  }
  return head + std::string("servers: [{url: \"https://api.example.com\"}]\npaths:\n") + paths +
         "components:\n  schemas:\n" + schemas;
}

void load_large(benchmark::State& state) {
  const std::string text = large_definition();
  if (text.size() < 280'000) unusable("the generated definition is too small");
  for (auto _ : state) benchmark::DoNotOptimize(load(text));
  state.SetLabel(std::to_string(text.size() / 1000) + " KB, target < 20 ms");
}

void load_embedded(benchmark::State& state, const std::string& slug) {
  const Catalogue catalogue;
  const std::string text(catalogue.source(slug));
  for (auto _ : state) benchmark::DoNotOptimize(load(text));
  state.SetLabel(std::to_string(text.size() / 1000) + " KB, target < 20 ms");
}

void start_catalogue(benchmark::State& state) {
  std::size_t count = 0;
  for (auto _ : state) {
    const Catalogue catalogue;
    count = catalogue.entries().size();
    benchmark::DoNotOptimize(count);
  }
  state.SetLabel(std::to_string(count) + " definitions, none compiled");
}

void compile_catalogue(benchmark::State& state) {
  for (auto _ : state) {
    const Catalogue catalogue;
    for (const CatalogueEntry& entry : catalogue.entries())
      benchmark::DoNotOptimize(catalogue.get(entry.slug));
  }
}

const bool registered = [] {
  const auto named = [](const char* what, const char* name) { return std::string(what) + name; };
  for (const Request& one : requests)
    benchmark::RegisterBenchmark(named("build/", one.name).c_str(), build, one);
  for (const Strategy& one : strategies)
    benchmark::RegisterBenchmark(named("credentials/", one.name).c_str(), add_credentials, one);
  benchmark::RegisterBenchmark("credentials/renewal and a call", renew_token);
  for (const Answer& one : answers)
    benchmark::RegisterBenchmark(named("answer 60 KB/", one.name).c_str(), read, one);
  benchmark::RegisterBenchmark("answer/refusal", read_refused);
  benchmark::RegisterBenchmark("answer/URL of a download", find_file);
  benchmark::RegisterBenchmark("answer/chunk of a download", read_chunk);
  const auto slow = benchmark::kMillisecond;
  for (const char* slug : {"github", "stripe", "linear", "slack", "notion", "harbor"})
    benchmark::RegisterBenchmark(named("load/", slug).c_str(), load_embedded, std::string(slug))
        ->Unit(slow);
  benchmark::RegisterBenchmark("load/generated", load_large)->Unit(slow);
  benchmark::RegisterBenchmark("catalogue/start", start_catalogue)->Unit(slow);
  benchmark::RegisterBenchmark("catalogue/all compiled", compile_catalogue)->Unit(slow);
  return true;
}();

}  // namespace
}  // namespace fairlead::connector
