#include "sandbox/target.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace fairlead::sandbox {
namespace {

constexpr std::size_t most_pairs = 100;

/// The text up to `mark`, which is taken off `rest` with it.
std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t end = std::min(rest.find(mark), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  auto decoded = percent_decode(text, plus_is_blank);
  if (decoded && !is_valid_utf8(*decoded)) return std::nullopt;
  return decoded;
}

}  // namespace

std::optional<Form> Form::parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    if (value.empty()) continue;
    const std::string_view name = take_until(value, '=');
    auto decoded_name = decode(name, true), decoded_value = decode(value, true);
    if (!decoded_name || !decoded_value || form.pairs_.size() == most_pairs) return std::nullopt;
    form.pairs_.emplace_back(*std::move(decoded_name), *std::move(decoded_value));
  }
  return form;
}

const std::string* Form::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : pairs_)
    if (key == name) return &value;
  return nullptr;
}

const std::string* Form::repeated() const noexcept {
  for (auto pair = pairs_.begin(); pair != pairs_.end(); ++pair)
    if (std::any_of(pairs_.begin(), pair,
                    [&](const auto& earlier) { return earlier.first == pair->first; }))
      return &pair->first;
  return nullptr;
}

std::optional<Target> Target::parse(std::string_view text) {
  if (text.empty() || text.front() != '/') return std::nullopt;
  std::string_view path = take_until(text, '?');
  auto query = Form::parse(text);
  if (!query) return std::nullopt;
  Target target{{}, *std::move(query)};
  path.remove_prefix(1);
  for (bool more = true; more;) {
    more = path.find('/') != std::string_view::npos;
    auto segment = decode(take_until(path, '/'), false);
    if (!segment) return std::nullopt;
    target.path.push_back(*std::move(segment));
  }
  return target;
}

}  // namespace fairlead::sandbox
