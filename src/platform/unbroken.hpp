// Work that must not stop half way.
#pragma once

#include "base/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <optional>

namespace fairlead::platform {

namespace detail {
template <class T>
Task<void> keep(Task<T> work, std::optional<T>& answer) {
  answer.emplace(co_await std::move(work));
}
}  // namespace detail

/// Runs `work` to its end even when the caller is cancelled meanwhile (a client that went away);
/// `work` has limits of its own.
template <class T>
Task<T> unbroken(Task<T> work) {
  std::optional<T> answer;
  auto executor = co_await asio::this_coro::executor;
  // A coroutine of its own, out of reach of the caller's cancellation.
  auto alone = detail::keep(std::move(work), answer);
  co_await asio::co_spawn(
      executor, std::move(alone),
      asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  co_return *std::move(answer);
}

}  // namespace fairlead::platform
