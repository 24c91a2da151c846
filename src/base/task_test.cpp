#include "base/task.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace fairlead {
namespace {

using namespace std::chrono_literals;

Task<int> answer(int value) { co_return value; }
Task<int> fail() {
  throw Failure(invalid("no"));
  co_return 0;
}
Task<int> wait_long() {
  co_await sleep_for(1h);
  co_return 0;
}

TEST(Task, WithinGivesTheValue) { EXPECT_EQ(run_to_end(within(1h, answer(7))), 7); }

TEST(Task, WithinPassesTheFailureOnAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW((void)run_to_end(within(1h, fail())), Failure);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
}

TEST(Task, WithinEndsWorkThatTakesTooLong) {
  try {
    (void)run_to_end(within(1ms, wait_long()));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::timed_out);
  }
}

TEST(Task, BlockingWorkRunsOnThePoolAndTheCallerGoesOnWhereItWas) {
  asio::thread_pool pool(1);
  const auto here = std::this_thread::get_id();
  const auto check = [&]() -> Task<bool> {
    const auto there = co_await on_pool(pool, [] { return std::this_thread::get_id(); });
    co_return there != here&& std::this_thread::get_id() == here;
  };
  EXPECT_TRUE(run_to_end(check()));
  const auto failing = [&]() -> Task<int> {
    co_return co_await on_pool(pool, []() -> int { throw Failure(invalid("no")); });
  };
  EXPECT_THROW((void)run_to_end(failing()), Failure);
}

TEST(Task, BlockingWorkIsNotReachedByACancelledCaller) {
  asio::thread_pool pool(2);
  asio::io_context context(1);
  asio::cancellation_signal cancel;
  std::promise<void> cancelled;
  int answered = 0;
  const auto call = [&]() -> Task<void> {
    answered = co_await on_pool(pool, [&] {
      asio::post(context, [&] {
        cancel.emit(asio::cancellation_type::terminal);
        // Behind whatever the cancellation may have sent to the pool.
        asio::post(pool, [&] { cancelled.set_value(); });
      });
      cancelled.get_future().wait();
      return 7;
    });
  };
  asio::co_spawn(context, call,
                 asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  context.run();
  EXPECT_EQ(answered, 7);
}

}  // namespace
}  // namespace fairlead
