// What was revoked: a number for each organization, client and workspace, raised to end the tokens
// that carry an older one. Kept in memory, read from the database every 2 seconds.
#pragma once

#include "base/clock.hpp"
#include "base/task.hpp"
#include "store/database.hpp"
#include "store/keys.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fairlead::access {

/// Of organization, client and workspace; 0 where nothing was ever revoked.
using EpochNumbers = std::array<std::int64_t, 3>;

/// Safe to use from any thread.
class Epochs {
 public:
  Epochs(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Reads what is new. Also called right after a change made here, so that it holds at once.
  Task<void> poll();
  /// True when poll() has not succeeded for 10 seconds: then nothing may be accepted.
  bool is_stale() const;
  /// The number of the last change that is known. While it stays the same, so do all answers.
  std::int64_t clock() const noexcept { return last_.load(std::memory_order_acquire); }

  EpochNumbers of(std::string_view organization, std::string_view client,
                  std::string_view workspace) const;
  std::int64_t of_workspace(std::string_view workspace) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Numbers = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;
  static std::int64_t number_of(const Numbers& numbers, std::string_view subject);

  store::Database& database_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::array<Numbers, 3> numbers_;  // by EpochKind
  std::atomic<std::int64_t> last_{0};
  std::atomic<std::int64_t> polled_at_{0};  // microseconds of the clock; 0: never
};

}  // namespace fairlead::access
