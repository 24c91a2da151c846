#include "sandbox/search.hpp"

#include <algorithm>

namespace fairlead::sandbox {
namespace {

constexpr std::size_t most_terms = 10;

bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Capitals of ASCII and of Latin-1 (in UTF-8: 0xC3 0x80 to 0xC3 0x9E without the times sign).
void lower(std::string& word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const auto before = i == 0 ? 0u : static_cast<unsigned char>(word[i - 1]);
    if (byte >= 'A' && byte <= 'Z') word[i] = static_cast<char>(byte + 0x20);
    if (before == 0xc3 && byte >= 0x80 && byte <= 0x9e && byte != 0x97)
      word[i] = static_cast<char>(byte + 0x20);
  }
}

/// Scripts such as Japanese put no blanks between words, so a term of those may stand anywhere.
bool word_matches(const std::string& term, const std::string& word) {
  const bool ascii = static_cast<unsigned char>(term.front()) < 0x80;
  return ascii ? word.starts_with(term) : word.find(term) != std::string::npos;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    lower(word);
    words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text)
    if (is_word_byte(c))
      word += c;
    else
      end_word();
  end_word();
  return words;
}

SearchTerms::SearchTerms(std::string_view query) {
  bool quoted = false;
  while (!query.empty() && terms_.size() < most_terms) {
    const std::size_t end = std::min(query.find('"'), query.size());
    std::vector<std::string> words = words_of(query.substr(0, end));
    if (!quoted) {
      for (std::string& word : words)
        if (terms_.size() < most_terms) terms_.push_back({{std::move(word)}, false});
    } else if (!words.empty()) {
      terms_.push_back({std::move(words), true});
    }
    quoted = !quoted;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

std::int64_t SearchTerms::score(const std::vector<Part>& parts) const {
  std::vector<std::int64_t> found(terms_.size(), 0);
  for (const Part& part : parts) {
    const std::vector<std::string> words = words_of(part.text);
    for (std::size_t term = 0; term < terms_.size(); ++term) {
      const auto& [wanted, phrase] = terms_[term];
      for (std::size_t at = 0; at + wanted.size() <= words.size(); ++at) {
        const auto here = words.begin() + static_cast<std::ptrdiff_t>(at);
        const bool matches = phrase ? std::equal(wanted.begin(), wanted.end(), here)
                                    : word_matches(wanted.front(), *here);
        if (matches) found[term] += part.weight;
      }
    }
  }
  std::int64_t sum = 0;
  for (const std::int64_t occurrences : found) {
    if (occurrences == 0) return 0;
    sum += occurrences;
  }
  return sum;
}

}  // namespace fairlead::sandbox
