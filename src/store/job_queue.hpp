// Work on its way from coroutines to the threads of a driver.
#pragma once

#include "store/database.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace fairlead::store {

struct Job {
  Database::Mode mode = Database::Mode::read;
  std::function<void(Connection&)> work;
  std::function<void(std::exception_ptr)> done;
  std::exception_ptr failure = nullptr;
  std::chrono::steady_clock::time_point queued_at = std::chrono::steady_clock::now();

  /// Tells the caller. The work goes first: it may hold references to what the caller then ends;
  /// and nothing of the failure stays on this thread.
  void answer() {
    work = nullptr;
    done(std::exchange(failure, nullptr));
    done = nullptr;
  }
};

class JobQueue {
 public:
  /// Answers the job with Failure(unavailable) when the queue is closed.
  void push(Job job) {
    if (take(job)) {
      arrived_.notify_one();
      return;
    }
    job.failure =
        std::make_exception_ptr(Failure(Error{ErrorKind::unavailable, "the database is closing"}));
    job.answer();
  }

  /// The next job; waits for one. Nothing when the queue is closed and empty, or after `limit`.
  std::optional<Job> pop(std::chrono::milliseconds limit = std::chrono::hours(24)) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, limit, [this] { return closed_ || !jobs_.empty(); });
    return take();
  }

  /// The next job if there is one now and it is not for Mode::outside.
  std::optional<Job> pop_at_once() {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty() || jobs_.front().mode == Database::Mode::outside) return std::nullopt;
    return take();
  }

  /// No more jobs come in; those inside are still handed out.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

  /// Closed and empty: the thread that serves it may end.
  bool finished() {
    const std::lock_guard lock(mutex_);
    return closed_ && jobs_.empty();
  }

 private:
  /// False, and the job stays where it is, when the queue is closed.
  bool take(Job& job) {
    const std::lock_guard lock(mutex_);
    if (!closed_) jobs_.push_back(std::move(job));
    return !closed_;
  }

  std::optional<Job> take() {
    if (jobs_.empty()) return std::nullopt;
    std::optional<Job> job(std::move(jobs_.front()));
    jobs_.pop_front();
    return job;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> jobs_;
  bool closed_ = false;
};

}  // namespace fairlead::store
