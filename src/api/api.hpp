// The REST interface: decode, call the platform, encode. openapi/fairlead.yaml is its contract.
#pragma once

#include "access/access.hpp"
#include "net/message.hpp"
#include "platform/platform.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::api {

struct Options {
  /// Where this server is reached, without a slash at the end; addresses in answers begin with it.
  std::string public_url;
  /// Show /metrics to everyone; else only to callers on this machine that came without a proxy.
  bool open_metrics = false;
  std::chrono::milliseconds request_time{300'000};
};

/// A line of the one table of routes; for tests that walk through all of them.
struct RouteInfo {
  std::string_view method, pattern;
  bool is_open = false;      ///< needs no token
  bool is_health = false;    ///< answers before the set-up too
  bool is_ceremony = false;  ///< there only while its ceremony is open
  bool is_documented =
      true;  ///< false: answers that it is not offered, and so no part of the contract
};

/// Until the installation has its first organization, everything but health and the set-up itself
/// answers 503 `setup_required`. Safe to use from any loop. `platform` and `access` outlive it.
class Api {
 public:
  Api(platform::Platform& platform, access::Access& access, Options options);
  ~Api();

  /// Answers every request; throws nothing. Usable as net::HttpServer::Handler.
  Task<net::Response> handle(net::Request request);
  /// For net::HttpServer::Options::refusal: requests that never became one, in the same shape.
  net::Response refusal(int status, std::string_view reason) const;
  /// /readyz answers 503 from now on.
  void begin_drain();

  static std::vector<RouteInfo> routes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The closed list of `error_code`, as openapi/fairlead.yaml has it.
std::vector<std::string_view> error_codes();

}  // namespace fairlead::api
