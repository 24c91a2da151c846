// Bytes as text and back: base64, hex, percent-encoding, UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fairlead {

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding.
std::string to_base64(std::string_view bytes);
/// Strict: no blanks, canonical padding.
std::optional<std::string> from_base64(std::string_view text);
/// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

/// Every byte but RFC 3986's unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);
/// application/x-www-form-urlencoded: as percent_encode, but a blank becomes '+'.
std::string form_encode(std::string_view text);
/// Decodes %XX, and '+' to a blank when `plus_is_blank`; nullopt on a malformed escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

bool is_valid_utf8(std::string_view text);
/// Every byte that is no part of a whole character becomes U+FFFD.
std::string mended_utf8(std::string_view text);
/// The longest prefix of at most `code_points` code points, in bytes. `text` is valid UTF-8.
std::size_t utf8_prefix(std::string_view text, std::size_t code_points);

}  // namespace fairlead
