#include "sandbox/idempotency.hpp"

#include "sandbox/answer.hpp"

namespace fairlead::sandbox {
namespace {

constexpr std::chrono::hours kept_for{24};

}  // namespace

std::optional<net::Response> IdempotentAnswers::find(const std::string& key, const Sha256& request,
                                                     Instant now) {
  while (!order_.empty() && order_.front().first + kept_for <= now) {
    kept_.erase(order_.front().second);
    order_.pop_front();
  }
  const auto found = kept_.find(key);
  if (found == kept_.end()) return std::nullopt;
  if (found->second.request != request)
    refuse(422, "idempotency_key_reused", "this Idempotency-Key was used for another request");
  return found->second.answer;
}

void IdempotentAnswers::keep(const std::string& key, const Sha256& request,
                             const net::Response& answer, Instant now) {
  if (most_ == 0) return;
  if (kept_.size() >= most_) {
    kept_.erase(order_.front().second);
    order_.pop_front();
  }
  kept_.emplace(key, Kept{request, answer});
  order_.emplace_back(now, key);
}

}  // namespace fairlead::sandbox
