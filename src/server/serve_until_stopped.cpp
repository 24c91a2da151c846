#include "server/serve_until_stopped.hpp"

#include "base/log.hpp"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <pthread.h>
#include <thread>

namespace fairlead::server {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void hold_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void serve_until_stopped(net::Workers& workers, net::HttpServer& server, Stopping stopping) {
  workers.start();
  server.start();
  const sigset_t set = stop_signals();
  constexpr timespec tick{1, 0};
  while (sigtimedwait(&set, nullptr, &tick) < 0)
    if (stopping.on_tick) stopping.on_tick();

  if (stopping.on_stop) stopping.on_stop();
  // A second signal does not wait for the running requests: they are cancelled, as at the limit.
  const auto limit = std::chrono::steady_clock::now() + stopping.drain;
  constexpr timespec now{0, 0};
  bool all_left = false, impatient = false;
  while (!all_left && !impatient && std::chrono::steady_clock::now() < limit) {
    all_left = server.drain(std::chrono::milliseconds(100));
    impatient = sigtimedwait(&set, nullptr, &now) > 0;
  }
  // What cannot be cancelled (a write that was sent, a renewal) ends by its own deadline.
  if (!all_left) all_left = server.abandon(stopping.abandon);
  if (stopping.on_drained) stopping.on_drained();
  if (!all_left) {
    // Their coroutines refer to parts that are about to end: leave without taking anything apart.
    log::warning("server.left_running_requests");
    std::_Exit(EXIT_FAILURE);
  }
  workers.stop();
  workers.join();
}

}  // namespace fairlead::server
