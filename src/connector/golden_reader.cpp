#include "connector/field_reader.hpp"
#include "connector/golden.hpp"
#include "connector/secret_patterns.hpp"
#include "connector/wire_text.hpp"

#include <algorithm>
#include <set>

namespace fairlead::connector {
namespace {

using Reason = net::SendFailure::Reason;

constexpr std::string_view default_now = "2026-01-01T00:00:00Z";

/// What cases of a file have in common.
struct Defaults {
  json::object config;
  std::map<std::string, std::string> credentials;
  std::string auth_scheme;
  std::string now = std::string(default_now);
};

class GoldenReader {
 public:
  explicit GoldenReader(std::string_view text)
      : last_line_(static_cast<int>(std::count(text.begin(), text.end(), '\n')) +
                   (text.ends_with('\n') ? 0 : 1)) {}

  GoldenFile read(const YamlNode& root) {
    const Place place = Place::root(root);
    if (root.find("cases") == nullptr) {
      GoldenFile file;
      file.cases.push_back(read_case(place, {}, last_line_ + 1));
      return file;
    }
    Fields fields(place, problems);
    Defaults defaults;
    if (const auto found = fields.find("defaults")) defaults = read_defaults(*found);
    GoldenFile file;
    if (const auto list = fields.list("cases")) file = read_cases(*list, defaults);
    fields.text("description");
    fields.finish(Others::refused);
    return file;
  }

  Problems problems;

 private:
  GoldenFile read_cases(const Place& list, const Defaults& defaults) {
    GoldenFile file;
    const YamlList& elements = *list.node->if_list();
    if (elements.empty()) problems.add(list, "at least one case is expected");
    std::set<std::string> names;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const int end = i + 1 < elements.size() ? elements[i + 1]->line : last_line_ + 1;
      file.cases.push_back(read_case(list.element(i), defaults, end));
      const std::string& name = file.cases.back().name;
      if (!name.empty() && !names.insert(name).second)
        problems.add(list.element(i), "the name '" + name + "' stands twice in this file");
    }
    return file;
  }

  Defaults read_defaults(const Place& place) {
    Fields fields(place, problems);
    Defaults out;
    if (const auto config = fields.map("config")) out.config = to_json(*config->node).as_object();
    if (const auto found = fields.find("credentials")) out.credentials = read_credentials(*found);
    out.auth_scheme = fields.text("auth_scheme").value_or("");
    out.now = fields.text("now").value_or(out.now);
    fields.finish(Others::refused);
    return out;
  }

  GoldenCase read_case(const Place& place, const Defaults& defaults, int end) {
    Fields fields(place, problems);
    GoldenCase one;
    one.lines = {place.line, end};
    note_layout(fields.members(), one);
    one.name = fields.required_text("name");
    if (const auto call = fields.require("call")) read_call(*call, defaults, one);
    if (const auto list = fields.list("exchanges")) read_exchanges(*list, one);
    if (const auto waits = fields.list("waits")) one.waits = to_json(*waits->node).as_array();
    if (const auto found = fields.find("result")) one.result = read_result(*found);
    if (const auto found = fields.find("error")) one.error = read_error(*found);
    fields.finish(Others::refused);
    if (one.result && one.error)
      problems.add(place, "either `result` or `error` is expected, not both");
    const bool open_end = !one.exchanges.empty() && !one.exchanges.back().answer;
    if (open_end && (one.result || one.error))
      problems.add(place,
                   "the last request has no `answer`, so there can be no `result` and no `error`");
    return one;
  }

  /// Where what --update replaces stands.
  void note_layout(const YamlMap& members, GoldenCase& one) const {
    for (std::size_t i = 0; i < members.size(); ++i) {
      const YamlMember& member = members[i];
      if (i == 0) one.indentation = member.column - 1;
      // Two members in a line, or one that is indented differently: a flow mapping.
      if (member.column - 1 != one.indentation || (i > 0 && member.line == members[i - 1].line))
        one.is_block = false;
      const int end = i + 1 < members.size() ? members[i + 1].line : one.lines.end;
      for (const char* name : {"exchanges", "waits", "result", "error"})
        if (member.key == name) one.expected.push_back({member.line, end});
    }
  }

  void read_call(const Place& place, const Defaults& defaults, GoldenCase& one) {
    Fields call(place, problems);
    one.entity = call.required_text("entity");
    one.action = call.required_text("action");
    if (const auto params = call.map("params")) one.params = to_json(*params->node).as_object();
    one.config = defaults.config;
    if (const auto config = call.map("config")) one.config = to_json(*config->node).as_object();
    one.credentials = defaults.credentials;
    if (const auto found = call.find("credentials")) one.credentials = read_credentials(*found);
    one.auth_scheme = call.text("auth_scheme").value_or(defaults.auth_scheme);
    one.cursor = call.text("cursor");
    one.select_fields = call.texts("select_fields").value_or(std::vector<std::string>());
    one.exclude_fields = call.texts("exclude_fields").value_or(std::vector<std::string>());
    const std::string now = call.text("now").value_or(defaults.now);
    if (const auto instant = parse_rfc3339(now))
      one.now = *instant;
    else
      problems.add(place, "`now` is a time such as 2026-01-01T00:00:00Z, not '" + now + "'");
    call.finish(Others::refused);
  }

  std::map<std::string, std::string> read_credentials(const Place& place) {
    std::map<std::string, std::string> out;
    for (const auto& [name, text] : texts_by_name(place, problems)) {
      if (const auto what = secret_in(name, text))
        problems.add(place, "'" + name + "' looks like " + std::string(*what) +
                                "; write a value that is plainly fake, such as fake-" + name);
      out[name] = text;
    }
    return out;
  }

  void read_exchanges(const Place& list, GoldenCase& one) {
    const std::size_t count = list.node->if_list()->size();
    for (std::size_t i = 0; i < count; ++i) {
      const Place place = list.element(i);
      Fields fields(place, problems);
      GoldenExchange exchange;
      if (const auto request = fields.find("request")) exchange.request = read_request(*request);
      if (const auto answer = fields.find("answer")) exchange.answer = read_answer(*answer);
      fields.finish(Others::refused);
      if (!exchange.answer && i + 1 < count)
        problems.add(place, "only the last request may be without an `answer`");
      one.exchanges.push_back(std::move(exchange));
    }
  }

  json::object read_request(const Place& place) {
    Fields fields(place, problems);
    fields.required_text("method");
    fields.required_text("url");
    if (const auto headers = fields.find("headers")) texts_by_name(*headers, problems);
    check_body(fields);
    fields.finish(Others::refused);
    return fields.is_map() ? to_json(*place.node).as_object() : json::object();
  }

  /// `body` is text, `json` any value; one of the two, or neither.
  void check_body(Fields& fields) {
    const bool has_text = fields.text("body").has_value();
    const bool has_json = fields.find("json").has_value();
    if (has_text && has_json)
      problems.add(fields.place(), "either `json` or `body` is expected, not both");
  }

  GoldenAnswer read_answer(const Place& place) {
    Fields fields(place, problems);
    GoldenAnswer answer;
    if (!fields.is_map()) return answer;
    answer.written = to_json(*place.node).as_object();
    if (const auto word =
            fields.word("failure", {"resolve", "connect", "tls", "timed_out", "broken"})) {
      answer.failure = *word == "resolve"     ? Reason::resolve
                       : *word == "connect"   ? Reason::connect
                       : *word == "tls"       ? Reason::tls
                       : *word == "timed_out" ? Reason::timed_out
                                              : Reason::broken;
    } else {
      const auto status = fields.whole("status");
      answer.status = static_cast<int>(status.value_or(200));
      if (status && (*status < 200 || *status > 599))
        problems.add(*fields.find("status"), "a status from 200 to 599 is expected");
      if (const auto headers = fields.find("headers"))
        for (auto& [name, value] : texts_by_name(*headers, problems))
          answer.headers.add(std::move(name), std::move(value));
      check_body(fields);
      if (const auto text = fields.text("body")) answer.body = *text;
      if (const YamlNode* value = place.node->find("json")) {
        append_json(answer.body, to_json(*value));
        if (!answer.headers.find("Content-Type"))
          answer.headers.add("Content-Type", "application/json");
      }
    }
    fields.finish(Others::refused);
    return answer;
  }

  json::object read_result(const Place& place) {
    Fields fields(place, problems);
    fields.allow({"data", "meta"});
    if (const auto page = fields.find("paging")) {
      Fields paging(*page, problems);
      paging.flag("has_more");
      paging.text("end_cursor");
      paging.finish(Others::refused);
    }
    if (const auto file = fields.find("download")) {
      Fields download(*file, problems);
      for (const char* name : {"content_type", "file_name", "content_range", "text", "base64"})
        download.text(name);
      download.whole("status");
      download.finish(Others::refused);
    }
    fields.finish(Others::refused);
    if (!fields.is_map()) return {};
    json::object out = to_json(*place.node).as_object();
    if (const auto* meta = out.if_contains("meta"); meta && meta->is_null()) out.erase("meta");
    return out;
  }

  json::object read_error(const Place& place) {
    Fields fields(place, problems);
    fields.required_text("kind");
    fields.whole("status");
    fields.text("message");
    fields.finish(Others::refused);
    return fields.is_map() ? to_json(*place.node).as_object() : json::object();
  }

  const int last_line_;
};

}  // namespace

Result<GoldenFile, std::vector<DefinitionProblem>> read_golden(std::string_view text) {
  auto tree = read_yaml(text);
  if (!tree) return std::move(tree).error();
  GoldenReader reader(text);
  GoldenFile file = reader.read(*tree->root);
  if (!reader.problems.list().empty()) return reader.problems.list();
  return file;
}

}  // namespace fairlead::connector
