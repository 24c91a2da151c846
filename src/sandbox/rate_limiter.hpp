// So many requests a minute, for each caller.
#pragma once

#include "base/clock.hpp"

#include <map>
#include <string>

namespace fairlead::sandbox {

/// Counts in windows of one minute; a window begins with the first request after the last one
/// ended.
class RateLimiter {
 public:
  /// 0: no limit.
  explicit RateLimiter(unsigned per_minute) : per_minute_(per_minute) {}

  struct Verdict {
    bool allowed = true;
    unsigned remaining = 0;
    Instant ends;  ///< when the window ends
  };
  Verdict take(const std::string& caller, Instant now);
  unsigned per_minute() const noexcept { return per_minute_; }

 private:
  struct Window {
    Instant ends;
    unsigned taken = 0;
  };
  unsigned per_minute_;
  std::map<std::string, Window> windows_;
};

}  // namespace fairlead::sandbox
