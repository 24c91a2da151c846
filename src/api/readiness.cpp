#include "api/readiness.hpp"

#include <boost/asio/detached.hpp>

namespace fairlead::api {

Task<bool> Readiness::ask(platform::Platform& platform, std::chrono::milliseconds limit) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  const auto wakeup = std::make_shared<platform::Wakeup>(loop);
  std::shared_ptr<Question> question;
  bool is_new = false;
  {
    const std::scoped_lock lock(mutex_);
    if (asked_) {
      const std::scoped_lock its_lock(asked_->mutex);
      if (!asked_->is_answered) {
        std::erase_if(asked_->waiting, [](const auto& one) { return one.expired(); });
        asked_->waiting.push_back(wakeup);
        question = asked_;
      }
    }
    if (!question) {
      is_new = true;
      question = asked_ = std::make_shared<Question>();
      question->waiting.push_back(wakeup);
    }
  }
  // On its own: nobody who stops waiting for the answer ends it.
  if (is_new) asio::co_spawn(loop, put(platform, question), asio::detached);
  co_await wakeup->wait(limit);
  const std::scoped_lock lock(question->mutex);
  co_return question->is_ready;
}

Task<void> Readiness::put(platform::Platform& platform, std::shared_ptr<Question> question) {
  bool is_ready = false;
  try {
    is_ready = co_await platform.is_ready();
  } catch (const std::exception&) {
  }
  const std::scoped_lock lock(question->mutex);
  question->is_answered = true;
  question->is_ready = is_ready;
  for (const auto& one : question->waiting)
    if (const auto wakeup = one.lock()) wakeup->fire();
}

}  // namespace fairlead::api
