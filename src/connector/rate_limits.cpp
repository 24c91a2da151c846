#include "connector/rate_limits.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

double seconds_of(RateLimits::Steady::duration span) {
  return std::chrono::duration<double>(span).count();
}

RateLimits::Steady::duration duration_of(double seconds) {
  return std::chrono::duration_cast<RateLimits::Steady::duration>(
      std::chrono::duration<double>(std::min(seconds, 86'400.0)));
}

}  // namespace

RateLimits::Turn RateLimits::take(const std::string& key, const RateLimit& limit,
                                  Steady::duration most) {
  if (limit.per_second <= 0) return {true, {}};
  const auto now = now_();
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= next_sweep_) forget_full(now);
  const auto found =
      buckets_.try_emplace(key, Bucket{limit.burst, now, limit.per_second, limit.burst}).first;
  Bucket& bucket = found->second;
  bucket.tokens =
      std::min(limit.burst, bucket.tokens + seconds_of(now - bucket.filled) * limit.per_second);
  bucket.filled = now;
  // A debt is a turn in the future: whoever comes next waits behind it.
  const double debt = 1 - bucket.tokens;
  const auto wait = debt > 0 ? duration_of(debt / limit.per_second) : Steady::duration::zero();
  if (wait > most) return {false, wait - most};
  bucket.tokens -= 1;
  return {true, wait};
}

/// A bucket that is full again says nothing.
void RateLimits::forget_full(Steady::time_point now) {
  std::erase_if(buckets_, [now](const auto& entry) {
    const Bucket& bucket = entry.second;
    return bucket.tokens + seconds_of(now - bucket.filled) * bucket.per_second >= bucket.burst;
  });
  next_sweep_ = std::max<std::size_t>(1024, buckets_.size() * 2);
}

std::size_t RateLimits::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace fairlead::connector
