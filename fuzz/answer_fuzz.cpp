// Any answer of a service, read by any kind of operation: never a crash, and what comes out is JSON
// of the promised shape. RawJson's own walk over the grammar is held against two full parsers.
//
// Input: "OPERATION STATUS FLAGS\nName: value\n...\n\nbody". OPERATION picks one below, FLAGS are
// s (select), x (exclude), t (truncate), e (the definition with an error envelope).
#include "base/encoding.hpp"
#include "connector/answer_reader.hpp"
#include "connector/download.hpp"
#include "connector/raw_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace fairlead;
using namespace fairlead::connector;

constexpr std::size_t deep = 2 * RawJson::max_depth;

[[noreturn]] void broken(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

std::string definition_text(bool error_envelope) {
  std::string out = R"(openapi: 3.1.0
info:
  title: Answers
  version: 1.0.0
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
)";
  if (error_envelope)
    out += "  x-airbyte-response-error-check: {field: ok, on_value: false, message_field: error}\n";
  out += "servers: [{url: \"https://api.example.com\"}]\npaths:\n";
  const std::string meta =
      ", x-airbyte-meta-extractor: {next: $.meta.next, first: '$.d[0].id', link: '@link.next', id: "
      "'@header.X-Id', errors: $.errors}";
  const std::string graphql =
      ", requestBody: {x-airbyte-body-type: {type: graphql, query: '{ a }'}}";
  const std::vector<std::pair<std::string, std::string>> operations = {
      {"list", ""},
      {"list", ", x-airbyte-record-extractor: $.d"},
      {"list", ", x-airbyte-record-extractor: $.d" + meta},
      {"list", ", x-airbyte-record-extractor: '$.d[*].i'"},
      {"list", ", x-airbyte-record-extractor: '$[*][*]'"},
      {"list",
       ", x-airbyte-record-extractor: $.d, x-airbyte-record-filter: '{{ not record.gone }}'"},
      {"list",
       ", x-airbyte-record-extractor: $.d, x-airbyte-record-transform: {id: 'n-{{ "
       "record.value }}', a: '{{ record.a.b | upper }}'}" +
           meta},
      {"get", ""},
      {"get", ", x-airbyte-record-extractor: '$.d[0].i'" + meta},
      {"get",
       ", x-airbyte-record-extractor: '$.d[-1]', x-airbyte-record-transform: {t: '{{ "
       "record.value }}'}"},
      {"search", ", x-airbyte-record-extractor: $.data.nodes" + graphql + meta},
      {"get", ", x-airbyte-record-extractor: $.data" + graphql},
      {"list", ", x-airbyte-record-extractor: '$.d['"},
      {"create", ""},
      {"download", ", x-airbyte-file-url: 'd[{at}].url'"}};
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::string n = std::to_string(i);
    out += "  /p" + n + ": {post: {x-airbyte-entity: e" + n +
           ", x-airbyte-action: " + operations[i].first + operations[i].second + "}}\n";
  }
  return out;
}

std::shared_ptr<const Definition> load(bool error_envelope) {
  auto loaded = load_definition(definition_text(error_envelope));
  if (!loaded) broken("the fuzz target's own definition", loaded.error().message);
  return *std::move(loaded);
}

json::value parsed(std::string_view text, json::error_code& code) {
  json::parse_options options;
  options.max_depth = deep;
  return json::parse(json::string_view(text.data(), text.size()), code, {}, options);
}

json::value json_of(std::string_view text, const char* what) {
  json::error_code code;
  json::value value = parsed(text, code);
  // Boost.JSON refuses exponents beyond its own integers; the text is JSON all the same.
  if (code && code != json::error::exponent_overflow) broken(what, text);
  return value;
}

json::value tree(const RawJson& raw, RawJson::Value value) {
  if (raw.is_object(value)) {
    json::object out;
    raw.each_member(value, [&](const RawJson::Member& member, std::uint32_t behind) {
      if (behind != raw.behind(member.value)) broken("ends differ", raw.text());
      out[unescaped(member.raw_key)] = tree(raw, member.value);
    });
    return out;
  }
  if (raw.is_array(value)) {
    json::array out;
    raw.each_element(
        value, [&](RawJson::Value element, std::uint32_t) { out.push_back(tree(raw, element)); });
    return out;
  }
  if (raw.is_string(value)) return json::value(raw.string(value));
  return json_of(raw.slice(value), "a scalar");
}

bool nests_too_deep(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '[') +
                                  std::count(text.begin(), text.end(), '{')) >= RawJson::max_depth;
}

/// Boost.JSON reads 0e400 as what equals nothing.
bool has_no_number(const json::value& value) {
  if (const auto* number = value.if_double()) return std::isnan(*number);
  if (const auto* list = value.if_array())
    return std::any_of(list->begin(), list->end(), has_no_number);
  const auto* object = value.if_object();
  return object && std::any_of(object->begin(), object->end(),
                               [](const auto& one) { return has_no_number(one.value()); });
}

/// Accepts exactly what Boost.JSON and simdjson's own second stage accept; the departures: bytes
/// that are no UTF-8 and halves of surrogate pairs are mended, numbers may have any size, and
/// nesting ends at a limit.
void hold_against_parsers(const std::string& text) {
  const auto raw = RawJson::parse(text, text.size());
  json::error_code code;
  (void)parsed(text, code);
  const bool out_of_range = code == json::error::exponent_overflow;
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const auto dom = parser.parse(text).get(element);
  if (!raw) {
    if (nests_too_deep(text)) return;
    if (!code) broken("Boost.JSON reads what RawJson refuses", text);
    if (!dom) broken("simdjson reads what RawJson refuses", text);
    return;
  }
  const std::string_view mended = raw->text();
  const bool was_mended = mended != text;
  if (code && !out_of_range && !was_mended && !nests_too_deep(text))
    broken("RawJson reads what Boost.JSON refuses", text);
  const auto again = parser.parse(mended.data(), mended.size()).get(element);
  // BIGINT_ERROR is newer than the oldest simdjson we build with, where it is NUMBER_ERROR.
  if (again && again != simdjson::NUMBER_ERROR && again != simdjson::DEPTH_ERROR)
    broken("RawJson reads what simdjson refuses", text);
  if (again == simdjson::DEPTH_ERROR && !nests_too_deep(text)) broken("depths differ", text);
  json::error_code again_code;
  const json::value expected = parsed(mended, again_code);
  if (again_code == json::error::exponent_overflow || has_no_number(expected)) return;
  if (again_code) broken("RawJson's own text is no JSON", mended);
  if (tree(*raw, raw->root()) != expected) broken("the values differ", text);
}

void check_message(const CallError& error) {
  if (error.message.size() > 4096) broken("a long message", error.message);
  if (!is_valid_utf8(error.message)) broken("a message that is no UTF-8", error.message);
  for (const char c : error.message)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      broken("a control character in a message", error.message);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void check_short(const json::value& value) {
  constexpr std::size_t most = 200 + 60;  // and the note behind them
  if (const auto* text = value.if_string(); text && code_points(view(*text)) > most)
    broken("a long string of a shortened answer", view(*text));
  if (const auto* list = value.if_array())
    for (const json::value& one : *list) check_short(one);
  if (const auto* object = value.if_object())
    for (const auto& one : *object) check_short(one.value());
}

void check_record(const json::value& record, const ReadOptions& options) {
  if (!record.is_object()) broken("a record that is no object", json::serialize(record));
  const auto names = [](const std::vector<std::string>& fields, std::string_view key) {
    return std::any_of(fields.begin(), fields.end(), [&](const std::string& field) {
      return field == key || field.starts_with(std::string(key) + ".");
    });
  };
  for (const auto& member : record.as_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (!options.select_fields->empty() && !names(*options.select_fields, key))
      broken("a field that was not asked for", key);
  }
}

void check_outcome(const Operation& operation, const Outcome& outcome, const ReadOptions& options) {
  if (!is_valid_utf8(outcome.data)) broken("data that is no UTF-8", outcome.data);
  const json::value data = json_of(outcome.data, "data that is no JSON");
  if (operation.has_meta != !outcome.meta.empty()) broken("metadata", outcome.meta);
  if (operation.has_meta) {
    const json::value meta = json_of(outcome.meta, "metadata that is no JSON");
    if (!meta.is_null() && !meta.is_object()) broken("metadata that is no object", outcome.meta);
    for (const MetaSource& source : operation.meta)
      if (meta.is_object() && !meta.as_object().contains(source.name))
        broken("metadata without a declared name", outcome.meta);
  }
  if (data.is_null() && outcome.data != "null") return;  // an exponent beyond Boost.JSON's
  const bool lists = operation.action == Action::list || operation.action == Action::search;
  if (lists && operation.records && !data.is_array()) broken("a list that is none", outcome.data);
  const auto* records = data.if_array();
  if (outcome.record_count && (!records || records->size() != *outcome.record_count))
    broken("a wrong number of records", outcome.data);
  if (records)
    for (const json::value& record : *records) check_record(record, options);
  if (records && options.truncate) check_short(data);
}

struct Input {
  std::size_t operation = 0;
  bool select = false, exclude = false, truncate = false, error_envelope = false;
  net::Answer answer;
};

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

Input read_input(std::string_view text) {
  Input input;
  auto line = take_line(text);
  input.operation = static_cast<std::size_t>(std::atoi(std::string(line).c_str()) & 0xff);
  line.remove_prefix(std::min(line.find(' '), line.size()));
  input.answer.status = 200 + (std::atoi(std::string(line).c_str()) % 400 + 200) % 400;
  input.select = line.find('s') != std::string_view::npos;
  input.exclude = line.find('x') != std::string_view::npos;
  input.truncate = line.find('t') != std::string_view::npos;
  input.error_envelope = line.find('e') != std::string_view::npos;
  while (!text.empty()) {
    line = take_line(text);
    if (line.empty()) break;
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    // The HTTP client lets no others through.
    if (net::is_header_name(name) && net::is_header_value(value))
      input.answer.headers.add(std::string(name), std::string(value));
  }
  input.answer.body = text;
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto plain = load(false), enveloped = load(true);
  static const std::vector<std::string> select = {"id", "a.b", "i", "value", "long.name.here"},
                                        exclude = {"a", "i.secret", "value"}, none;
  static const json::object config{{"site", "x"}};
  const Input input = read_input({reinterpret_cast<const char*>(data), size});
  const Definition& definition = input.error_envelope ? *enveloped : *plain;
  const Operation& operation =
      *definition.operations[input.operation % definition.operations.size()];
  const Instant now = Instant(std::chrono::seconds(1'770'000'000));

  hold_against_parsers(input.answer.body);
  if (input.answer.status >= 400) {
    check_message(read_refusal(definition, input.answer, now));
    return 0;
  }
  ReadOptions options;
  options.config = &config;
  options.select_fields = input.select ? &select : &none;
  options.exclude_fields = input.exclude ? &exclude : &none;
  options.truncate = input.truncate;
  options.now = now;
  if (operation.action == Action::download) {
    const auto answer = read_tree(definition, input.answer);
    if (!answer) check_message(answer.error());
    if (!answer) return 0;
    const auto url = find_file_url(operation, {{"at", 0}}, *answer);
    if (!url) check_message(url.error());
    (void)file_name_of(input.answer.headers);
    return 0;
  }
  const auto outcome = read_answer(definition, operation, input.answer, options);
  if (outcome)
    check_outcome(operation, *outcome, options);
  else
    check_message(outcome.error());
  return 0;
}
