#include "access/signing_keys.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "store/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

namespace fairlead::access {
namespace {

constexpr auto signing_life = std::chrono::days(30);
constexpr auto published_before = std::chrono::hours(24), kept_after = std::chrono::hours(24);
constexpr std::size_t half = 32;  // bytes of r, and of s

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, FreeWith<&ECDSA_SIG_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<&EVP_MD_CTX_free>>;

[[noreturn]] void fail(std::string message) {
  throw Failure(Error{ErrorKind::internal, std::move(message)});
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

/// As text, because what is sealed does not end in a blank.
Secret private_text(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PrivateKey(key, &der);
  if (size <= 0) fail("a signing key cannot be written");
  std::string text =
      to_base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  Secret secret(text);
  OPENSSL_cleanse(text.data(), text.size());
  return secret;
}

Key read_private_text(const Secret& text) {
  auto der = from_base64(text.reveal());
  if (!der) fail("a signing key cannot be read");
  const unsigned char* at = raw(*der);
  Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der->size())));
  OPENSSL_cleanse(der->data(), der->size());
  if (!key) fail("a signing key cannot be read");
  return key;
}

/// 0x04 | x | y.
std::string public_point(EVP_PKEY* key) {
  std::string point(1 + 2 * half, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
                                      reinterpret_cast<unsigned char*>(point.data()), point.size(),
                                      &size) != 1 ||
      size != point.size() || point[0] != 4)
    fail("a signing key has an unknown form");
  return point;
}

std::string sealed_name(std::string_view kid) { return "signing-key/" + std::string(kid); }

/// ECDSA's r and s, 32 bytes each (RFC 7518, section 3.4), from OpenSSL's DER and back.
std::string joined(std::string_view der) {
  const unsigned char* at = raw(der);
  const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string bytes(2 * half, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + half, half) != half)
    fail("signing failed");
  return bytes;
}

std::optional<std::string> as_der(std::string_view bytes) {
  const Signature signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(raw(bytes), half, nullptr);
  BIGNUM* const s = BN_bin2bn(raw(bytes) + half, half, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  std::string der(80, '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  const int size = i2d_ECDSA_SIG(signature.get(), &at);
  if (size <= 0) return std::nullopt;
  der.resize(static_cast<std::size_t>(size));
  return der;
}

}  // namespace

struct SigningKeys::Ring {
  struct Entry {
    std::int64_t generation = 0;
    std::string kid, public_jwk, header;
    Key key;
    Instant signs_from;
  };
  std::vector<Entry> entries;  // oldest generation first

  /// The newest that may sign already; the very first signs in any case.
  const Entry& present(Instant now) const {
    const Entry* chosen = &entries.at(0);
    for (const Entry& entry : entries)
      if (entry.signs_from <= now) chosen = &entry;
    return *chosen;
  }
  bool is_retired(std::size_t index, Instant now) const {
    return index + 1 < entries.size() && entries[index + 1].signs_from + kept_after < now;
  }
};

SigningKeys::SigningKeys(store::Database& database, vault::Vault& vault, const Clock& clock)
    : database_(database), vault_(vault), clock_(clock), ring_(std::make_shared<const Ring>()) {}
SigningKeys::~SigningKeys() = default;

Task<std::unique_ptr<SigningKeys>> SigningKeys::open(store::Database& database, vault::Vault& vault,
                                                     const Clock& clock) {
  std::unique_ptr<SigningKeys> keys(new SigningKeys(database, vault, clock));
  co_await keys->reload();
  if (keys->ring()->entries.empty()) co_await keys->make_key(1, clock.now());
  co_await keys->maintain();
  co_return keys;
}

std::shared_ptr<const SigningKeys::Ring> SigningKeys::ring() const {
  const std::lock_guard lock(mutex_);
  return ring_;
}

std::string SigningKeys::sign(const TokenClaims& claims) const {
  const auto keys = ring();
  const Ring::Entry& entry = keys->present(clock_.now());
  std::string token = entry.header + '.' + to_base64url(write_claims(claims));
  const DigestContext context(EVP_MD_CTX_new());
  std::array<unsigned char, 80> der{};
  std::size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, sha256_algorithm(), nullptr, entry.key.get()) !=
          1 ||
      EVP_DigestSign(context.get(), der.data(), &size, raw(token), token.size()) != 1)
    fail("signing failed");
  token += '.';
  token += to_base64url(joined({reinterpret_cast<const char*>(der.data()), size}));
  return token;
}

SigningKeys::Verdict SigningKeys::check(const ParsedToken& token) const {
  const auto keys = ring();
  const auto& entries = keys->entries;
  const auto entry =
      std::find_if(entries.begin(), entries.end(),
                   [&](const Ring::Entry& candidate) { return candidate.kid == token.key_id; });
  if (entry == entries.end()) return Verdict::unknown_key;
  if (keys->is_retired(static_cast<std::size_t>(entry - entries.begin()), clock_.now()))
    return Verdict::bad;
  const auto der = as_der(token.signature);
  const DigestContext context(EVP_MD_CTX_new());
  const bool good = der &&
                    EVP_DigestVerifyInit(context.get(), nullptr, sha256_algorithm(), nullptr,
                                         entry->key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), raw(*der), der->size(), raw(token.signed_part),
                                     token.signed_part.size()) == 1;
  return good ? Verdict::good : Verdict::bad;
}

std::string SigningKeys::jwks() const {
  const auto keys = ring();
  std::string document = R"({"keys":[)";
  for (std::size_t i = 0; i < keys->entries.size(); ++i) {
    if (keys->is_retired(i, clock_.now())) continue;
    if (document.back() != '[') document += ',';
    document += keys->entries[i].public_jwk;
  }
  return document + "]}";
}

Task<void> SigningKeys::reload() {
  const std::int64_t now = clock_.now().time_since_epoch().count();
  const auto rows =
      co_await database_.read([](store::Connection& c) { return store::list_signing_keys(c); });
  auto ring = std::make_shared<Ring>();
  for (const store::SigningKeyRow& row : rows) {
    const Secret text = vault_.open_instance(sealed_name(row.kid), row.sealed).value();
    ring->entries.push_back({row.generation, row.kid, row.public_jwk, header_part(row.kid),
                             read_private_text(text), row.signs_from});
  }
  const auto newest = [](const Ring& keys) {
    return keys.entries.empty() ? 0 : keys.entries.back().generation;
  };
  {
    const std::lock_guard lock(mutex_);
    // Of two reloads at once, the one that ends last may have read first. Generations only rise.
    if (newest(*ring) >= newest(*ring_)) ring_ = std::move(ring);
  }
  reloaded_at_ = now;
}

Task<void> SigningKeys::reload_for_unknown_key() {
  const Instant last(std::chrono::microseconds(reloaded_at_.load()));
  const auto age = clock_.now() - last;
  if (age >= std::chrono::seconds(0) && age < std::chrono::seconds(1)) co_return;
  co_await reload();
}

Task<void> SigningKeys::make_key(std::int64_t generation, Instant signs_from) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) fail("a signing key cannot be made");
  const std::string point = public_point(key.get());
  const std::string kid = to_base64url(bytes_of(sha256(point)).substr(0, 12));
  const std::string jwk =
      json::serialize(json::object{{"kty", "EC"},
                                   {"crv", "P-256"},
                                   {"use", "sig"},
                                   {"alg", "ES256"},
                                   {"kid", kid},
                                   {"x", to_base64url(std::string_view(point).substr(1, half))},
                                   {"y", to_base64url(std::string_view(point).substr(1 + half))}});
  const store::SigningKeyRow row{
      .generation = generation,
      .kid = kid,
      .sealed = vault_.seal_instance(sealed_name(kid), private_text(key.get())),
      .public_jwk = jwk,
      .created_at = clock_.now(),
      .signs_from = signs_from};
  try {
    co_await database_.write([row](store::Connection& c) { store::insert_signing_key(c, row); });
    log::info("signing_key.created", {{"kid", kid}, {"signs_from", to_rfc3339(signs_from)}});
  } catch (const store::UniqueViolation&) {
    // Another server made the key of this generation: it is as good.
  }
  co_await reload();
}

Task<void> SigningKeys::maintain() {
  const Instant now = clock_.now();
  const Instant reloaded(std::chrono::microseconds(reloaded_at_.load()));
  if (now - reloaded > std::chrono::minutes(1)) co_await reload();

  auto keys = ring();
  const Ring::Entry& newest = keys->entries.back();
  const Instant due = newest.signs_from + signing_life;
  if (due - published_before <= now)
    co_await make_key(newest.generation + 1, std::max<Instant>(due, now + published_before));

  keys = ring();
  for (std::size_t i = 0; i < keys->entries.size(); ++i) {
    if (!keys->is_retired(i, now)) continue;
    const std::int64_t generation = keys->entries[i].generation;
    co_await database_.write(
        [generation](store::Connection& c) { store::delete_signing_key(c, generation); });
  }
}

}  // namespace fairlead::access
