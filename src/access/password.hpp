// Passwords of members: argon2id (m = 19 MiB, t = 2, p = 1), kept as a PHC string.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace fairlead::access {

/// 12 to 256 bytes of UTF-8; not a well-known one, not made of a few characters or a plain
/// sequence, not the address or name of the account. There are no rules of composition.
Result<Done> check_password(const char* field, const Secret& password, std::string_view email);

/// Blocks for about 0.1 s and needs 19 MiB.
std::string hash_password(const Secret& password);
/// The same cost. False for a malformed hash.
bool verify_password(const Secret& password, const std::string& hash);

}  // namespace fairlead::access
