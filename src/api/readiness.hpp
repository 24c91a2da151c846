// Whether the database takes writes now, for all who ask.
#pragma once

#include "platform/platform.hpp"
#include "platform/wakeup.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace fairlead::api {

/// One question to the database at a time, however many ask: anybody may, and each question is a
/// write. Safe to use from any loop.
class Readiness {
 public:
  /// False also when there is no answer within `limit`; the question itself ends when the database
  /// gives it up.
  Task<bool> ask(platform::Platform& platform, std::chrono::milliseconds limit);

 private:
  struct Question {
    std::mutex mutex;
    bool is_answered = false, is_ready = false;
    /// Each belongs to its loop, and is gone when its asker is: this may live longer.
    std::vector<std::weak_ptr<platform::Wakeup>> waiting;
  };
  static Task<void> put(platform::Platform& platform, std::shared_ptr<Question> question);

  std::mutex mutex_;
  std::shared_ptr<Question> asked_;
};

}  // namespace fairlead::api
