#include "store/database.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"

#include <boost/asio/async_result.hpp>

namespace fairlead::store {

Task<void> Database::finish(Mode mode, std::function<void(Connection&)> work) {
  // Called back on a thread of the driver; resumes on the caller's own executor.
  co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr)>(
      [this, mode](auto handler, std::function<void(Connection&)> to_do) {
        auto executor = asio::get_associated_executor(handler);
        auto guard = asio::make_work_guard(executor);
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        submit(mode, std::move(to_do), [shared, executor, guard](std::exception_ptr failure) {
          // Moved along, so that the last trace of the coroutine is on its own executor.
          asio::post(executor,
                     [caller = std::move(*shared), failure = std::move(failure)]() mutable {
                       std::move(caller)(std::move(failure));
                     });
        });
      },
      asio::use_awaitable, std::move(work));
}

Task<bool> Database::is_writable() {
  const std::int64_t now = SystemClock().now().time_since_epoch().count();
  try {
    co_await write([now](Connection& connection) {
      connection.execute(
          "INSERT INTO write_probe (id, written_at) VALUES (1, $1)"
          " ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
          {now});
    });
    co_return true;
  } catch (const Failure& failure) {
    log::warning("store.not_writable",
                 {{"message", failure.error().message}, {"detail", failure.error().detail}});
    co_return false;
  }
}

}  // namespace fairlead::store
