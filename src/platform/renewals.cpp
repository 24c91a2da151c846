#include "platform/renewals.hpp"

namespace fairlead::platform {
namespace {

constexpr std::chrono::seconds longest_wait{15};
constexpr std::chrono::seconds failure_is_shared_for{5};
constexpr std::size_t most_failures = 10'000;

}  // namespace

Renewals::Turn::~Turn() {
  if (renewals_) renewals_->end(key_, std::move(failure_));
}

Task<Result<Renewals::Turn, connector::RenewalFailure>> Renewals::take_turn(std::string key) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  const Deadline deadline = Deadline::after(longest_wait);
  for (;;) {
    std::shared_ptr<Wakeup> wakeup;
    {
      const std::lock_guard lock(mutex_);
      Flight& flight = flights_[key];
      if (!flight.running) {
        if (flight.failure && !flight.failure_holds_until.passed()) co_return *flight.failure;
        flight.failure.reset();
        flight.running = true;
        co_return Turn(*this, std::move(key));
      }
      wakeup = std::make_shared<Wakeup>(loop);
      flight.waiting.push_back(wakeup);
    }
    if (!co_await wakeup->wait(deadline.remaining()))
      throw Failure(Error{.kind = ErrorKind::unavailable,
                          .message = "the credentials are being renewed; try again in a moment",
                          .code = "credential_refresh_in_progress",
                          .retry_after = std::chrono::seconds(2)});
  }
}

void Renewals::forget_failure(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = flights_.find(key);
  if (found == flights_.end()) return;
  found->second.failure.reset();
  if (!found->second.running) flights_.erase(found);
}

void Renewals::end(const std::string& key, std::optional<connector::RenewalFailure> failure) {
  std::vector<std::shared_ptr<Wakeup>> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(key);
    waiting.swap(found->second.waiting);
    if (failure && flights_.size() < most_failures) {
      found->second.running = false;
      found->second.failure = std::move(failure);
      found->second.failure_holds_until = Deadline::after(failure_is_shared_for);
    } else {
      flights_.erase(found);
    }
  }
  for (const auto& wakeup : waiting) wakeup->fire();
}

}  // namespace fairlead::platform
