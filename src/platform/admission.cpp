#include "platform/admission.hpp"

namespace fairlead::platform {
namespace {

Error full() {
  return {.kind = ErrorKind::rate_limited,
          .message = "too many calls are running; try again in a moment",
          .code = "rate_limited",
          .retry_after = std::chrono::seconds(1)};
}

}  // namespace

bool Admission::take(const Keys& keys, std::size_t connector_most) {
  if (running_ >= limits_.in_all) return false;
  const auto most = limits(connector_most);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto held = counts_[i].find(keys[i]);
    if (held != counts_[i].end() && held->second >= most[i]) return false;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) ++counts_[i][keys[i]];
  ++running_;
  return true;
}

void Admission::leave(const Keys& keys) {
  const std::lock_guard lock(mutex_);
  --running_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto held = counts_[i].find(keys[i]);
    if (--held->second == 0) counts_[i].erase(held);
  }
  // The first that fits; the others' limits may be full still.
  for (auto waiter = waiting_.begin(); waiter != waiting_.end(); ++waiter) {
    if (!take((*waiter)->keys, (*waiter)->connector_most)) continue;
    (*waiter)->admitted = true;
    (*waiter)->wakeup->fire();
    waiting_.erase(waiter);
    return;
  }
}

Task<Result<Admission::Place>> Admission::enter(OrganizationId organization, WorkspaceId workspace,
                                                ConnectorId connector, Deadline deadline,
                                                std::size_t connector_most) {
  Keys keys{organization.str(), workspace.str(), connector.str()};
  std::shared_ptr<Waiter> waiter;
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  {
    const std::lock_guard lock(mutex_);
    if (take(keys, connector_most)) co_return Place(*this, std::move(keys));
    if (waiting_.size() >= limits_.waiting) co_return full();
    waiter = std::make_shared<Waiter>(Waiter{keys, connector_most, std::make_shared<Wakeup>(loop)});
    waiting_.push_back(waiter);
  }
  const auto limit = deadline.within(limits_.wait).remaining();
  co_await waiter->wakeup->wait(limit);

  const std::lock_guard lock(mutex_);
  if (waiter->admitted) co_return Place(*this, std::move(keys));
  waiting_.remove(waiter);
  co_return full();
}

std::size_t Admission::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace fairlead::platform
