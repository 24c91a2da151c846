// Time as a part that tests can replace.
#pragma once

#include "base/error.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace fairlead {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// Wall-clock time. Implementations are safe to use from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

/// Stands still until told to move.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start.time_since_epoch().count()) {}
  Instant now() const override { return Instant(std::chrono::microseconds(now_.load())); }
  void advance(std::chrono::microseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
};

/// RFC 3339 in UTC with microseconds: 2026-04-20T21:57:20.991787Z
std::string to_rfc3339(Instant instant);
/// RFC 3339 with any offset, or a bare date (midnight UTC).
Result<Instant> parse_rfc3339(std::string_view text);

/// A point in time that travels with a request, so that no step works for someone who has gone.
class Deadline {
 public:
  using Steady = std::chrono::steady_clock;
  static Deadline after(Steady::duration limit) { return Deadline(Steady::now() + limit); }
  static Deadline never() { return Deadline(Steady::time_point::max()); }

  Steady::time_point at() const noexcept { return at_; }
  bool passed() const noexcept { return Steady::now() >= at_; }
  Steady::duration remaining() const noexcept {
    if (at_ == Steady::time_point::max()) return Steady::duration::max();
    const auto left = at_ - Steady::now();
    return left > Steady::duration::zero() ? left : Steady::duration::zero();
  }
  /// This deadline, or `limit` from now, whichever is first.
  Deadline within(Steady::duration limit) const {
    return Deadline(std::min(at_, Steady::now() + limit));
  }

 private:
  explicit Deadline(Steady::time_point at) : at_(at) {}
  Steady::time_point at_;
};

}  // namespace fairlead
