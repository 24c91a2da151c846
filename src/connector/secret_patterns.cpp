#include "connector/secret_patterns.hpp"

#include "connector/ascii.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fairlead::connector {
namespace {

struct Pattern {
  const char* what;
  RE2 expression;  // group 1 is the random part
};

/// The forms that the services document, or that their scanners announce.
const auto& patterns() {
  static const std::array<Pattern, 18> all = {{
      {"a private key", RE2("-----BEGIN [A-Z ]*(PRIVATE KEY)-----")},
      {"a GitHub token", RE2("\\bgh[pousr]_([A-Za-z0-9]{36,})")},
      {"a GitHub token", RE2("\\bgithub_pat_([A-Za-z0-9_]{40,})")},
      {"a GitLab token", RE2("\\bglpat-([A-Za-z0-9_-]{20,})")},
      {"a Stripe key", RE2("\\b[sr]k_(?:live|test)_([A-Za-z0-9]{16,})")},
      {"a Stripe webhook secret", RE2("\\bwhsec_([A-Za-z0-9]{24,})")},
      {"a Slack token", RE2("\\bxox[abeprs]-([A-Za-z0-9-]{20,})")},
      {"a Slack webhook",
       RE2("hooks\\.slack\\.com/services/(T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,})")},
      {"an AWS access key", RE2("\\b(?:AKIA|ASIA)([A-Z0-9]{16})\\b")},
      {"a Google API key", RE2("\\bAIza([A-Za-z0-9_-]{35})")},
      {"a Google access token", RE2("\\bya29\\.([A-Za-z0-9_-]{30,})")},
      {"an OpenAI or Anthropic key", RE2("\\bsk-(?:ant-|proj-)?([A-Za-z0-9_-]{32,})")},
      {"a SendGrid key", RE2("\\bSG\\.([A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,})")},
      {"a Shopify token", RE2("\\bshp(?:at|ca|pa|ss)_([a-fA-F0-9]{32})")},
      {"a Linear key", RE2("\\blin_(?:api|oauth)_([A-Za-z0-9]{32,})")},
      {"a Notion token", RE2("\\b(?:secret|ntn)_([A-Za-z0-9]{40,})")},
      {"an npm token", RE2("\\bnpm_([A-Za-z0-9]{36})")},
      {"a JSON web token",
       RE2("\\beyJ[A-Za-z0-9_-]{8,}\\.(eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{16,})")},
  }};
  return all;
}

double bits_per_character(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts)
    if (count > 0) {
      const double share = count / static_cast<double>(text.size());
      bits -= share * std::log2(share);
    }
  return bits;
}

bool is_made_up(std::string_view text) {
  const std::string folded = ascii_lower(text);
  for (const char* word : {"fake", "example", "sample", "xxxx", "0000", "1111", "01234", "12345",
                           "abcdef", "placeholder", "your", "dummy", "sandbox", "not_a", "not-a"})
    if (folded.find(word) != std::string::npos) return true;
  return bits_per_character(text) < 3.0;
}

bool is_secret_name(std::string_view name) {
  const std::string folded = ascii_lower(name);
  for (const char* word : {"token", "secret", "password", "passwd", "api_key", "apikey", "api-key",
                           "private_key", "authorization", "credential"})
    if (folded.find(word) != std::string::npos) return true;
  return false;
}

bool is_random(std::string_view text) {
  if (text.size() < 20 || text.size() > 500) return false;
  bool has_digit = false, has_letter = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!digit && !letter && std::string_view("+/=_-.").find(c) == std::string_view::npos)
      return false;
    has_digit |= digit;
    has_letter |= letter;
  }
  return has_digit && has_letter && bits_per_character(text) >= 3.6;
}

}  // namespace

std::optional<std::string_view> secret_in(std::string_view text) {
  if (text.size() < 16) return std::nullopt;
  for (const Pattern& pattern : patterns()) {
    re2::StringPiece rest(text.data(), text.size()), found;
    while (RE2::FindAndConsume(&rest, pattern.expression, &found))
      if (!is_made_up({found.data(), found.size()}) || found == "PRIVATE KEY") return pattern.what;
  }
  return std::nullopt;
}

std::optional<std::string_view> secret_in(std::string_view name, std::string_view text) {
  if (const auto found = secret_in(text)) return found;
  if (is_secret_name(name) && is_random(text) && !is_made_up(text))
    return "a long random text under the name of a secret";
  return std::nullopt;
}

}  // namespace fairlead::connector
