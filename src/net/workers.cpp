#include "net/workers.hpp"

#include "base/log.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <exception>
#include <thread>

namespace fairlead::net {
namespace {

/// Runs until the loop is stopped. What a handler lets escape is a bug, and must not take the
/// other connections of the loop with it.
void run(boost::asio::io_context& loop) {
  while (!loop.stopped()) {
    try {
      loop.run();
    } catch (const std::exception& failure) {
      log::error("loop.exception", {{"detail", failure.what()}});
    }
  }
}

}  // namespace

struct Workers::Impl {
  struct Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Loop>> loops;
};

Workers::Workers(std::size_t count) : impl_(std::make_unique<Impl>()) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    impl_->loops.push_back(std::make_unique<Impl::Loop>());
}

Workers::~Workers() {
  stop();
  join();
}

std::size_t Workers::size() const noexcept { return impl_->loops.size(); }

boost::asio::io_context& Workers::loop(std::size_t index) noexcept {
  return impl_->loops[index]->context;
}

void Workers::start() {
  for (auto& loop : impl_->loops)
    loop->thread = std::thread([&context = loop->context] { run(context); });
}

void Workers::stop() {
  for (auto& loop : impl_->loops) loop->context.stop();
}

void Workers::join() {
  for (auto& loop : impl_->loops)
    if (loop->thread.joinable()) loop->thread.join();
}

}  // namespace fairlead::net
