// Keeps calls below the rate that a definition says its service allows (x-fairlead-rate-limit), so
// that a service need not say no. Of this process: several servers each have their own.
#pragma once

#include "connector/extensions.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace fairlead::connector {

/// Safe to use from any thread.
class RateLimits {
 public:
  using Steady = std::chrono::steady_clock;
  /// The longest that a request is kept waiting for its turn.
  static constexpr std::chrono::seconds longest_wait{5};

  explicit RateLimits(std::function<Steady::time_point()> now = [] { return Steady::now(); })
      : now_(std::move(now)) {}

  struct Turn {
    bool granted;
    Steady::duration
        wait;  ///< until the request may go out; refused: until asking again is worth it
  };
  /// A turn under `limit` for what `key` names (a connector, an operation of it). One that would
  /// come later than `most` from now is refused, and counts for nothing.
  Turn take(const std::string& key, const RateLimit& limit, Steady::duration most);

  std::size_t size() const;

 private:
  struct Bucket {
    double tokens;
    Steady::time_point filled;
    double per_second, burst;
  };
  void forget_full(Steady::time_point now);

  const std::function<Steady::time_point()> now_;
  mutable std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
  std::size_t next_sweep_ = 1024;
};

}  // namespace fairlead::connector
