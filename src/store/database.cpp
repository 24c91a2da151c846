#include "store/database.hpp"

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
          asio::post(executor, [shared, failure] { (*shared)(failure); });
        });
      },
      asio::use_awaitable, std::move(work));
}

}  // namespace fairlead::store
