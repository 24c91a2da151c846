// Counts failed attempts by name in windows of a minute. Memory is bounded: when it is full,
// counting begins anew.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace fairlead::access {

/// Safe to use from any thread.
class FailureLimiter {
 public:
  explicit FailureLimiter(const Clock& clock) : clock_(clock) {}

  /// How long to wait when `name` has failed `limit` times in its minute; nullopt: go on.
  std::optional<std::chrono::seconds> wait_for(const std::string& name, int limit);
  void note_failure(const std::string& name);

 private:
  static constexpr std::size_t most_names = 20'000;
  struct Window {
    Instant began_at;
    int failures = 0;
  };
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace fairlead::access
