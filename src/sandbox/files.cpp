#include "sandbox/files.hpp"

#include "base/encoding.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace fairlead::sandbox {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) { return net::same_header(a, b); }

std::string_view essence_of(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

std::optional<std::string> boundary_of(std::string_view content_type) {
  const std::size_t at = content_type.find("boundary=");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view value = content_type.substr(at + std::string_view("boundary=").size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    value = value.substr(0, value.find('"'));
  } else {
    value = trim(value.substr(0, value.find(';')));
  }
  if (value.empty() || value.size() > 70) return std::nullopt;
  return std::string(value);
}

struct Part {
  net::Headers headers;
  std::string_view content;
};

/// Splits a part at its blank line. nullopt when it has none or a header is none.
std::optional<Part> read_part(std::string_view text) {
  Part part;
  while (!text.starts_with("\r\n")) {
    const std::size_t end = text.find("\r\n"), colon = text.find(':');
    if (end == std::string_view::npos || colon >= end || part.headers.size() == 20)
      return std::nullopt;
    part.headers.add(std::string(text.substr(0, colon)),
                     std::string(trim(text.substr(colon + 1, end - colon - 1))));
    text.remove_prefix(end + 2);
  }
  part.content = text.substr(2);
  return part;
}

/// The parts between the boundaries (RFC 2046, section 5.1.1), at most three of them.
std::optional<std::vector<Part>> read_parts(std::string_view body, std::string_view boundary) {
  const std::string first = fmt::format("--{}", boundary), next = fmt::format("\r\n--{}", boundary);
  if (!body.starts_with(first)) return std::nullopt;
  body.remove_prefix(first.size());
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    const std::size_t end = body.find(next);
    if (!body.starts_with("\r\n") || end == std::string_view::npos || parts.size() == 3)
      return std::nullopt;
    // The line end after a boundary may be the one before the next: then the part has no headers.
    auto part = end < 2 ? std::nullopt : read_part(body.substr(2, end - 2));
    if (!part) return std::nullopt;
    parts.push_back(*std::move(part));
    body.remove_prefix(end + next.size());
  }
  return parts;
}

Upload read_related(std::string_view body, std::string_view content_type) {
  const auto boundary = boundary_of(content_type);
  const auto parts = boundary ? read_parts(body, *boundary) : std::nullopt;
  if (!parts || parts->size() != 2)
    refuse(400, "invalid_multipart", "the body must be two parts: metadata as JSON, and the bytes");
  const Part &about = parts->front(), &bytes = parts->back();
  const std::string* about_type = about.headers.find("Content-Type");
  if (!about_type || !same_word(essence_of(*about_type), "application/json"))
    refuse(400, "invalid_multipart", "the first part must be application/json");
  auto fields = parse_json_object(about.content, "first part");
  if (!fields) refuse(400, "invalid_json", fields.error().message);
  if (const std::string* type = bytes.headers.find("Content-Type"))
    (*fields)["content_type"] = *type;
  return {*std::move(fields), std::string(bytes.content)};
}

Upload read_base64(std::string_view body) {
  auto fields = parse_json_object(body, "request body");
  if (!fields) refuse(400, "invalid_json", fields.error().message);
  const json::value* given = fields->if_contains("content_base64");
  if (!given) refuse_fields({{"content_base64", "content_base64 is required", "required"}});
  auto content = given->is_string() ? from_base64(view(given->get_string())) : std::nullopt;
  if (!content)
    refuse_fields({{"content_base64", "content_base64 must be base64 with padding", "format"}});
  fields->erase("content_base64");
  return {*std::move(fields), *std::move(content)};
}

struct Range {
  std::size_t first = 0, last = 0;
};
enum class RangeKind { whole, part, unsatisfiable };

std::optional<std::size_t> read_position(std::string_view text) {
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return position;
}

/// What of `size` bytes a Range header asks for. What is no single range of bytes is not looked at.
RangeKind read_range(std::string_view header, std::size_t size, Range& range) {
  if (!header.starts_with("bytes=") || header.find(',') != std::string_view::npos)
    return RangeKind::whole;
  header = trim(header.substr(6));
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return RangeKind::whole;
  const auto from = read_position(header.substr(0, dash)),
             to = read_position(header.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!to) return RangeKind::whole;
    if (*to == 0 || size == 0) return RangeKind::unsatisfiable;
    range = {size - std::min(*to, size), size - 1};
    return RangeKind::part;
  }
  const bool open = dash + 1 == header.size();
  if (!from || (!open && (!to || *to < *from))) return RangeKind::whole;
  if (*from >= size) return RangeKind::unsatisfiable;
  range = {*from, open ? size - 1 : std::min(*to, size - 1)};
  return RangeKind::part;
}

/// RFC 6266: a name that any client understands, and the true one.
std::string disposition_of(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the rest of a character
    plain += byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\' ? '_' : c;
  }
  std::string header = fmt::format("attachment; filename=\"{}\"", plain);
  if (plain != name) header += fmt::format("; filename*=UTF-8''{}", percent_encode(name));
  return header;
}

std::string_view text_in(const json::object& file, std::string_view name) {
  const json::string* text = find_string(file, name);
  return text ? view(*text) : std::string_view();
}

}  // namespace

Upload read_upload(const net::Request& request) {
  const std::string* type = request.headers.find("Content-Type");
  const std::string_view essence = type ? essence_of(*type) : std::string_view();
  if (same_word(essence, "multipart/related")) return read_related(request.body, *type);
  if (same_word(essence, "application/json")) return read_base64(request.body);
  refuse(415, "unsupported_media_type", "send multipart/related or application/json");
}

std::string body_without_boundaries(const net::Request& request) {
  const std::string* type = request.headers.find("Content-Type");
  const auto boundary = type ? boundary_of(*type) : std::nullopt;
  std::string body = request.body;
  if (!boundary) return body;
  for (std::size_t at = 0; (at = body.find(*boundary, at)) != std::string::npos;)
    body.erase(at, boundary->size());
  return body;
}

net::Response content_answer(const net::Request& request, const json::object& file,
                             const std::string& content) {
  const std::string tag = fmt::format("\"{}\"", text_in(file, "sha256").substr(0, 32));
  net::Headers headers{{"ETag", tag}, {"Accept-Ranges", "bytes"}, {"Cache-Control", "private"}};
  const std::string* known = request.headers.find("If-None-Match");
  if (known && (*known == "*" || known->find(tag) != std::string::npos))
    return {304, std::move(headers)};

  const std::string* asked = request.headers.find("Range");
  const std::string* only_if = request.headers.find("If-Range");
  Range range;
  const auto kind = asked && (!only_if || *only_if == tag)
                        ? read_range(*asked, content.size(), range)
                        : RangeKind::whole;
  if (kind == RangeKind::unsatisfiable) {
    headers.add("Content-Range", fmt::format("bytes */{}", content.size()));
    throw Refused({416,
                   "range_not_satisfiable",
                   fmt::format("the file has {} bytes", content.size()),
                   {},
                   std::move(headers)});
  }
  headers.add("Content-Type", std::string(text_in(file, "content_type")));
  headers.add("Content-Disposition", disposition_of(text_in(file, "name")));
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Content-Security-Policy", "sandbox");
  if (kind == RangeKind::whole) return {200, std::move(headers), content};
  headers.add("Content-Range",
              fmt::format("bytes {}-{}/{}", range.first, range.last, content.size()));
  return {206, std::move(headers), content.substr(range.first, range.last - range.first + 1)};
}

std::string make_link(const Seal& seal, std::string_view file_id, Instant expires) {
  const std::string purpose = fmt::format("download {}", file_id);
  return fmt::format("/download/{}?token={}", file_id, seal.seal(purpose, to_rfc3339(expires)));
}

void check_link(const Seal& seal, std::string_view file_id, std::string_view token, Instant now) {
  const auto expires = seal.open(fmt::format("download {}", file_id), token);
  if (!expires) refuse(403, "invalid_link", "this link was not made by this service");
  if (*expires <= to_rfc3339(now))
    refuse(403, "link_expired", "this link has ended; ask for the file again to get a new one");
}

}  // namespace fairlead::sandbox
