// Text that must not leak.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace fairlead {

/// Text that must not leak: cannot be copied, printed or compared by accident; zeroed at the end.
/// It lives in locked memory that is left out of core dumps, as far as the limit on locked memory
/// allows (security.md D70).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// The only way out, so that every use can be found by name. Valid while this object lives.
  std::string_view reveal() const noexcept { return {bytes_, size_}; }
  /// Takes the same time wherever the first difference is (CRYPTO_memcmp); lengths may show.
  bool matches(const Secret& other) const noexcept;
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  /// A second holder of the same text, asked for by name.
  Secret duplicate() const { return Secret(reveal()); }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

bool operator==(const Secret&, const Secret&) = delete;
bool operator<(const Secret&, const Secret&) = delete;

}  // namespace fairlead

/// Formatting a secret does not compile: ask for `reveal()` by name, where that is allowed.
template <>
struct fmt::formatter<fairlead::Secret> {
  formatter() = delete;
};
