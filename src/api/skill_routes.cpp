// Skills: documents about connectors.
#include "api/exchange.hpp"
#include "api/views.hpp"

namespace fairlead::api {
namespace {

json::array to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

json::object to_json(const platform::SkillMeta& meta) {
  return {{"id", meta.id},
          {"kind", "connector_source"},
          {"title", meta.title},
          {"summary", or_null(meta.summary)},
          {"tags", to_json(meta.tags)},
          {"provenance", "connector definition"},
          {"version", meta.version},
          {"freshness", json::object{{"state", meta.state}, {"checked_at", nullptr}}},
          {"warnings", to_json(meta.warnings)}};
}

json::object to_json(const platform::Block& block) {
  using Kind = platform::Block::Kind;
  switch (block.kind) {
    case Kind::heading:
      return {{"type", "heading"}, {"text", block.text}, {"level", block.level}};
    case Kind::paragraph:
      return {{"type", "paragraph"}, {"text", block.text}};
    case Kind::list:
      return {{"type", "list"}, {"items", to_json(block.items)}};
    case Kind::code:
      return {{"type", "code"}, {"language", block.language}, {"code", block.text}};
    case Kind::table:
      break;
  }
  json::array rows;
  for (const auto& row : block.rows) rows.push_back(to_json(row));
  return {{"type", "table"}, {"headers", to_json(block.headers)}, {"rows", std::move(rows)}};
}

/// Everything here belongs to one organization; another one is not found.
std::optional<Error> other_organization(const Exchange& exchange, QueryReader& given) {
  const auto wanted = given.id<OrganizationId>("organization_id");
  if (!wanted || *wanted == exchange.caller().organization()) return std::nullopt;
  return not_found("there is no such organization");
}

Task<Answer> answer_page(Exchange& exchange, bool search) {
  QueryReader given(exchange.query);
  platform::Skills::Query query;
  if (search) query.text = given.required_text("query");
  query.limit = given.number("limit", 1, 100).value_or(20);
  query.cursor = given.text("cursor");
  query.workspace = given.id<WorkspaceId>("workspace_id");
  auto other = other_organization(exchange, given);
  if (!given.problems().empty()) co_return given.problems().error();
  if (other) co_return *std::move(other);

  auto page = co_await exchange.parts.platform.skills().list(exchange.caller(), query);
  if (!page) co_return std::move(page).error();
  json::array data;
  for (const auto& meta : page->skills) data.push_back(to_json(meta));
  co_return json_response(
      json::object{{"data", std::move(data)}, {"next_cursor", or_null(page->next_cursor)}});
}

}  // namespace

Task<Answer> list_skills(Exchange& exchange) { co_return co_await answer_page(exchange, false); }
Task<Answer> search_skills(Exchange& exchange) { co_return co_await answer_page(exchange, true); }

Task<Answer> read_skill(Exchange& exchange) {
  QueryReader given(exchange.query);
  std::string id = given.required_text("id");
  auto section = given.text("section");
  given.id<WorkspaceId>("workspace_id");
  auto other = other_organization(exchange, given);
  if (!given.problems().empty()) co_return given.problems().error();
  if (other) co_return *std::move(other);

  auto document = co_await exchange.parts.platform.skills().read(exchange.caller(), std::move(id),
                                                                 std::move(section));
  if (!document) co_return std::move(document).error();
  json::array outline, content;
  for (const auto& part : document->outline)
    outline.push_back(json::object{
        {"id", part.id}, {"title", part.title}, {"summary", part.summary}, {"available", true}});
  for (const auto& block : document->content) content.push_back(to_json(block));
  co_return json_response(json::object{{"metadata", to_json(document->meta)},
                                       {"outline", std::move(outline)},
                                       {"section_id", or_null(document->section)},
                                       {"content", std::move(content)}});
}

}  // namespace fairlead::api
