// What is special about downloads: where the file's URL stands in an answer, its name, and the JSON
// form of a piece of it. Section 10 of the format.
#pragma once

#include "connector/call.hpp"

namespace fairlead::connector {

/// What the caller asked of a download with `_airbyte_response_*` and `range_header`.
struct ChunkRequest {
  bool as_text = false;  ///< else base64
  std::string range;     ///< "bytes=0-49151"
  std::uint64_t first = 0, last = 0;
  std::uint64_t length() const { return last - first + 1; }
};

/// The chunk that `params` ask for; nullopt when the file itself is wanted. Sets the default range
/// in `params`.
Result<std::optional<ChunkRequest>, CallError> read_chunk_request(json::object& params);

/// The chunk object as JSON text. `bytes` is what the service sent, with `status` and
/// `content_range`.
Result<std::string, CallError> chunk_json(const ChunkRequest& chunk, std::string bytes, int status,
                                          const std::optional<std::string>& content_range);

/// Where the file's URL is in the answer: the operation's field path with the values of the
/// parameters that it names.
Result<std::string, CallError> file_url_path(const Operation& operation,
                                             const json::object& params);
/// The URL at the operation's field path in the first answer, as the service wrote it.
Result<std::string, CallError> find_file_url(const Operation& operation, const json::object& params,
                                             const json::value& answer);

/// The file's name in a Content-Disposition, without folders; empty when there is none.
std::string file_name_of(const net::Headers& headers);

}  // namespace fairlead::connector
