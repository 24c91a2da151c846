// One renewal at a time per connector in this process. Those who come meanwhile wait for it and
// share what it came to.
#pragma once

#include "connector/engine.hpp"
#include "platform/wakeup.hpp"

#include <mutex>
#include <unordered_map>
#include <vector>

namespace fairlead::platform {

/// Safe to use from any loop.
class Renewals {
 public:
  /// The right to renew; while it lives, others wait.
  class Turn {
   public:
    Turn(Turn&& other) noexcept
        : renewals_(std::exchange(other.renewals_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    /// Those who wait get this failure instead of a turn, and so do those who come in the next
    /// seconds, so that a service in trouble is not asked by everyone in turn.
    void failed(connector::RenewalFailure failure) { failure_ = std::move(failure); }

   private:
    friend class Renewals;
    Turn(Renewals& renewals, std::string key) : renewals_(&renewals), key_(std::move(key)) {}
    Renewals* renewals_;
    std::string key_;
    std::optional<connector::RenewalFailure> failure_;
  };

  /// A turn, or the failure of the one before. `key` names the connector. Throws
  /// Failure(unavailable) after 15 s of waiting.
  Task<Result<Turn, connector::RenewalFailure>> take_turn(std::string key);
  /// New credentials were given: an old failure says nothing about them.
  void forget_failure(const std::string& key);

 private:
  struct Flight {
    std::vector<std::shared_ptr<Wakeup>> waiting;
    bool running = false;
    std::optional<connector::RenewalFailure> failure;
    Deadline failure_holds_until = Deadline::never();
  };
  void end(const std::string& key, std::optional<connector::RenewalFailure> failure);

  std::mutex mutex_;
  std::unordered_map<std::string, Flight> flights_;
};

}  // namespace fairlead::platform
