// One coroutine waiting for another one, which may run on another loop.
#pragma once

#include "base/task.hpp"

#include <boost/asio/redirect_error.hpp>

#include <atomic>
#include <memory>

namespace fairlead::platform {

/// Made on the loop of the coroutine that will wait; may be fired once, from any thread, before or
/// while it waits.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
 public:
  explicit Wakeup(const asio::any_io_executor& loop) : timer_(loop) {}

  /// True when it was fired, false when `limit` passed first.
  Task<bool> wait(std::chrono::steady_clock::duration limit) {
    const auto self = shared_from_this();
    timer_.expires_after(limit);
    boost::system::error_code ended;
    if (!fired_) co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    co_return fired_;
  }

  void fire() {
    fired_ = true;
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->timer_.cancel(); });
  }

 private:
  asio::steady_timer timer_;
  std::atomic<bool> fired_ = false;
};

}  // namespace fairlead::platform
