// Hashes, message authentication and random bytes, from OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
/// `count` bytes from the operating system's generator (RAND_bytes); throws Failure when it has
/// none.
std::string random_bytes(std::size_t count);
/// 16 such bytes for a name that must not repeat; drawn many at once, so cheap. Not for keys.
std::array<unsigned char, 16> random_name();
/// Same time wherever the first difference is. Lengths may show.
bool equal_in_constant_time(std::string_view a, std::string_view b);

inline std::string_view bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace fairlead
