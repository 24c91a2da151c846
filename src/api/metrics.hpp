// Counters of the server, in Prometheus' text format. Labels never hold ids of users, connectors or
// values.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace fairlead::platform {
class Platform;
}

namespace fairlead::api {

/// Safe to use from any loop.
class Metrics {
 public:
  /// `routes` is how many lines the table of routes has; a line's number names it in `answered`.
  explicit Metrics(std::size_t routes);
  ~Metrics();

  /// A line of the table of routes gets its name (method and pattern).
  void name_route(std::size_t route, std::string_view method, std::string_view pattern);
  /// `route` is the number of lines for requests that matched none.
  void answered(std::size_t route, int status, std::chrono::steady_clock::duration took);
  /// `result` is "succeeded" or an error code of the contract.
  void executed(std::string_view result, std::chrono::steady_clock::duration took);

  std::string text(platform::Platform& platform) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::api
