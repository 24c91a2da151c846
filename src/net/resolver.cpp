#include "net/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <netdb.h>
#include <thread>
#include <unordered_map>

namespace fairlead::net {
namespace {

using Steady = std::chrono::steady_clock;
using Addresses = Resolver::Addresses;

constexpr std::size_t most_threads = 4;
constexpr std::size_t most_kept = 1024;
constexpr auto keep_time = std::chrono::seconds(10);

asio::ip::address address_of(const sockaddr& raw) {
  if (raw.sa_family == AF_INET6) {
    asio::ip::address_v6::bytes_type bytes;
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
    std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return asio::ip::address_v6(bytes);
  }
  return asio::ip::address_v4(ntohl(reinterpret_cast<const sockaddr_in&>(raw).sin_addr.s_addr));
}

Addresses look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  Addresses addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* one = found; one; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    const auto address = address_of(*one->ai_addr);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

/// One caller. Its loop may be gone before the lookup ends, so the lookup touches the loop only
/// under the mutex and while the caller has not given up.
struct Waiter {
  std::mutex mutex;
  bool waiting = true;
  asio::any_io_executor executor;
  asio::steady_timer* alarm = nullptr;
  std::optional<Addresses> answer;  // set on the loop
};

void tell(const std::shared_ptr<Waiter>& waiter, const Addresses& answer) {
  const std::lock_guard lock(waiter->mutex);
  if (!waiter->waiting) return;
  asio::post(waiter->executor, [waiter, answer] {
    const std::lock_guard still(waiter->mutex);
    if (!waiter->waiting) return;
    waiter->answer = answer;
    waiter->alarm->cancel();
  });
}

}  // namespace

struct Resolver::State {
  struct Kept {
    Addresses addresses;
    Steady::time_point until;
  };
  std::mutex mutex;
  std::condition_variable more;
  std::unordered_map<std::string, Kept> kept;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Waiter>>> asked;
  std::deque<std::string> queue;
  std::size_t threads = 0, idle = 0;
  bool stopping = false;

  /// The kept answer; or nothing, and `waiter` will be told.
  std::optional<Addresses> ask(const std::shared_ptr<State>& self, const std::string& host,
                               std::shared_ptr<Waiter> waiter) {
    const std::lock_guard lock(mutex);
    if (const auto known = kept.find(host); known != kept.end()) {
      if (known->second.until > Steady::now()) return known->second.addresses;
      kept.erase(known);
    }
    auto& waiters = asked[host];
    waiters.push_back(std::move(waiter));
    if (waiters.size() > 1) return std::nullopt;
    queue.push_back(host);
    if (queue.size() > idle && threads < most_threads) {
      ++threads;
      std::thread([self] { self->work(); }).detach();
    }
    more.notify_one();
    return std::nullopt;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (queue.empty()) {
        ++idle;
        more.wait(lock);
        --idle;
        continue;
      }
      const std::string host = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      const Addresses addresses = look_up(host);
      lock.lock();
      if (kept.size() >= most_kept) kept.clear();
      if (!addresses.empty()) kept[host] = {addresses, Steady::now() + keep_time};
      const auto waiters = std::move(asked[host]);
      asked.erase(host);
      lock.unlock();
      for (const auto& waiter : waiters) tell(waiter, addresses);
      lock.lock();
    }
  }
};

Resolver::Resolver() : state_(std::make_shared<State>()) {}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->more.notify_all();
}

Task<Addresses> Resolver::resolve(std::string host, asio::steady_timer& alarm) {
  const auto waiter = std::make_shared<Waiter>();
  waiter->executor = co_await asio::this_coro::executor;
  waiter->alarm = &alarm;
  struct GiveUp {
    Waiter& waiter;
    ~GiveUp() {
      const std::lock_guard lock(waiter.mutex);
      waiter.waiting = false;
    }
  } give_up{*waiter};
  alarm.expires_at(Steady::time_point::max());
  if (auto known = state_->ask(state_, host, waiter)) co_return *std::move(known);
  co_await alarm.async_wait(asio::as_tuple(asio::deferred));
  co_return waiter->answer.value_or(Addresses{});
}

}  // namespace fairlead::net
