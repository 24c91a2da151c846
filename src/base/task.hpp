// Coroutines: the one Task type, time limits, and where blocking work goes.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace fairlead {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<T>;

/// Suspends for `pause`.
inline Task<void> sleep_for(std::chrono::steady_clock::duration pause) {
  asio::steady_timer timer(co_await asio::this_coro::executor, pause);
  co_await timer.async_wait(asio::use_awaitable);
}

/// `work`, or Failure(timed_out) after `limit`. On return `work` has ended either way; cancelling
/// the caller cancels it. T is default-constructible, as Boost 1.81's co_spawn asks;
/// std::optional<T> otherwise.
template <class T>
Task<T> within(std::chrono::steady_clock::duration limit, Task<T> work) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, limit);
  auto race = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(work), asio::deferred), timer.async_wait(asio::deferred));
  auto ended =
      co_await std::move(race).async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  auto& [order, failure, value, ignored] = ended;
  if (order[0] == 1) throw Failure(Error{ErrorKind::timed_out, "timed out"});
  if (failure) std::rethrow_exception(failure);
  co_return std::move(value);
}

/// Runs `work` (which may block) on `pool`, and resumes the caller on its own executor with the
/// answer or the exception. Cancelling the caller does not shorten the work.
template <class F>
auto on_pool(asio::thread_pool& pool, F work) -> Task<std::invoke_result_t<F>> {
  using T = std::invoke_result_t<F>;
  // Nothing can break the work off, and asio would carry a cancellation over to a thread of the
  // pool by a pointer into the caller's slot, which may be gone when it gets there.
  co_return co_await asio::co_spawn(
      pool, [work = std::move(work)]() mutable -> Task<T> { co_return work(); },
      asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

/// Runs `task` to its end on a context of its own; for tests, the command line and start-up.
template <class T>
T run_to_end(Task<T> task) {
  asio::io_context context(1);
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> value;
    asio::co_spawn(
        context, [&]() -> Task<void> { value.emplace(co_await std::move(task)); },
        [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
}

}  // namespace fairlead
