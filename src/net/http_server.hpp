// Serves HTTP/1.1. Beast and OpenSSL live in http_server.cpp only.
#pragma once

#include "net/message.hpp"
#include "net/workers.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace fairlead::net {

/// Serves `handler` on one address, with an acceptor on every loop (SO_REUSEPORT). The handler runs
/// on the loop of its connection; when it throws, the answer is 500 and the connection closes.
/// Limits are those of security.md section 13.
class HttpServer {
 public:
  using Handler = std::function<Task<Response>(Request)>;

  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free port
    std::size_t header_bytes = 16 * 1024;
    std::size_t body_bytes = 4u << 20;
    std::size_t max_connections = 4096;
    std::size_t max_connections_per_address = 1024;
    std::chrono::milliseconds header_time{10'000};
    std::chrono::milliseconds body_time{30'000};
    std::chrono::milliseconds idle_time{60'000};
    std::chrono::milliseconds request_time{300'000};
    /// Gives the body of answers to malformed requests (400, 413, 414, 431, 408, 503); plain text
    /// when not set.
    std::function<Response(int status, std::string_view reason)> refusal = {};
  };

  /// Binds at once, so that `port()` is known; throws Failure when the address is taken.
  HttpServer(Workers& workers, Options options, Handler handler);
  ~HttpServer();

  std::uint16_t port() const noexcept;
  /// Begins to accept.
  void start();
  /// Stops accepting, lets running requests end (idle connections close at once), and returns when
  /// all have or at `limit`. Call from outside the loops.
  void drain(std::chrono::milliseconds limit);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace fairlead::net
