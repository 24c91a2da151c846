#include "access/epochs.hpp"

#include <algorithm>
#include <mutex>

namespace fairlead::access {
namespace {

constexpr auto longest_silence = std::chrono::seconds(10);

}  // namespace

Task<void> Epochs::poll() {
  const std::int64_t after = clock();
  const Instant asked_at = clock_.now();
  const auto changes = co_await database_.read(
      [after](store::Connection& c) { return store::list_epoch_changes(c, after); });
  if (!changes.empty()) {
    const std::unique_lock lock(mutex_);
    for (const store::EpochChange& change : changes) {
      std::int64_t& number = numbers_[static_cast<std::size_t>(change.kind)][change.subject_id];
      number = std::max(number, change.clock);
    }
    last_.store(std::max(last_.load(), changes.back().clock), std::memory_order_release);
  }
  polled_at_ = asked_at.time_since_epoch().count();
}

bool Epochs::is_stale() const {
  const auto age = clock_.now() - Instant(std::chrono::microseconds(polled_at_.load()));
  return age > longest_silence || age < -longest_silence;  // the clock may have been set back
}

EpochNumbers Epochs::of(std::string_view organization, std::string_view client,
                        std::string_view workspace) const {
  const std::shared_lock lock(mutex_);
  return {number_of(numbers_[0], organization), number_of(numbers_[1], client),
          number_of(numbers_[2], workspace)};
}

std::int64_t Epochs::of_workspace(std::string_view workspace) const {
  const std::shared_lock lock(mutex_);
  return number_of(numbers_[2], workspace);
}

std::int64_t Epochs::number_of(const Numbers& numbers, std::string_view subject) {
  const auto found = numbers.find(subject);
  return found == numbers.end() ? 0 : found->second;
}

}  // namespace fairlead::access
