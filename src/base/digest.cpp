#include "base/digest.hpp"

#include "base/error.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>
#include <memory>

namespace fairlead {
namespace {

/// Fetched once: fetching by name at each call costs more than a short hash.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

/// HMAC-SHA-256 under the key of the last call: most calls of a thread have the same one, and to
/// take in a key costs more than the rest.
class KeyedHash {
 public:
  KeyedHash() {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
    context_.reset(EVP_MAC_CTX_new(hmac.get()));
  }
  ~KeyedHash() { forget(); }
  KeyedHash(const KeyedHash&) = delete;

  bool digest(std::string_view key, std::string_view bytes, Sha256& out) {
    std::size_t size = 0;
    return take(key) &&
           EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size()) == 1 &&
           EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1;
  }

 private:
  bool take(std::string_view key) {
    if (known_ && equal_in_constant_time(key, key_))
      return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1;
    forget();
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end()};
    known_ = EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                          key.size(), parameters) == 1;
    if (known_) key_ = key;
    return known_;
  }
  void forget() {
    OPENSSL_cleanse(key_.data(), key_.size());
    key_.clear();
    known_ = false;
  }

  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_{nullptr, &EVP_MAC_CTX_free};
  std::string key_;
  bool known_ = false;
};

}  // namespace

Sha256 sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Sha256 digest;
  if (EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw Failure(Error{ErrorKind::internal, "SHA-256 failed"});
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 digest;
  thread_local KeyedHash hash;
  if (!hash.digest(key, bytes, digest)) throw Failure(Error{ErrorKind::internal, "HMAC failed"});
  return digest;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
    throw Failure(Error{ErrorKind::internal, "the operating system gave no random bytes"});
  return bytes;
}

std::array<unsigned char, 16> random_name() {
  struct Drawn {
    std::array<unsigned char, 1024> bytes;
    std::size_t used = sizeof(bytes);
  };
  thread_local Drawn drawn;
  std::array<unsigned char, 16> name;
  if (drawn.used == drawn.bytes.size()) {
    if (RAND_bytes(drawn.bytes.data(), static_cast<int>(drawn.bytes.size())) != 1)
      throw Failure(Error{ErrorKind::internal, "the operating system gave no random bytes"});
    drawn.used = 0;
  }
  std::memcpy(name.data(), drawn.bytes.data() + drawn.used, name.size());
  drawn.used += name.size();
  return name;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fairlead
