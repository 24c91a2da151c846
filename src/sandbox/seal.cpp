#include "sandbox/seal.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"

namespace fairlead::sandbox {
namespace {

constexpr std::size_t mark_bytes = 16;

}  // namespace

Seal::Seal() : key_(random_bytes(32)) {}

std::string Seal::mark(std::string_view purpose, std::string_view text) const {
  std::string marked(bytes_of(sha256(purpose)));
  marked += text;
  return std::string(bytes_of(hmac_sha256(key_, marked)).substr(0, mark_bytes));
}

std::string Seal::seal(std::string_view purpose, std::string_view text) const {
  return to_base64url(mark(purpose, text).append(text));
}

std::optional<std::string> Seal::open(std::string_view purpose, std::string_view sealed) const {
  const auto bytes = from_base64url(sealed);
  if (!bytes || bytes->size() < mark_bytes) return std::nullopt;
  std::string text = bytes->substr(mark_bytes);
  if (!equal_in_constant_time(bytes->substr(0, mark_bytes), mark(purpose, text)))
    return std::nullopt;
  return text;
}

}  // namespace fairlead::sandbox
