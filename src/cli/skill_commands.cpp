#include "cli/skill_commands.hpp"

#include "cli/account_commands.hpp"
#include "cli/answer.hpp"
#include "cli/arguments.hpp"
#include "cli/layout.hpp"
#include "cli/output.hpp"
#include "cli/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::cli {
namespace {

/// What the lists of documents are asked with.
Task<Query> skills_query(Session& session, json::object parameters) {
  Query query{{"limit", std::to_string(integer_of(parameters, "limit", 20))}};
  pass(query, parameters, "query");
  pass(query, parameters, "cursor");
  if (const auto name = text_of(parameters, "workspace"); !name.empty()) {
    const json::value workspace = co_await find_workspace(session, name);
    query.emplace_back("workspace_id", text_at(workspace, "id"));
  }
  co_return query;
}

std::string joined(const json::array& texts, std::string_view before, std::string_view between) {
  std::string out;
  for (const auto& text : texts)
    if (text.is_string()) {
      out += out.empty() ? before : between;
      for (const char c : view(text.as_string())) {
        if (c == '|' && before == "| ") out += '\\';
        out += c;
      }
    }
  return out;
}

std::string row_of(const json::array& cells) { return joined(cells, "| ", " | ") + " |\n"; }

/// A block of a document as Markdown.
std::string to_markdown(const json::value& block) {
  const std::string type = text_at(block, "type"), text = text_at(block, "text");
  if (type == "heading") {
    const auto* level = find_path(block, "level");
    const bool known = level != nullptr && level->is_int64();
    const auto depth = known ? std::clamp<std::int64_t>(level->as_int64(), 1, 6) : 1;
    return std::string(static_cast<std::size_t>(depth), '#') + " " + text + "\n";
  }
  if (type == "list") return joined(list_at(block, "items"), "- ", "\n- ") + "\n";
  if (type == "code")
    return fmt::format("```{}\n{}\n```\n", text_at(block, "language"), text_at(block, "code"));
  if (type != "table") return text + "\n";
  const auto& headers = list_at(block, "headers");
  if (headers.empty()) return "";
  std::string out = row_of(headers) + "|";
  for (std::size_t i = 0; i < headers.size(); ++i) out += "---|";
  out += "\n";
  for (const auto& row : list_at(block, "rows"))
    if (const auto* cells = row.if_array()) out += row_of(*cells);
  return out;
}

/// Without what would steer a terminal; its lines stay.
std::string plain_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += plain(text.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

/// A document as Markdown, which is for reading.
std::string document_of(const json::value& document) {
  std::string out;
  for (const auto& block : list_at(document, "content")) out += to_markdown(block) + '\n';
  const auto& outline = list_at(document, "outline");
  if (text_at(document, "section_id").empty() && !outline.empty()) {
    out += "## Sections\n\n";
    for (const auto& part : outline)
      out += fmt::format("- `{}`: {}\n", text_at(part, "id"), text_at(part, "summary"));
  }
  return plain_lines(out);
}

}  // namespace

Task<json::value> list_skills(Session& session, json::object parameters) {
  Query query = co_await skills_query(session, std::move(parameters));
  co_return co_await session.api.get("/skills", std::move(query));
}

Task<json::value> search_skills(Session& session, json::object parameters) {
  Query query = co_await skills_query(session, std::move(parameters));
  co_return co_await session.api.get("/skills/search", std::move(query));
}

Task<json::value> read_skill(Session& session, json::object parameters) {
  Query query{{"id", text_of(parameters, "id")}};
  pass(query, parameters, "section");
  const std::string format =
      text_of(parameters, "format", output_is_terminal() ? "markdown" : "json");
  if (format != "json" && format != "markdown")
    throw Problem("validation_error",
                  fmt::format("--format: '{}' is neither json nor markdown", format));
  json::value document = co_await session.api.get("/skills/docs", std::move(query));
  if (format == "json") co_return document;
  session.out << document_of(document);
  co_return nullptr;
}

}  // namespace fairlead::cli
