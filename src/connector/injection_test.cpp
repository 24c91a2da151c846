// Whatever the values of parameters are, a request keeps its shape: the segments of its path, the
// names in its query, its headers, the structure of its body. 100,000 random values, spread over an
// operation of each kind; each is refused, or arrives as it was given.
#include "base/encoding.hpp"
#include "connector/request_builder.hpp"
#include "connector/testdata/small_definition.hpp"
#include "net/url.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>

namespace fairlead::connector {
namespace {

using namespace std::string_literals;

const Instant now = Instant(std::chrono::seconds(1'770'000'000));
constexpr int rounds = 1'200;  // of each operation

class RandomText {
 public:
  std::string next() {
    static const std::vector<std::string> pieces = {"../",
                                                    "..",
                                                    ".",
                                                    "/",
                                                    "%2e%2e",
                                                    "%2F",
                                                    ";",
                                                    "\r\n",
                                                    "\r",
                                                    "\n",
                                                    "\0"s,
                                                    "?",
                                                    "#",
                                                    "&",
                                                    "=",
                                                    "ü",
                                                    "😀",
                                                    "\"",
                                                    "\\",
                                                    "{{ x }}",
                                                    "${a}",
                                                    "--",
                                                    "\r\n--",
                                                    "a",
                                                    "Z",
                                                    "0",
                                                    " ",
                                                    "\t",
                                                    "{",
                                                    "}",
                                                    "[",
                                                    "]",
                                                    "%",
                                                    "%00",
                                                    "@",
                                                    "evil.example",
                                                    ":",
                                                    "\x7f",
                                                    "\u2028",
                                                    "//",
                                                    "://",
                                                    "Host: evil",
                                                    "HTTP/1.1",
                                                    "<",
                                                    ">",
                                                    "'",
                                                    ",",
                                                    "(",
                                                    ")",
                                                    "List(",
                                                    "\x1f",
                                                    "|",
                                                    "+",
                                                    "Content-Length: 0",
                                                    "__proto__",
                                                    "null",
                                                    "{{ fields }}",
                                                    "\u202e",
                                                    "\xef\xbb\xbf",
                                                    "airbyte_boundary_"};
    ++drawn;
    std::string text;
    const auto count = random_() % 8;
    for (std::size_t i = 0; i < count; ++i) text += pieces[random_() % pieces.size()];
    return text;
  }
  std::size_t drawn = 0;

 private:
  std::mt19937_64 random_{20260202};
};

// The shape of a request.

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  for (;;) {
    const auto at = text.find(by);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + by.size());
  }
}

/// Names of pairs up to their first bracket: what is in brackets is the caller's.
std::string pairs_shape(std::string_view encoded) {
  std::string out;
  if (encoded.empty()) return out;
  for (const std::string& pair : split(encoded, "&")) {
    const auto equals = pair.find('=');
    EXPECT_NE(equals, std::string::npos) << pair;
    const auto name = percent_decode(pair.substr(0, equals), true);
    EXPECT_TRUE(name && percent_decode(pair.substr(equals + 1), true)) << pair;
    out += name.value_or("?").substr(0, name.value_or("?").find('[')) + ",";
  }
  return out;
}

/// Keys at the top, kinds below: what is deeper is the caller's.
std::string json_shape(std::string_view text) {
  json::error_code code;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), code);
  EXPECT_FALSE(code) << text;
  if (const auto* list = value.if_array()) return "[" + std::to_string(list->size()) + "]";
  std::string out;
  if (const auto* object = value.if_object())
    for (const auto& member : *object)
      out += std::string(view(json::string(member.key()))) + ":" +
             std::to_string(static_cast<int>(member.value().kind())) + ",";
  return out;
}

/// Parts, and the header names of each.
std::string multipart_shape(const std::string& type, const std::string& body) {
  const std::string boundary = "--" + type.substr(type.find("boundary=") + 9);
  const auto parts = split(body, boundary);
  EXPECT_EQ(parts.front(), "");
  EXPECT_EQ(parts.back(), "--\r\n");
  std::string out = std::to_string(parts.size()) + " parts:";
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    const auto end = parts[i].find("\r\n\r\n");
    EXPECT_NE(end, std::string::npos) << parts[i];
    for (const std::string& line : split(parts[i].substr(2, end - 2), "\r\n"))
      out += " " + line.substr(0, line.find(':'));
    out += ";";
  }
  return out;
}

std::string body_shape(const RequestDraft& draft) {
  if (!draft.body) return "none";
  const std::string* const type = draft.headers.find("Content-Type");
  EXPECT_NE(type, nullptr);
  if (type->starts_with("multipart/")) return multipart_shape(*type, *draft.body);
  return type->starts_with("application/json") ? json_shape(*draft.body) : pairs_shape(*draft.body);
}

std::string shape_of(const RequestDraft& draft) {
  const std::string url = draft.url();
  EXPECT_TRUE(std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
      << url;
  EXPECT_EQ(url.find_first_of("#\\\"<>"), std::string::npos) << url;
  const auto parsed = net::Url::parse(url);
  EXPECT_TRUE(parsed) << url;
  std::string out = draft.method + " " + (parsed ? parsed->origin() : "?");
  for (const std::string& segment : split(draft.path, "/")) {
    EXPECT_NE(segment, "..");
    EXPECT_NE(segment, ".");
    out += "/";
  }
  out += " " + pairs_shape(draft.query) + " ";
  for (const net::Header& one : draft.headers) {
    EXPECT_TRUE(net::is_header_value(one.value)) << one.value;
    out += one.name + ",";
  }
  return out + " " + body_shape(draft);
}

// The operations: each builds its parameters and settings of the values it is given.

struct Given {
  json::object params, config;
};
using Values = std::function<std::string()>;
struct Kind {
  const char* name;
  SmallDefinition definition;
  std::function<Given(const Values&)> fill;
};

json::value text(const std::string& value) {
  return json::value(json::string_view(value.data(), value.size()));
}

json::object of(std::initializer_list<std::pair<const char*, json::value>> members) {
  json::object out;
  for (const auto& [name, value] : members) out[name] = value;
  return out;
}

std::vector<Kind> kinds() {
  const auto pair = [](const Values& next) { return json::array{text(next()), text(next())}; };
  return {
      {"path and query",
       {.path = "/things/{a}/parts/{b}",
        .action = "get",
        .operation = "parameters:\n  - {name: a, in: path}\n  - {name: b, in: path}\n"
                     "  - {name: q, in: query}\n  - {name: 'l[]', in: query}"},
       [=](const Values& next) {
         return Given{of({{"a", text(next())},
                          {"b", text(next())},
                          {"q", text(next())},
                          {"l[]", pair(next)}}),
                      {}};
       }},
      {"styles of lists and objects",
       {.operation = "parameters:\n"
                     "  - {name: c, in: query, style: form, explode: false}\n"
                     "  - {name: s, in: query, style: spaceDelimited}\n"
                     "  - {name: p, in: query, style: pipeDelimited}\n"
                     "  - {name: d, in: query, style: deepObject}"},
       [=](const Values& next) {
         json::object deep;
         deep["k" + next()] = text(next());
         deep["l" + next()] = text(next());
         return Given{of({{"c", pair(next)}, {"s", pair(next)}, {"p", pair(next)}, {"d", deep}}),
                      {}};
       }},
      {"headers",
       {.operation = "parameters:\n  - {name: X-A, in: header}\n  - {name: X-B, in: header}\n"
                     "  - {name: q, in: query}"},
       [=](const Values& next) {
         return Given{of({{"X-A", text(next())}, {"X-B", text("b")}, {"q", text(next())}}), {}};
       }},
      {"Rest.li query",
       {.operation = "parameters:\n"
                     "  - {name: X-Restli-Protocol-Version, in: header, schema: {default: 2.0.0}}\n"
                     "  - {name: r, in: query}\n  - {name: l, in: query}"},
       [=](const Values& next) {
         return Given{of({{"r", text(next())}, {"l", pair(next)}}), {}};
       }},
      {"JSON body",
       {.method = "post",
        .path = "/things/{a}",
        .action = "create",
        .operation = "parameters: [{name: a, in: path}]\nrequestBody: {content: {application/json: "
                     "{schema: {properties: {t: {}, l: {}, o: {}}}}}}"},
       [=](const Values& next) {
         json::object inner;
         inner[next()] = text(next());
         return Given{of({{"a", text("1")}, {"t", text(next())}, {"l", pair(next)}, {"o", inner}}),
                      {}};
       }},
      {"JSON body of a list",
       {.method = "post",
        .action = "create",
        .operation = "requestBody: {content: {application/json: {schema: {type: array, items: "
                     "{properties: {t: {}, u: {}}}}}}}"},
       [=](const Values& next) {
         return Given{of({{"t", text(next())}, {"u", text(next())}}), {}};
       }},
      {"form body",
       {.method = "put",
        .action = "update",
        .operation = "requestBody: {content: {application/x-www-form-urlencoded: {schema: "
                     "{properties: {t: {}, l: {}, o: {}}}}}}"},
       [=](const Values& next) {
         json::object inner;
         inner["k" + next()] = text(next());
         return Given{of({{"t", text(next())}, {"l", pair(next)}, {"o", inner}}), {}};
       }},
      {"multipart/related",
       {.method = "post",
        .action = "create",
        .operation = "requestBody: {content: {multipart/related: {schema: {properties: {name: {}, "
                     "file_content: {}, file_mime_type: {}}}}}}"},
       [=](const Values& next) {
         return Given{of({{"name", text(next())},
                          {"file_content", text("aGk=")},
                          {"file_mime_type", text("text/plain")}}),
                      {}};
       }},
      {"multipart/related, media type",
       {.method = "post",
        .action = "create",
        .operation = "requestBody: {content: {multipart/related: {schema: {properties: {name: {}, "
                     "file_content: {}, file_mime_type: {}}}}}}"},
       [=](const Values& next) {
         return Given{of({{"name", text("n")},
                          {"file_content", text("aGk=")},
                          {"file_mime_type", text("text/plain" + next())}}),
                      {}};
       }},
      {"multipart/form-data",
       {.method = "post",
        .action = "create",
        .operation =
            "requestBody: {content: {multipart/form-data: {schema: {properties: {name: {}, "
            "file_name: {}, l: {}, file_content: {}}}}}}"},
       [=](const Values& next) {
         return Given{of({{"name", text(next())},
                          {"file_name", text(next())},
                          {"l", pair(next)},
                          {"file_content", text("aGk=")}}),
                      {}};
       }},
      {"GraphQL",
       {.method = "post",
        .action = "search",
        .operation = "parameters: [{name: t, in: query}]\nrequestBody:\n  x-airbyte-body-type: "
                     "{type: graphql, query: '{ x { {{ fields }} } }', default_fields: id, "
                     "variables: {t: '{{ t }}', p: '<{{ t }} {{ u }}>', u: ['{{ u }}']}}"},
       [=](const Values& next) {
         return Given{of({{"t", text(next())}, {"u", text(next())}}), {}};
       }},
      {"download with a range",
       {.path = "/files/{a}",
        .action = "download",
        .operation = "parameters: [{name: a, in: path}, {name: q, in: query}]"},
       [=](const Values& next) {
         return Given{
             of({{"a", text(next())}, {"q", text(next())}, {"range_header", text("bytes=0-3")}}),
             {}};
       }},
      {"path override with a query",
       {.path = "/label",
        .action = "get",
        .operation = "x-airbyte-path-override: {path: '/v{a}/x-{b}?fixed=1'}\nparameters: [{name: "
                     "a, in: path}, {name: b, in: path}, {name: q, in: query}]"},
       [=](const Values& next) {
         return Given{of({{"a", text(next())}, {"b", text(next())}, {"q", text(next())}}), {}};
       }},
      {"settings in the address",
       {.operation = "parameters: [{name: q, in: query}]",
        .server = "url: https://{site}.acme.example/x/{part}/v1\nvariables: {site: {default: a}, "
                  "part: {default: b}}"},
       [=](const Values& next) {
         return Given{of({{"q", text(next())}}),
                      of({{"site", text("a")}, {"part", text("p" + next())}})};
       }},
      {"a setting as the host's label",
       {.operation = "parameters: [{name: q, in: query}]",
        .server = "url: https://{site}.acme.example/v1\nvariables: {site: {default: a}}"},
       [=](const Values& next) {
         // A label that is accepted may be another one, but only below the service's own domain.
         const std::string label = next();
         return Given{
             of({{"q", text(next())}}),
             of({{"site", text(label.find('.') == std::string::npos ? "a" + label : label)}})};
       }},
      {"scoping and injection",
       {.path = "/things/{owner}",
        .operation = "parameters:\n  - {name: owner, in: path}\n  - {name: market, in: query, "
                     "x-airbyte-param-config-inject: {source: region}}",
        .info = "x-airbyte-scoping: [{param: owner, config_key: repo, value_template: \"{{ "
                "value.split('/')[0] }}\"}]"},
       [=](const Values& next) {
         return Given{{}, of({{"repo", text(next())}, {"region", text(next())}})};
       }},
  };
}

/// The host without the label that a setting may choose.
std::string without_label(std::string shape) {
  const auto scheme = shape.find("://"), domain = shape.find(".acme.example");
  if (scheme != std::string::npos && domain != std::string::npos && domain > scheme)
    shape.replace(scheme + 3, domain - scheme - 3, "*");
  return shape;
}

TEST(Injection, AHundredThousandRandomValuesChangeNoShape) {
  RandomText random;
  std::size_t built = 0, refused = 0, calls = 0;
  std::size_t kinds_built = 0;
  const auto all = kinds();
  while (random.drawn < 100'000) {
    for (const Kind& kind : all) {
      SCOPED_TRACE(kind.name);
      const auto definition = load_small(kind.definition);
      const Operation& operation = *definition->operations.front();
      const Given plain = kind.fill([] { return "v"s; });
      const auto expected =
          build_request(*definition, operation, plain.params, plain.config, {}, now);
      ASSERT_TRUE(expected) << expected.error().message;
      const std::string shape = without_label(shape_of(*expected));
      std::size_t of_this_kind = 0;
      for (int i = 0; i < rounds; ++i) {
        const Given given = kind.fill([&] { return random.next(); });
        const auto draft =
            build_request(*definition, operation, given.params, given.config, {}, now);
        ++calls;
        if (!draft) {
          ASSERT_TRUE(draft.error().kind == CallErrorKind::invalid_parameter ||
                      draft.error().kind == CallErrorKind::missing_parameter)
              << draft.error().message;
          ++refused;
          continue;
        }
        ++of_this_kind;
        const std::string got = without_label(shape_of(*draft));
        ASSERT_EQ(got, shape) << json::serialize(given.params) << json::serialize(given.config);
        // What is plain to find again arrives as it was given.
        if (const auto* q = given.params.if_contains("q"); q && draft->query.find("q=") == 0) {
          const auto value = draft->query.substr(2, draft->query.find('&') - 2);
          ASSERT_EQ(percent_decode(value, true), view(q->as_string()));
        }
        if (HasFailure()) return;
      }
      built += of_this_kind;
      kinds_built += of_this_kind > 0 ? 1 : 0;
    }
  }
  std::cout << random.drawn << " random values in " << calls << " calls of " << all.size()
            << " kinds: " << built << " built in the shape of their operation, " << refused
            << " refused\n";
  EXPECT_GE(random.drawn, 100'000u);
  EXPECT_EQ(kinds_built % all.size(), 0u) << "some kind was always refused";
  EXPECT_GT(built, calls / 3);
}

TEST(Injection, GraphQlValuesArriveAsTheyWereGiven) {
  const auto definition = load_small(
      {.method = "post",
       .action = "search",
       .operation = "requestBody:\n  x-airbyte-body-type: {type: graphql, query: \"{ x }\", "
                    "variables: {t: \"{{ t }}\", p: \"<{{ t }}>\"}}"});
  RandomText random;
  for (int i = 0; i < 2'000; ++i) {
    const std::string t = random.next();
    const auto draft =
        build_request(*definition, *definition->operations.front(), {{"t", text(t)}}, {}, {}, now);
    ASSERT_TRUE(draft) << draft.error().message;
    const auto variables = json::parse(*draft->body).at("variables").as_object();
    ASSERT_EQ(variables.at("t").as_string(), text(t).as_string());
    ASSERT_EQ(variables.at("p").as_string(), text("<" + t + ">").as_string());
  }
}

}  // namespace
}  // namespace fairlead::connector
