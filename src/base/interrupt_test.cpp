#include "base/interrupt.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>

namespace fairlead {
namespace {

namespace asio = boost::asio;

TEST(EndOnInterrupt, SaysFarewellAndEndsTheProcess) {
  const auto interrupted = [] {
    asio::io_context loop;
    const EndOnInterrupt guard(loop.get_executor(), [] { fputs("farewell", stderr); });
    std::raise(SIGINT);
    loop.run();
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(interrupted(), testing::ExitedWithCode(130), "farewell");
}

TEST(EndOnInterrupt, IsNotMindedWhenItsEndComesBeforeTheSignalIsToldOf) {
  asio::io_context loop;
  bool said = false;
  std::optional<EndOnInterrupt> guard(std::in_place, loop.get_executor(), [&] { said = true; });
  // Told of the same signal, and sooner, since it asked last.
  asio::signal_set ending(loop, SIGINT);
  ending.async_wait([&](boost::system::error_code, int) { guard.reset(); });
  std::raise(SIGINT);
  loop.run();
  EXPECT_FALSE(guard);
  EXPECT_FALSE(said);
}

}  // namespace
}  // namespace fairlead
