#include "vault/seal.hpp"

#include "base/clear.hpp"
#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/write_whole.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <memory>

namespace fairlead::vault {
namespace {

constexpr char format = 1, aes_256_gcm = 1;
constexpr std::size_t nonce_at = 6, nonce_size = 12, text_at = nonce_at + nonce_size, tag_size = 16;
constexpr std::size_t padding = 256;

[[noreturn]] void fail(std::string message) {
  throw Failure(Error{ErrorKind::internal, std::move(message)});
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

/// One per thread: making one costs as much as encrypting 1 KB.
EVP_CIPHER_CTX* context() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> the_context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  return the_context.get();
}

store::Blob encrypt(const Secret& key, std::uint32_t key_version, const BoundTo& place,
                    std::string_view clear) {
  std::string blob(text_at + clear.size() + tag_size, '\0');
  blob[0] = format;
  blob[1] = aes_256_gcm;
  for (std::size_t i = 0; i < 4; ++i)
    blob[2 + i] = static_cast<char>(key_version >> (24 - 8 * i) & 0xff);
  unsigned char* const nonce = raw(blob) + nonce_at;
  unsigned char* const out = raw(blob) + text_at;
  int size = 0;
  EVP_CIPHER_CTX* const c = context();
  if (key.size() != key_size || RAND_bytes(nonce, nonce_size) != 1 ||
      EVP_EncryptInit_ex2(c, cipher(), raw(key.reveal()), nonce, nullptr) != 1 ||
      EVP_EncryptUpdate(c, nullptr, &size, raw(blob), nonce_at) != 1 ||
      EVP_EncryptUpdate(c, nullptr, &size, raw(place.bytes()),
                        static_cast<int>(place.bytes().size())) != 1 ||
      EVP_EncryptUpdate(c, out, &size, raw(clear), static_cast<int>(clear.size())) != 1 ||
      EVP_EncryptFinal_ex(c, out + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, tag_size, out + clear.size()) != 1)
    fail("encryption failed");
  return store::Blob{std::move(blob)};
}

/// False when the tag does not fit; `clear` is then not to be used.
bool decrypt(const Secret& key, const BoundTo& place, std::string_view blob, Clear& clear) {
  if (!key_version_of(blob) || key.size() != key_size) return false;
  const std::string_view ciphertext = blob.substr(text_at, blob.size() - text_at - tag_size);
  std::string tag(blob.substr(blob.size() - tag_size));
  clear.text.resize(ciphertext.size());
  int size = 0;
  EVP_CIPHER_CTX* const c = context();
  return EVP_DecryptInit_ex2(c, cipher(), raw(key.reveal()), raw(blob) + nonce_at, nullptr) == 1 &&
         EVP_DecryptUpdate(c, nullptr, &size, raw(blob), nonce_at) == 1 &&
         EVP_DecryptUpdate(c, nullptr, &size, raw(place.bytes()),
                           static_cast<int>(place.bytes().size())) == 1 &&
         EVP_DecryptUpdate(c, raw(clear.text), &size, raw(ciphertext),
                           static_cast<int>(ciphertext.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(c, raw(clear.text) + size, &size) == 1;
}

}  // namespace

BoundTo& BoundTo::text(std::string_view field) {
  if (field.size() > 0xffff) fail("a field of a secret's address is too long");
  bytes_ += static_cast<char>(field.size() >> 8);
  bytes_ += static_cast<char>(field.size() & 0xff);
  bytes_ += field;
  return *this;
}

BoundTo& BoundTo::number(std::int64_t field) {
  bytes_ += std::string_view("\0\x08", 2);
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes_ += static_cast<char>(static_cast<std::uint64_t>(field) >> shift & 0xff);
  return *this;
}

Secret random_key() {
  const Clear key{random_bytes(key_size)};
  return Secret(key.text);
}

std::string key_id_of(const Secret& key) {
  Clear named("fairlead-key-id");
  named += key.reveal();
  return to_hex(bytes_of(sha256(named.text)).substr(0, 8));
}

Secret derive_key(const Secret& key, std::string_view label) {
  static EVP_KDF* const hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> c(EVP_KDF_CTX_new(hkdf),
                                                                    &EVP_KDF_CTX_free);
  std::string info = "fairlead/v1/" + std::string(label);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>("SHA256"), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<char*>(key.reveal().data()),
                                        key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  Clear derived{std::string(key_size, '\0')};
  if (EVP_KDF_derive(c.get(), raw(derived.text), key_size, parameters) != 1)
    fail("key derivation failed");
  return Secret(derived.text);
}

Sha256 mac_under(const Secret& key, std::string_view bytes) {
  return hmac_sha256(key.reveal(), bytes);
}
Sha256 mac_under(const Secret& key, const Secret& text) { return mac_under(key, text.reveal()); }

store::Blob seal_text(const Secret& key, std::uint32_t key_version, const BoundTo& place,
                      const Secret& text) {
  Clear padded;
  // Reserved at once: a string that grows leaves copies behind.
  const std::size_t size = (text.size() + padding - 1) / padding * padding;
  padded.text.reserve(size);
  padded.text.append(text.reveal());
  if (!padded.text.empty() && padded.text.back() == ' ') fail("a secret must not end in a blank");
  padded.text.resize(size, ' ');
  return encrypt(key, key_version, place, padded.text);
}

std::optional<Secret> open_text(const Secret& key, const BoundTo& place, std::string_view sealed) {
  Clear clear;
  if (!decrypt(key, place, sealed, clear)) return std::nullopt;
  const std::size_t end = clear.text.find_last_not_of(' ');
  return Secret(std::string_view(clear.text).substr(0, end == std::string::npos ? 0 : end + 1));
}

store::Blob wrap_key(const Secret& parent, std::uint32_t parent_version, const BoundTo& place,
                     const Secret& child) {
  return encrypt(parent, parent_version, place, child.reveal());
}

std::optional<Secret> unwrap_key(const Secret& parent, const BoundTo& place,
                                 std::string_view wrapped) {
  Clear clear;
  if (!decrypt(parent, place, wrapped, clear) || clear.text.size() != key_size) return std::nullopt;
  return Secret(clear.text);
}

std::optional<std::uint32_t> key_version_of(std::string_view blob) {
  if (blob.size() < text_at + tag_size || blob[0] != format || blob[1] != aes_256_gcm)
    return std::nullopt;
  std::uint32_t version = 0;
  for (std::size_t i = 2; i < 6; ++i) version = version << 8 | static_cast<unsigned char>(blob[i]);
  return version;
}

std::optional<Secret> parse_key_text(const Secret& text) {
  std::string_view line = text.reveal();
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto decoded = from_base64(line);
  if (!decoded) return std::nullopt;
  const Clear key{*std::move(decoded)};
  if (key.text.size() != key_size) return std::nullopt;
  return Secret(key.text);
}

bool write_key_text(int descriptor, const Secret& key) {
  Clear line{to_base64(key.reveal())};
  line += "\n";
  return write_whole(descriptor, line.text);
}

}  // namespace fairlead::vault
