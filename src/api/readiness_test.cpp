#include "api/readiness.hpp"

#include "support/platform_under_test.hpp"

#include <gtest/gtest.h>

namespace fairlead::api {
namespace {

/// Takes questions and answers none of its own accord.
class SilentDatabase final : public store::Database {
 public:
  std::vector<std::function<void(std::exception_ptr)>> unanswered;

  std::string_view kind() const override { return "silent"; }
  Task<void> forget_deleted() override { co_return; }
  std::string file() const override { return ""; }
  Task<void> back_up(std::string) override { co_return; }

 private:
  void submit(Mode, std::function<void(store::Connection&)>,
              std::function<void(std::exception_ptr)> done) override {
    unanswered.push_back(std::move(done));
  }
};

// The loop of somebody who asked may be gone when the answer comes at last.
TEST(Readiness, AsksOnceAndForgetsWhoWaitsNoLonger) {
  fairlead::testing::PlatformUnderTest test;
  SilentDatabase database;
  platform::Platform platform({.database = database,
                               .vault = *test.vault,
                               .access = *test.access,
                               .catalogue = test.catalogue,
                               .engine = test.engine,
                               .clock = test.clock,
                               .connect_to = std::nullopt},
                              test.workers.loop(0).get_executor());
  Readiness readiness;
  const auto ask = [&](asio::io_context& loop) {
    std::optional<bool> is_ready;
    asio::co_spawn(loop, readiness.ask(platform, std::chrono::milliseconds(1)),
                   [&](std::exception_ptr, bool told) { is_ready = told; });
    loop.restart();
    while (!is_ready) loop.run_one();
    EXPECT_FALSE(*is_ready);
  };
  asio::io_context first(1);
  auto second = std::make_unique<asio::io_context>(1);
  const auto answer = [&](const std::exception_ptr& failure) {
    for (auto& done : std::exchange(database.unanswered, {})) done(failure);
    first.restart();
    first.run();
  };
  ask(first);
  ask(*second);
  EXPECT_EQ(database.unanswered.size(), 1u);
  second.reset();

  answer(std::make_exception_ptr(Failure(Error{ErrorKind::unavailable, "away"})));
  ask(first);
  EXPECT_EQ(database.unanswered.size(), 1u) << "an answer is no answer to the next question";
  answer(nullptr);
}

}  // namespace
}  // namespace fairlead::api
