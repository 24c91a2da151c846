#include "access/password.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"

#include <argon2.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdlib>

namespace fairlead::access {
namespace {

constexpr std::uint32_t passes = 2, kibibytes = 19'456, lanes = 1;
constexpr std::size_t salt_size = 16, tag_size = 32;
constexpr std::size_t shortest = 12, longest = 256;

/// A password is as weak as what is left of it without the digits and signs at its end.
constexpr std::array common_words = {"password",      "passwort",     "passw0rd",
                                     "p@ssw0rd",      "p@ssword",     "letmein",
                                     "welcome",       "welcome1",     "qwerty",
                                     "qwertyuiop",    "qwertz",       "azerty",
                                     "asdfghjkl",     "iloveyou",     "admin",
                                     "administrator", "root",         "changeme",
                                     "changeit",      "default",      "secret",
                                     "superman",      "batman",       "football",
                                     "baseball",      "basketball",   "princess",
                                     "sunshine",      "trustno1",     "dragon",
                                     "monkey",        "master",       "shadow",
                                     "michael",       "jennifer",     "liverpool",
                                     "chelsea",       "starwars",     "pokemon",
                                     "computer",      "internet",     "whatever",
                                     "mustang",       "access",       "fairlead",
                                     "test",          "testing",      "guest",
                                     "temporary",     "temppass",     "newpassword",
                                     "mypassword",    "thepassword",  "correcthorsebatterystaple",
                                     "1q2w3e4r5t6y",  "1qaz2wsx3edc", "zaq12wsxcde3",
                                     "q1w2e3r4t5y6",  "abcdefghijkl", "abc"};

constexpr std::array sequences = {"01234567890123456789",       "98765432109876543210",
                                  "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
                                  "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
                                  "1q2w3e4r5t6y7u8i9o0p",       "1qaz2wsx3edc4rfv5tgb6yhn7ujm"};

/// Lower-case text that is wiped at the end.
struct Folded {
  explicit Folded(std::string_view source) : text(source) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  Folded(const Folded&) = delete;
  Folded& operator=(const Folded&) = delete;
  ~Folded() { OPENSSL_cleanse(text.data(), text.size()); }
  std::string text;
};

std::size_t distinct_bytes(std::string_view text) {
  std::bitset<256> seen;
  for (const char c : text) seen.set(static_cast<unsigned char>(c));
  return seen.count();
}

/// abcabcabc, or the same word twice.
bool is_repetition(std::string_view text) {
  for (std::size_t period = 1; period <= text.size() / 2; ++period)
    if (text.substr(period) == text.substr(0, text.size() - period)) return true;
  return false;
}

std::string_view without_ending(std::string_view text) {
  const std::size_t last = text.find_last_not_of("0123456789!@#$%^&*()-_=+.,?");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool is_guessable(std::string_view folded, std::string_view email) {
  if (distinct_bytes(folded) < 5 || is_repetition(folded)) return true;
  for (const std::string_view sequence : sequences)
    if (sequence.find(folded) != std::string_view::npos) return true;
  const std::string_view core = without_ending(folded);
  if (core.empty() && folded.find_first_not_of("0123456789") == std::string_view::npos)
    return distinct_bytes(folded) < 8;  // a date or a telephone number
  if (std::find(common_words.begin(), common_words.end(), core) != common_words.end() ||
      std::find(common_words.begin(), common_words.end(), folded) != common_words.end())
    return true;
  const Folded address(email);
  const std::string_view account = std::string_view(address.text).substr(0, address.text.find('@'));
  return folded == address.text || core == account || folded == account;
}

}  // namespace

Result<Done> check_password(const char* field, const Secret& password, std::string_view email) {
  const std::string name(field);
  if (password.size() < shortest)
    return invalid_field(name, name + " must have at least 12 characters", "too_short");
  if (password.size() > longest)
    return invalid_field(name, name + " must have at most 256 bytes", "too_long");
  if (!is_valid_utf8(password.reveal())) return invalid_field(name, name + " must be valid UTF-8");
  const Folded folded(password.reveal());
  if (is_guessable(folded.text, email))
    return invalid_field(name, name + " is easy to guess; use a few random words", "too_common");
  return Done{};
}

std::string hash_password(const Secret& password) {
  const std::string salt = random_bytes(salt_size);
  std::string encoded(argon2_encodedlen(passes, kibibytes, lanes, salt_size, tag_size, Argon2_id),
                      '\0');
  const std::string_view text = password.reveal();
  if (argon2id_hash_encoded(passes, kibibytes, lanes, text.data(), text.size(), salt.data(),
                            salt.size(), tag_size, encoded.data(), encoded.size()) != ARGON2_OK)
    throw Failure(Error{ErrorKind::internal, "the password cannot be hashed"});
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(const Secret& password, const std::string& hash) {
  const std::string_view text = password.reveal();
  return argon2id_verify(hash.c_str(), text.data(), text.size()) == ARGON2_OK;
}

}  // namespace fairlead::access
