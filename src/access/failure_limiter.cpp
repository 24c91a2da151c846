#include "access/failure_limiter.hpp"

namespace fairlead::access {
namespace {

constexpr auto window = std::chrono::seconds(60);

}  // namespace

std::optional<std::chrono::seconds> FailureLimiter::wait_for(const std::string& name, int limit) {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = windows_.find(name);
  if (found == windows_.end() || found->second.failures < limit) return std::nullopt;
  const auto left = found->second.began_at + window - now;
  if (left <= std::chrono::seconds(0) || left > window) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(left);
}

void FailureLimiter::note_failure(const std::string& name) {
  const Instant now = clock_.now();
  const auto is_over = [now](const Window& w) {
    return now - w.began_at >= window || now < w.began_at;
  };
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= most_names && !windows_.contains(name)) {
    std::erase_if(windows_, [&](const auto& item) { return is_over(item.second); });
    if (windows_.size() >= most_names) windows_.clear();
  }
  Window& counted = windows_.try_emplace(name, Window{now, 0}).first->second;
  if (is_over(counted)) counted = {now, 0};
  ++counted.failures;
}

}  // namespace fairlead::access
