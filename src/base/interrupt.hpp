// Ctrl-C while a command works.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>

namespace fairlead {

/// While it lives, SIGINT and SIGTERM run `farewell` (on the loop, so never in the middle of other
/// work) and end the process with 130.
class EndOnInterrupt {
 public:
  EndOnInterrupt(const boost::asio::any_io_executor& loop, std::function<void()> farewell)
      : farewell_(std::make_shared<std::function<void()>>(std::move(farewell))),
        signals_(loop, SIGINT, SIGTERM) {
    // A signal may be on its way already when this ends, and what the farewell speaks of with it.
    signals_.async_wait([held = std::weak_ptr(farewell_)](boost::system::error_code code, int) {
      const auto last_words = held.lock();
      if (code || !last_words) return;
      (*last_words)();
      std::_Exit(130);
    });
  }

 private:
  const std::shared_ptr<std::function<void()>> farewell_;
  boost::asio::signal_set signals_;
};

}  // namespace fairlead
