// Names to addresses without blocking a loop.
#pragma once

#include "base/task.hpp"

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <string>
#include <vector>

namespace fairlead::net {

/// A few threads that call getaddrinfo; answers are kept for ten seconds. Safe from any thread.
class Resolver {
 public:
  Resolver();
  /// Does not wait for a lookup that hangs.
  ~Resolver();
  Resolver(const Resolver&) = delete;

  using Addresses = std::vector<asio::ip::address>;
  /// In the order of getaddrinfo, without repetitions; empty when there are none.
  /// Wake `alarm` to give up: the answer is then empty. It belongs to the caller's loop.
  Task<Addresses> resolve(std::string host, asio::steady_timer& alarm);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::net
