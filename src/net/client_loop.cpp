#include "net/client_loop.hpp"

#include <algorithm>

namespace fairlead::net {
namespace {

using Steady = std::chrono::steady_clock;
using TimePoint = Watch::TimePoint;

constexpr auto session_time = std::chrono::minutes(10);
/// A wait that ended by itself at the same moment is followed by one that must end too.
constexpr auto cancel_again = std::chrono::milliseconds(20);

}  // namespace

asio::execution_context::id ClientLoop::id;

Watch::Watch(ClientLoop& loop) : loop_(loop), place_(loop.watches_.size()) {
  loop.watches_.push_back(this);
}

Watch::~Watch() {
  loop_.watches_[place_] = loop_.watches_.back();
  loop_.watches_[place_]->place_ = place_;
  loop_.watches_.pop_back();
}

void Watch::set_deadline(TimePoint deadline) {
  deadline_ = deadline;
  expired_ = false;
  if (deadline < loop_.wake_at_) loop_.wake_at(deadline);
}

ClientLoop::ClientLoop(asio::execution_context& context)
    : service(context),
      context_(static_cast<asio::io_context&>(context)),
      timer_(std::make_unique<asio::steady_timer>(context_)) {}

void ClientLoop::shutdown() {
  buckets_.clear();
  timer_.reset();
}

std::unique_ptr<Wire> ClientLoop::take(const std::string& wanted) {
  const auto found = buckets_.find(wanted);
  if (found == buckets_.end()) return nullptr;
  auto& kept = found->second.kept;
  while (!kept.empty()) {
    std::unique_ptr<Wire> wire = std::move(kept.back().wire);
    kept.pop_back();
    if (wire->is_quiet()) return wire;
  }
  return nullptr;
}

void ClientLoop::keep(const std::string& place, std::unique_ptr<Wire> wire, std::size_t most,
                      std::chrono::seconds idle) {
  auto& kept = buckets_[place].kept;
  if (kept.size() >= most) return;
  const auto until = Steady::now() + idle;
  kept.push_back({std::move(wire), until});
  if (until < wake_at_) wake_at(until);
}

void ClientLoop::drop(const std::string& place) {
  if (const auto found = buckets_.find(place); found != buckets_.end()) found->second.kept.clear();
}

std::shared_ptr<TlsSession> ClientLoop::session(const std::string& place) {
  Bucket& bucket = buckets_[place];
  bucket.session_until = Steady::now() + session_time;
  if (bucket.session_until < wake_at_) wake_at(bucket.session_until);
  return bucket.session;
}

/// The timer must not keep run() from returning when nothing else is left to do, so its wait is
/// taken out of the context's count of work while it is pending and put back before it completes.
void ClientLoop::wake_at(TimePoint time) {
  const auto executor = context_.get_executor();
  wake_at_ = time;
  timer_->expires_at(time);
  timer_->async_wait([this, executor](boost::system::error_code failure) {
    executor.on_work_started();
    if (!failure) wake();
  });
  executor.on_work_finished();
}

void ClientLoop::wake() {
  const auto now = Steady::now();
  wake_at_ = TimePoint::max();
  const auto next = std::min(expire_watches(now), drop_idle(now));
  if (next != TimePoint::max()) wake_at(std::max(next, now + std::chrono::milliseconds(1)));
}

TimePoint ClientLoop::expire_watches(TimePoint now) {
  auto next = TimePoint::max();
  for (Watch* watch : watches_) {
    if (watch->deadline_ > now) {
      next = std::min(next, watch->deadline_);
      continue;
    }
    watch->expired_ = true;
    if (!watch->wire && !watch->alarm) continue;
    if (watch->wire) watch->wire->cancel();
    if (watch->alarm) watch->alarm->cancel();
    next = std::min(next, now + cancel_again);
  }
  return next;
}

TimePoint ClientLoop::drop_idle(TimePoint now) {
  auto next = TimePoint::max();
  for (auto bucket = buckets_.begin(); bucket != buckets_.end();) {
    auto& kept = bucket->second.kept;  // in the order of their ends
    const auto first_alive =
        std::find_if(kept.begin(), kept.end(), [now](const auto& one) { return one.until > now; });
    kept.erase(kept.begin(), first_alive);
    if (!kept.empty()) next = std::min(next, kept.front().until);
    if (kept.empty() && bucket->second.session_until <= now) {
      bucket = buckets_.erase(bucket);
      continue;
    }
    if (kept.empty()) next = std::min(next, bucket->second.session_until);
    ++bucket;
  }
  return next;
}

}  // namespace fairlead::net
