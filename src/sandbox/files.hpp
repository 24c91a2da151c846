// Files: how they come in, how their bytes go out, and links that work without a key.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "net/message.hpp"
#include "sandbox/seal.hpp"

#include <string>
#include <string_view>

namespace fairlead::sandbox {

struct Upload {
  json::object fields;  ///< as sent, with content_type set from the part where there is one
  std::string content;
};

/// multipart/related (metadata as JSON, then the bytes), or JSON with `content_base64`.
/// Throws Refused: 400, 415, 422.
Upload read_upload(const net::Request& request);

/// The body without the boundaries of its parts, which differ each time it is sent.
std::string body_without_boundaries(const net::Request& request);

/// The bytes of a file, whole (200), a range of it (206), or why not (304, 416). Ranges are those
/// of RFC 9110, section 14; of several asked for at once none is served, as it allows.
net::Response content_answer(const net::Request& request, const json::object& file,
                             const std::string& content);

/// Path and query of a link that lets its holder read one file until `expires`.
std::string make_link(const Seal& seal, std::string_view file_id, Instant expires);
/// Throws Refused (403) unless `token` is that of a link to this file that has not ended.
void check_link(const Seal& seal, std::string_view file_id, std::string_view token, Instant now);

}  // namespace fairlead::sandbox
