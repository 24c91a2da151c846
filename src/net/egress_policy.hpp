// Which addresses this process may connect to (security.md D40 to D42).
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::net {

/// The operator's answer to "may we connect to this resolved address?". Immutable; a changed policy
/// has another generation.
class EgressPolicy {
 public:
  /// Everything that is globally routable, on port 443 and by TLS.
  static EgressPolicy public_only();
  /// As public_only, and the exceptions: "host:port", "address:port" or "cidr:port"; a '+http'
  /// suffix allows plain HTTP. A malformed one is an error (a malformed policy stops the start).
  static Result<EgressPolicy> with_exceptions(const std::vector<std::string>& exceptions);
  /// Any address but the ones that are never allowed; plain HTTP too. For the library on a user's
  /// own machine.
  static EgressPolicy unrestricted();

  /// `address` is the resolved address in canonical text form, `host` the name that was asked for.
  /// Answers the reason of a refusal, or nothing.
  std::optional<std::string> refusal(std::string_view host, std::string_view address,
                                     std::uint16_t port, bool https) const;
  std::uint64_t generation() const noexcept { return generation_; }

 private:
  struct Exception {
    std::string host;     // exact name, or empty
    std::string network;  // 16 bytes, v4 mapped, or empty
    unsigned prefix = 128;
    std::uint16_t port = 0;
    bool http = false;
  };
  std::vector<Exception> exceptions_;
  bool unrestricted_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace fairlead::net
