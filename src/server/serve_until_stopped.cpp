#include "server/serve_until_stopped.hpp"

#include <csignal>
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
  // A second signal does not wait for the drain.
  std::jthread impatient([&](const std::stop_token& done) {
    constexpr timespec moment{0, 100'000'000};
    while (!done.stop_requested())
      if (sigtimedwait(&set, nullptr, &moment) > 0) workers.stop();
  });
  server.drain(stopping.drain);
  impatient.request_stop();
  if (stopping.on_drained) stopping.on_drained();
  workers.stop();
  workers.join();
}

}  // namespace fairlead::server
