#include "connector/download.hpp"

#include "base/encoding.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace fairlead::connector {
namespace {

constexpr std::uint64_t longest_chunk = 65'536;

CallError invalid_parameter(std::string_view name, std::string_view why) {
  return {CallErrorKind::invalid_parameter, fmt::format("Parameter '{}' {}", name, why), 0,
          std::string(name)};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The text of a parameter, "" when absent or null; nullopt when it is no text.
std::optional<std::string> text_of(const json::object& params, const char* name) {
  const json::value* const value = params.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  const auto* const text = value->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string(fairlead::view(*text));
}

/// The range of "bytes=a-b".
bool read_range(std::string_view text, ChunkRequest& chunk) {
  constexpr std::string_view unit = "bytes=";
  if (!text.starts_with(unit)) return false;
  text.remove_prefix(unit.size());
  const auto dash = std::min(text.find('-'), text.size());
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(std::min(dash + 1, text.size())));
  if (!first || !last || *last < *first || *last - *first >= longest_chunk) return false;
  chunk.first = *first;
  chunk.last = *last;
  return true;
}

/// a-b, a- or -n.
bool is_byte_range(std::string_view text) {
  const auto dash = std::min(text.find('-'), text.size());
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(std::min(dash + 1, text.size())));
  if (first && last) return *first <= *last;
  return first ? dash + 1 == text.size() : dash == 0 && last.has_value();
}

/// What a service answers with a part of the file (RFC 9110 14.1.2).
bool is_range(std::string_view text) {
  constexpr std::string_view unit = "bytes=";
  if (!text.starts_with(unit)) return false;
  for (text.remove_prefix(unit.size());;) {
    const auto comma = text.find(',');
    if (!is_byte_range(trimmed(text.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

/// The file's whole length in "bytes 0-3/10"; nullopt when unknown.
std::optional<std::uint64_t> total_of(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return number(trimmed(content_range.substr(slash + 1)));
}

/// How many bytes at the end begin a character that is not there in full.
std::size_t open_character(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const std::size_t length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

/// The field path with its {param} holes filled. A value is a name or an index, never a path.
Result<std::string, CallError> filled(const std::string& source, const json::object& params) {
  std::string out;
  for (std::size_t at = 0; at < source.size();) {
    const auto close = source[at] == '{' ? source.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      out += source[at++];
      continue;
    }
    const std::string name(trimmed(std::string_view(source).substr(at + 1, close - at - 1)));
    const json::value* const value = params.if_contains(key_of(name));
    if (value == nullptr || value->is_null())
      return CallError{CallErrorKind::missing_parameter,
                       fmt::format("Missing required parameter '{}'", name), 0, name};
    const auto text = scalar_text(*value);
    const bool plain =
        text && !text->empty() && std::all_of(text->begin(), text->end(), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
        });
    if (!plain) return invalid_parameter(name, "must be a number or a plain name");
    out += *text;
    at = close + 1;
  }
  return out;
}

const json::value* element(const json::value* list, std::string_view digits) {
  const auto* const array = list->if_array();
  const auto index = number(digits);
  return array != nullptr && index && *index < array->size() ? &(*array)[*index] : nullptr;
}

/// name[0][1] or, for a list, 0.
const json::value* step(const json::value* from, std::string_view segment) {
  auto bracket = std::min(segment.find('['), segment.size());
  const auto name = segment.substr(0, bracket);
  if (!name.empty()) {
    if (from->is_array() && bracket == segment.size()) return element(from, name);
    const auto* const object = from->if_object();
    from = object != nullptr ? object->if_contains(key_of(name)) : nullptr;
  }
  while (from != nullptr && bracket < segment.size()) {
    const auto close = segment.find(']', bracket);
    if (segment[bracket] != '[' || close == std::string_view::npos) return nullptr;
    from = element(from, segment.substr(bracket + 1, close - bracket - 1));
    bracket = close + 1;
  }
  return from;
}

const json::value* walk(const json::value& answer, std::string_view path) {
  const json::value* at = &answer;
  while (at != nullptr) {
    const auto dot = path.find('.');
    at = step(at, path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  return at;
}

/// A parameter of a header value such as `attachment; filename="a.txt"`.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  for (std::size_t at = value.find(';'); at != std::string_view::npos;) {
    auto rest = value.substr(at + 1);
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool wanted = same_word(trimmed(rest.substr(0, equals)), name);
    rest.remove_prefix(equals + 1);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    std::string text;
    std::size_t end = 0;
    if (rest.starts_with('"')) {
      for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
        if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
        text += rest[end];
      }
    } else {
      end = std::min(rest.find(';'), rest.size());
      text = trimmed(rest.substr(0, end));
    }
    if (wanted) return text;
    const auto next = rest.find(';', end);
    if (next == std::string_view::npos) return std::nullopt;
    at = static_cast<std::size_t>(rest.data() - value.data()) + next;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<ChunkRequest>, CallError> read_chunk_request(json::object& params) {
  using Wanted = std::optional<ChunkRequest>;
  const auto type = text_of(params, "_airbyte_response_type");
  if (!type || (!type->empty() && *type != "json" && *type != "stream"))
    return invalid_parameter("_airbyte_response_type", "must be 'json' or 'stream'");
  const auto range = text_of(params, "range_header");
  if (*type != "json") {
    // A service ignores a range that it cannot read, and the caller would get the whole file.
    if (range && range->empty()) params.erase("range_header");
    if (!range || (!range->empty() && !is_range(*range)))
      return invalid_parameter("range_header", "must be a range such as bytes=0-49151");
    return Wanted();
  }
  const auto format = text_of(params, "_airbyte_response_format");
  if (!format || (!format->empty() && *format != "text" && *format != "base64"))
    return invalid_parameter("_airbyte_response_format", "must be 'text' or 'base64'");
  ChunkRequest chunk;
  chunk.as_text = *format == "text";
  chunk.range = range.value_or("?");
  if (chunk.range.empty()) chunk.range = chunk.as_text ? "bytes=0-15359" : "bytes=0-49151";
  if (!read_range(chunk.range, chunk))
    return invalid_parameter(
        "range_header",
        fmt::format("must be a range of at most {} bytes such as bytes=0-49151", longest_chunk));
  params["range_header"] = chunk.range;
  return Wanted(std::move(chunk));
}

Result<std::string, CallError> chunk_json(const ChunkRequest& chunk, std::string bytes, int status,
                                          const std::optional<std::string>& content_range) {
  const bool whole_file = status != 206 && !content_range;
  if (whole_file) bytes.erase(0, std::min<std::uint64_t>(chunk.first, bytes.size()));
  if (bytes.size() > chunk.length()) bytes.resize(chunk.length());
  const bool full = bytes.size() == chunk.length();
  if (chunk.as_text) {
    const std::size_t received = bytes.size();
    bytes.resize(bytes.size() - open_character(bytes));
    if (!is_valid_utf8(bytes) || (bytes.empty() && received > 0))
      return invalid_parameter("_airbyte_response_format",
                               "must be 'base64': the file is not UTF-8 text");
  }
  const std::uint64_t next = chunk.first + bytes.size();
  const auto total = content_range ? total_of(*content_range) : std::nullopt;
  const bool has_more = !whole_file && (total ? next < *total : full);
  json::object out;
  out["content"] = chunk.as_text ? bytes : to_base64(bytes);
  out["encoding"] = chunk.as_text ? "utf-8" : "base64";
  out["bytes_returned"] = bytes.size();
  out["range_requested"] = chunk.range;
  out["next_range_header"] = nullptr;
  if (has_more)
    out["next_range_header"] = fmt::format("bytes={}-{}", next, next + chunk.length() - 1);
  out["has_more"] = has_more;
  out["content_type"] = nullptr;
  std::string text;
  append_json(text, out);
  return text;
}

Result<std::string, CallError> file_url_path(const Operation& operation,
                                             const json::object& params) {
  return filled(operation.file_url->source, params);
}

Result<std::string, CallError> find_file_url(const Operation& operation, const json::object& params,
                                             const json::value& answer) {
  const auto path = file_url_path(operation, params);
  if (!path) return path.error();
  const json::value* const found = walk(answer, *path);
  const auto* const text = found != nullptr ? found->if_string() : nullptr;
  if (text != nullptr && !text->empty()) return std::string(fairlead::view(*text));
  return CallError{CallErrorKind::executor,
                   fmt::format("Cannot extract download URL for {}: the answer has no text at '{}'",
                               operation.entity, *path)};
}

std::string file_name_of(const net::Headers& headers) {
  const std::string* const value = headers.find("Content-Disposition");
  if (value == nullptr) return {};
  std::string name;
  if (const auto extended = header_parameter(*value, "filename*")) {
    // RFC 8187: UTF-8''na%20me
    const auto quote = extended->find('\'');
    const auto second = quote == std::string::npos ? quote : extended->find('\'', quote + 1);
    if (second != std::string::npos && same_word(extended->substr(0, quote), "UTF-8"))
      name = percent_decode(extended->substr(second + 1)).value_or("");
  }
  if (name.empty()) name = header_parameter(*value, "filename").value_or("");
  if (!is_valid_utf8(name)) return {};
  if (const auto slash = name.find_last_of("/\\"); slash != std::string::npos)
    name.erase(0, slash + 1);
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name == "." || name == "..") return {};
  return name.substr(0, utf8_prefix(name, 200));
}

}  // namespace fairlead::connector
