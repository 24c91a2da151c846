// Waiting for what another thread or another process does.
#pragma once

#include <chrono>
#include <thread>

namespace fairlead::testing {

/// Polls `condition` until it holds; false when it does not within 20 seconds.
template <class Condition>
bool eventually(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace fairlead::testing
