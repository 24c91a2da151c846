// One value for what went wrong, two carriers: return it (Result) where the caller looks at it,
// throw it (Failure) where the caller only passes it on. docs/decisions/0001-error-carriers.md
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace fairlead {

/// What the caller can do about it. Knows nothing of HTTP; api/errors.cpp and cli/problem.cpp
/// translate.
enum class ErrorKind {
  invalid_input,         ///< the request is wrong; correct it
  unauthenticated,       ///< no valid token; get a new one
  forbidden,             ///< a valid token that may not do this
  not_found,             ///< no such thing within the caller's reach
  conflict,              ///< the state does not allow it now
  too_large,             ///< over a size limit
  rate_limited,          ///< wait `retry_after`, then again
  upstream_refused,      ///< the third-party service said no
  upstream_unreachable,  ///< the third-party service gave no usable answer
  timed_out,             ///< the deadline passed
  unavailable,  ///< this server cannot serve now (starting, stopping, sealed, database away)
  internal      ///< our fault
};

struct FieldError {
  std::string field, message;
  std::string code = "invalid";
};

/// What went wrong. `message` and `fields` may be shown to the user, `detail` only to the log. None
/// ever holds a secret.
struct Error {  // NOLINT(clang-analyzer-core.uninitialized.Assign): it loses sight of std::variant
  ErrorKind kind = ErrorKind::internal;
  std::string message;
  /// From the closed list in openapi/fairlead.yaml (`error_code`); empty means the default of
  /// `kind`.
  std::string code = {};
  std::vector<FieldError> fields = {};
  std::string detail = {};
  std::optional<std::chrono::seconds> retry_after = {};
  /// The third-party service's own HTTP status, where there was one.
  int upstream_status = 0;
};

/// An Error on its way to the one place that translates it (api/router, cli/cli, exec-local).
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

namespace detail {
template <class E>
[[noreturn]] void throw_error(E error) {
  if constexpr (std::is_same_v<E, Error>)
    throw Failure(std::move(error));
  else
    throw Failure(to_error(std::move(error)));  // found by argument-dependent lookup
}
}  // namespace detail

/// A T, or the E that the caller is expected to look at.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return error;` are the point
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

  /// The value; throws Failure when there is none.
  T value() && {
    if (!*this) detail::throw_error(std::get<1>(std::move(state_)));
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, E> state_;
};

/// The value of an operation that has none: `Result<Done>`.
struct Done {};

inline Error invalid(std::string message) { return {ErrorKind::invalid_input, std::move(message)}; }
/// `field` is a dotted path in the caller's input.
Error invalid_field(std::string field, std::string message, std::string code = "invalid");
inline Error not_found(std::string message) { return {ErrorKind::not_found, std::move(message)}; }

}  // namespace fairlead
