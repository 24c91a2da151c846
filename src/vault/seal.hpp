// The cryptography of the vault, and the only place in it where a secret is looked at.
//
// A sealed text or wrapped key is
//   0x01 format | 0x01 AES-256-GCM | u32 key version, big-endian | 12 bytes nonce | ciphertext |
//   tag
// The nonce is random for every encryption; the first six bytes are authenticated too. A sealed
// text is padded with blanks to a multiple of 256 bytes, a wrapped key is not.
#pragma once

#include "base/digest.hpp"
#include "base/secret.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::vault {

inline constexpr std::size_t key_size = 32;

/// What a ciphertext is bound to: fields with their lengths, so that no two lists of fields give
/// the same bytes.
class BoundTo {
 public:
  explicit BoundTo(std::string_view what) { text(what); }
  BoundTo& text(std::string_view field);
  BoundTo& number(std::int64_t field);
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

Secret random_key();
/// 16 hex digits: the first 8 bytes of SHA-256("fairlead-key-id" | key).
std::string key_id_of(const Secret& key);
/// HKDF-SHA-256. One label, one use.
Secret derive_key(const Secret& key, std::string_view label);
Sha256 mac_under(const Secret& key, std::string_view bytes);
Sha256 mac_under(const Secret& key, const Secret& text);

/// Text must not end in a blank: Failure(internal).
store::Blob seal_text(const Secret& key, std::uint32_t key_version, const BoundTo& place,
                      const Secret& text);
/// nullopt: not what was sealed under this key for this place.
std::optional<Secret> open_text(const Secret& key, const BoundTo& place, std::string_view sealed);

store::Blob wrap_key(const Secret& parent, std::uint32_t parent_version, const BoundTo& place,
                     const Secret& child);
std::optional<Secret> unwrap_key(const Secret& parent, const BoundTo& place,
                                 std::string_view wrapped);

/// The key version that a blob names; nullopt when it is too short, or of an unknown format or
/// algorithm.
std::optional<std::uint32_t> key_version_of(std::string_view blob);

/// The kept form of the root key: base64, with or without an end of line. nullopt when it is not 32
/// bytes.
std::optional<Secret> parse_key_text(const Secret& text);
/// Writes that form; false when the descriptor does not take it.
bool write_key_text(int descriptor, const Secret& key);

}  // namespace fairlead::vault
