// Answers that were given once and are given again: Idempotency-Key.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "net/message.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace fairlead::sandbox {

/// Remembers the answers to requests that made something, for a day. Not safe for several threads.
class IdempotentAnswers {
 public:
  explicit IdempotentAnswers(std::size_t most) : most_(most) {}

  /// The answer that the same request had before. Throws Refused (422) when another request had
  /// this key. `key` holds the caller too.
  std::optional<net::Response> find(const std::string& key, const Sha256& request, Instant now);
  void keep(const std::string& key, const Sha256& request, const net::Response& answer,
            Instant now);

 private:
  struct Kept {
    Sha256 request;
    net::Response answer;
  };
  std::size_t most_;
  std::map<std::string, Kept> kept_;
  std::deque<std::pair<Instant, std::string>> order_;  ///< of arrival
};

}  // namespace fairlead::sandbox
