#include "connector/retry.hpp"

#include "connector/wire_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace fairlead::connector {
namespace {

using Reason = net::SendFailure::Reason;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

double seconds_of(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
}

/// The three forms of RFC 9110, section 5.6.7.
std::optional<double> http_date(const std::string& text) {
  for (const char* const form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::tm time{};
    const char* const end = strptime(text.c_str(), form, &time);
    if (end != nullptr && *end == '\0') return static_cast<double>(timegm(&time));
  }
  return std::nullopt;
}

bool is_listed(const RetryPolicy& policy, int status) {
  return std::find(policy.statuses.begin(), policy.statuses.end(), status) != policy.statuses.end();
}

bool is_network_failure(Reason reason) {
  switch (reason) {
    case Reason::resolve:
    case Reason::connect:
    case Reason::tls:
    case Reason::broken:
      return true;
    case Reason::invalid_request:
    case Reason::denied:
    case Reason::timed_out:
    case Reason::too_large:
      return false;
  }
  return false;
}

bool read_may_repeat(const RetryPolicy& policy, const FailedTry& failed) {
  if (failed.status) return is_listed(policy, *failed.status);
  if (!failed.failure) return false;
  if (*failed.failure == Reason::timed_out) return policy.on_timeout;
  return policy.on_network_error && is_network_failure(*failed.failure);
}

/// How many further tries a change of something is worth.
int repeats(Effect effect, const FailedTry& failed) {
  const bool idempotent = effect == Effect::idempotent;
  if (failed.status) {
    constexpr double longest_wait = 30;
    if (!idempotent) return 0;
    if (*failed.status == 429) return failed.retry_after.value_or(0) <= longest_wait ? 2 : 0;
    return *failed.status >= 502 && *failed.status <= 504 ? 1 : 0;
  }
  if (!failed.failure) return 0;
  const bool passing = is_network_failure(*failed.failure) || *failed.failure == Reason::timed_out;
  if (!passing) return 0;
  if (!failed.sent) return idempotent ? 2 : 1;
  return idempotent ? 1 : 0;
}

}  // namespace

std::optional<double> retry_after_seconds(const RetryPolicy& policy, const net::Headers& headers,
                                          Instant now) {
  const std::string* const value = headers.find(policy.retry_after_header);
  if (value == nullptr) return std::nullopt;
  const std::string text(trimmed(*value));
  auto seconds = number(text);
  if (seconds) {
    if (*seconds < 0) return std::nullopt;
    if (policy.retry_after_format == RetryPolicy::Format::milliseconds) *seconds /= 1000;
    if (policy.retry_after_format == RetryPolicy::Format::unix_timestamp)
      *seconds -= seconds_of(now);
  } else {
    seconds = http_date(text);
    if (seconds) *seconds -= seconds_of(now);
  }
  if (!seconds) return std::nullopt;
  constexpr double most = 86'400.0 * 365;
  return std::clamp(*seconds, 0.0, most);
}

std::optional<Wait> next_try(const RetryPolicy& policy, Effect effect, const FailedTry& failed,
                             int tries) {
  if (tries >= policy.max_attempts) return std::nullopt;
  const bool again =
      effect == Effect::read ? read_may_repeat(policy, failed) : tries <= repeats(effect, failed);
  if (!again) return std::nullopt;
  if (failed.retry_after)
    return Wait{Wait::Kind::retry_after, std::min(*failed.retry_after, policy.max_delay_seconds)};
  const double delay = policy.initial_delay_seconds * std::pow(policy.exponential_base, tries - 1);
  return Wait{Wait::Kind::backoff, std::min(delay, policy.max_delay_seconds)};
}

}  // namespace fairlead::connector
