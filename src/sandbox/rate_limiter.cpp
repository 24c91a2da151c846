#include "sandbox/rate_limiter.hpp"

namespace fairlead::sandbox {
namespace {

constexpr std::size_t most_windows = 4'096;

}  // namespace

RateLimiter::Verdict RateLimiter::take(const std::string& caller, Instant now) {
  if (windows_.size() >= most_windows)
    std::erase_if(windows_, [&](const auto& entry) { return entry.second.ends <= now; });
  Window& window = windows_[caller];
  if (window.ends <= now) window = {now + std::chrono::minutes(1), 0};
  if (window.taken >= per_minute_) return {false, 0, window.ends};
  ++window.taken;
  return {true, per_minute_ - window.taken, window.ends};
}

}  // namespace fairlead::sandbox
