#include "connector/golden.hpp"
#include "connector/wire_text.hpp"
#include "connector/yaml_reader.hpp"
#include "connector/yaml_writer.hpp"

namespace fairlead::connector {
namespace {

/// The members that describe what came, in the order in which they are written.
json::object written_anew(const GoldenCase& one, const GoldenVerdict& verdict) {
  json::object out;
  json::array exchanges;
  const json::array& requests = verdict.actual.at("requests").as_array();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    json::object request = requests[i].as_object();
    if (const auto* headers = find_object(request, "headers"); headers && headers->empty())
      request.erase("headers");
    json::object exchange{{"request", std::move(request)}};
    if (i < one.exchanges.size() && one.exchanges[i].answer)
      exchange["answer"] = one.exchanges[i].answer->written;
    exchanges.emplace_back(std::move(exchange));
  }
  if (!exchanges.empty()) out["exchanges"] = std::move(exchanges);
  for (const char* name : {"waits", "result", "error"})
    if (const auto* value = verdict.actual.if_contains(name)) out[name] = *value;
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_blank_or_comment(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  return first == std::string::npos || line[first] == '#';
}

/// One case's new lines in place of its old ones. Cases are replaced from the last to the first, so
/// that line numbers hold.
void replace(std::vector<std::string>& lines, const GoldenCase& one, const json::object& members) {
  std::string text;
  append_yaml(text, members, static_cast<std::size_t>(one.indentation));
  const auto added = lines_of(text);
  // Comments before the next member, and blank lines between cases, stay.
  const auto trimmed_end = [&](int begin, int end) {
    while (end - 1 > begin && is_blank_or_comment(lines[static_cast<std::size_t>(end - 2)])) --end;
    return end;
  };
  std::size_t at = 0;
  if (one.expected.empty()) {
    at = static_cast<std::size_t>(trimmed_end(one.lines.begin, one.lines.end) - 1);
  } else {
    for (auto range = one.expected.rbegin(); range != one.expected.rend(); ++range) {
      const int end = trimmed_end(range->begin, range->end);
      lines.erase(lines.begin() + (range->begin - 1), lines.begin() + (end - 1));
    }
    at = static_cast<std::size_t>(one.expected.front().begin - 1);
  }
  at = std::min(at, lines.size());
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), added.begin(), added.end());
}

bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

/// {"name", "call", ...} with the new members in place of the old.
void replace(json::object& written, const json::object& members) {
  for (const char* name : {"exchanges", "waits", "result", "error"}) written.erase(name);
  for (const auto& [name, value] : members) written[name] = value;
}

/// A JSON file is written as a whole, indented by two.
void append_pretty(std::string& out, const json::value& value, std::size_t depth) {
  const auto line = [&](std::size_t levels) { out.append("\n").append(2 * levels, ' '); };
  const auto* object = value.if_object();
  const auto* list = value.if_array();
  if (object && !object->empty()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (key.data() != object->begin()->key().data()) out += ',';
      line(depth + 1);
      append_json_string(out, view(key));
      out += ": ";
      append_pretty(out, member, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (list && !list->empty()) {
    out += '[';
    for (const json::value& element : *list) {
      if (&element != &list->front()) out += ',';
      line(depth + 1);
      append_pretty(out, element, depth + 1);
    }
    line(depth);
    out += ']';
  } else {
    append_json(out, value);
  }
}

Result<std::string> updated_json(std::string_view text, const GoldenFile& file,
                                 const std::vector<GoldenVerdict>& verdicts) {
  const auto tree = read_yaml(text);
  if (!tree) return invalid("the file cannot be read");
  json::value root = to_json(*tree->root);
  json::value* const cases = root.as_object().if_contains("cases");
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].passed) continue;
    json::object& one = cases ? cases->as_array()[i].as_object() : root.as_object();
    replace(one, written_anew(file.cases[i], verdicts[i]));
  }
  std::string out;
  append_pretty(out, root, 0);
  return out + "\n";
}

}  // namespace

Result<std::string> updated_golden(std::string_view text, const GoldenFile& file,
                                   const std::vector<GoldenVerdict>& verdicts) {
  if (is_json(text)) return updated_json(text, file, verdicts);
  std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = verdicts.size(); i-- > 0;) {
    if (verdicts[i].passed) continue;
    const GoldenCase& one = file.cases[i];
    const bool first_is_name = one.expected.empty() || one.expected.front().begin > one.lines.begin;
    if (!one.is_block || !first_is_name)
      return invalid("the case '" + one.name +
                     "' cannot be replaced line by line; write one member a line, `name` first");
    replace(lines, one, written_anew(one, verdicts[i]));
  }
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  return out;
}

}  // namespace fairlead::connector
