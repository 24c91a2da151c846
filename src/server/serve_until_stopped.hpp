// Runs a server until SIGTERM or SIGINT, then drains it: what `serve` and `sandbox` share.
#pragma once

#include "net/http_server.hpp"
#include "net/workers.hpp"

#include <chrono>
#include <functional>

namespace fairlead::server {

struct Stopping {
  std::chrono::milliseconds drain{25'000};    ///< for running requests
  std::chrono::milliseconds abandon{15'000};  ///< then, for cancelled ones that cannot stop at once
  std::function<void()> on_stop = {};         ///< called first: readiness fails
  std::function<void()> on_drained =
      {};                              ///< called when no request runs any more; the loops still do
  std::function<void()> on_tick = {};  ///< called about every second while running
};

/// Blocks SIGTERM and SIGINT in the calling thread and all threads it makes from now on. Call
/// before threads start.
void hold_signals();
/// Starts `workers` and `server`, waits for a signal, drains and stops. A second signal stops at
/// once. Needs hold_signals() before.
void serve_until_stopped(net::Workers& workers, net::HttpServer& server, Stopping stopping);

}  // namespace fairlead::server
