#include "base/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace fairlead {
namespace {

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    out += c == '-' || c == ' ' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view given,
                                       const std::vector<std::string>& valid, std::size_t most) {
  const std::string wanted = folded(given.substr(0, 128));
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : valid) {
    if (name.size() > 2 * wanted.size() + 128) continue;  // far from it, and long to compare
    const std::string candidate = folded(name);
    std::size_t distance = edit_distance(wanted, candidate);
    const auto& [longer, shorter] = wanted.size() > candidate.size() ? std::tie(wanted, candidate)
                                                                     : std::tie(candidate, wanted);
    const bool contained = shorter.size() >= 3 && longer.find(shorter) != std::string::npos;
    if (contained) distance = std::min<std::size_t>(distance, 1);
    if (distance <= std::max<std::size_t>(2, wanted.size() / 3)) near.emplace_back(distance, name);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > most) near.resize(most);
  std::vector<std::string> names;
  for (auto& [distance, name] : near) names.push_back(std::move(name));
  return names;
}

std::string did_you_mean(std::string_view given, const std::vector<std::string>& valid) {
  const auto names = nearest_names(given, valid);
  if (names.empty()) return "";
  std::string text = "; did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "'" : " or '") + names[i] + "'";
  return text + "?";
}

std::string what_else(std::string_view given, const std::vector<std::string>& valid,
                      std::string_view there_are) {
  if (std::string near = did_you_mean(given, valid); !near.empty()) return near;
  std::string text = "; " + std::string(there_are) + ' ';
  if (valid.empty()) return text + "none";
  for (std::size_t i = 0; i < valid.size(); ++i) text += (i == 0 ? "" : ", ") + valid[i];
  return text;
}

}  // namespace fairlead
