// Ctrl-C while a command works.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <functional>

namespace fairlead {

/// While it lives, SIGINT and SIGTERM run `farewell` (on the loop, so never in the middle of other
/// work) and end the process with 130.
class EndOnInterrupt {
 public:
  EndOnInterrupt(const boost::asio::any_io_executor& loop, std::function<void()> farewell)
      : signals_(loop, SIGINT, SIGTERM) {
    signals_.async_wait([farewell = std::move(farewell)](boost::system::error_code code, int) {
      if (code) return;
      farewell();
      std::_Exit(130);
    });
  }

 private:
  boost::asio::signal_set signals_;
};

}  // namespace fairlead
