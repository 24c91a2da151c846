#include "access/client_secret.hpp"

#include "base/digest.hpp"

#include <openssl/crypto.h>

#include <array>

namespace fairlead::access {
namespace {

constexpr std::string_view prefix = "fls_";
constexpr std::string_view base62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t random_characters = 43, check_characters = 6;

/// CRC-32 of ISO 3309, as zlib's.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/// 256 bits as a number in base 62: 43 digits hold them.
void append_base62(std::string& out, std::array<unsigned char, 32> number) {
  std::string digits(random_characters, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    unsigned rest = 0;
    for (unsigned char& byte : number) {
      const unsigned value = rest << 8 | byte;
      byte = static_cast<unsigned char>(value / 62);
      rest = value % 62;
    }
    *digit = base62[rest];
  }
  out += digits;
  OPENSSL_cleanse(digits.data(), digits.size());
}

std::string check_of(std::string_view text) {
  std::uint32_t crc = crc32(text);
  std::string digits(check_characters, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, crc /= 62)
    *digit = base62[crc % 62];
  return digits;
}

}  // namespace

Secret make_client_secret() {
  std::string random = random_bytes(32);
  std::array<unsigned char, 32> number{};
  random.copy(reinterpret_cast<char*>(number.data()), number.size());
  std::string text(prefix);
  text.reserve(prefix.size() + random_characters + check_characters);
  append_base62(text, number);
  text += check_of(text);
  Secret secret(text);
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(random.data(), random.size());
  OPENSSL_cleanse(number.data(), number.size());
  return secret;
}

bool is_client_secret_form(std::string_view text) {
  return text.size() == prefix.size() + random_characters + check_characters &&
         text.starts_with(prefix) &&
         text.find_first_not_of(base62, prefix.size()) == std::string_view::npos &&
         check_of(text.substr(0, prefix.size() + random_characters)) ==
             text.substr(prefix.size() + random_characters);
}

}  // namespace fairlead::access
