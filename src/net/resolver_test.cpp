#include "net/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;

Task<Resolver::Addresses> resolve(Resolver& resolver, std::string host) {
  asio::steady_timer alarm(co_await asio::this_coro::executor);
  co_return co_await resolver.resolve(std::move(host), alarm);
}

TEST(Resolver, AnswersManyAtOnce) {
  Resolver resolver;
  asio::io_context context(1);
  int good = 0, none = 0;
  const auto ask = [&](std::string host) -> Task<void> {
    const auto addresses = co_await resolve(resolver, std::move(host));
    const bool loopback = std::all_of(addresses.begin(), addresses.end(),
                                      [](const auto& address) { return address.is_loopback(); });
    ++(addresses.empty() || !loopback ? none : good);
  };
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 50; ++i) asio::co_spawn(context, ask("localhost"), asio::detached);
    for (int i = 0; i < 20; ++i)
      asio::co_spawn(context, ask("127.0.0." + std::to_string(i)), asio::detached);
    asio::co_spawn(context, ask("0x7f.1"), asio::detached);
    asio::co_spawn(context, ask("no-such-name.invalid"), asio::detached);
    context.run();
    context.restart();
  }
  EXPECT_EQ(good, 2 * 71);
  EXPECT_EQ(none, 2);
}

TEST(Resolver, ACallerMayGiveUp) {
  Resolver resolver;
  const auto run = [&]() -> Task<bool> {
    asio::steady_timer alarm(co_await asio::this_coro::executor);
    asio::post(alarm.get_executor(), [&] { alarm.cancel(); });
    const auto found = co_await resolver.resolve("no-such-name.invalid", alarm);
    co_return found.empty();
  };
  EXPECT_TRUE(run_to_end(run()));
}

TEST(Resolver, MayEndBeforeItsCallers) {
  for (int i = 0; i < 20; ++i) {
    asio::io_context context(1);
    auto resolver = std::make_unique<Resolver>();
    asio::co_spawn(
        context,
        [&]() -> Task<void> {
          (void)co_await resolve(*resolver, "host-" + std::to_string(i) + ".invalid");
        },
        asio::detached);
    context.run_one();
    resolver.reset();
  }
}

}  // namespace
}  // namespace fairlead::net
