#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace fairlead {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode64(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = buffer << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += alphabet[buffer >> (bits - 6) & 63];
  }
  if (bits > 0) text += alphabet[buffer << (6 - bits) & 63];
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

std::optional<std::string> decode64(std::string_view text, std::string_view alphabet, bool padded) {
  if (padded) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  if ((buffer & ((1u << bits) - 1)) != 0) return std::nullopt;  // one text per byte string
  return bytes;
}

constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto unreserved = make_unreserved();

std::string escape(std::string_view text, bool plus_for_blank) {
  constexpr std::string_view upper = "0123456789ABCDEF";
  const auto escaped = std::count_if(
      text.begin(), text.end(), [](char c) { return !unreserved[static_cast<unsigned char>(c)]; });
  std::string out;
  out.reserve(text.size() + 2 * static_cast<std::size_t>(escaped));  // what grows leaves a copy
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved[byte]) {
      out += c;
    } else if (c == ' ' && plus_for_blank) {
      out += '+';
    } else {
      out += '%';
      out += upper[byte >> 4];
      out += upper[byte & 15];
    }
  }
  return out;
}

/// Of eight bytes.
bool is_ascii(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return (word & 0x8080808080808080) == 0;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text(bytes.size() * 2, '\0');
  char* out = text.data();
  for (const char c : bytes) {
    *out++ = hex_digits[static_cast<unsigned char>(c) >> 4];
    *out++ = hex_digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) { return encode64(bytes, standard, true); }
std::optional<std::string> from_base64(std::string_view text) {
  return decode64(text, standard, true);
}
std::string to_base64url(std::string_view bytes) { return encode64(bytes, url_safe, false); }
std::optional<std::string> from_base64url(std::string_view text) {
  return decode64(text, url_safe, false);
}

std::string percent_encode(std::string_view text) { return escape(text, false); }
std::string form_encode(std::string_view text) { return escape(text, true); }

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  const bool plain = text.find('%') == std::string_view::npos &&
                     !(plus_is_blank && text.find('+') != std::string_view::npos);
  if (plain) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
    }
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      while (i + 8 <= text.size() && is_ascii(text.data() + i)) i += 8;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return false;
    for (std::size_t j = 1; j < length; ++j)
      if ((static_cast<unsigned char>(text[i + j]) & 0xc0) != 0x80) return false;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    i += length;
  }
  return true;
}

std::string mended_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  while (!text.empty()) {
    // The longest run of whole characters, then one bad byte.
    std::size_t good = 0;
    while (good < text.size()) {
      const auto byte = static_cast<unsigned char>(text[good]);
      const std::size_t length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      if (length > 1 && !is_valid_utf8(text.substr(good, length))) break;
      if (good + length > text.size()) break;
      good += length;
    }
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    out += "\xef\xbf\xbd";
    text.remove_prefix(1);
  }
  return out;
}

std::size_t utf8_prefix(std::string_view text, std::size_t code_points) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (code_points-- == 0) return i;
  }
  return i;
}

}  // namespace fairlead
