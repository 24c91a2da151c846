// Serves HTTP/1.1. Beast lives in http_server.cpp.
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
/// on the loop of its connection; when it throws, the answer is 500 and the connection closes. It
/// is cancelled (its co_await throws) when it takes longer than `request_time` or when the client
/// goes away, which a client does that ends its side of the connection before it has the answer.
/// A handler that does not let itself be cancelled, because it must finish, has its answer sent.
/// A response with a `stream` is sent in chunks, or as it is when it has a Content-Length.
/// Content-Length, Date, Connection and Transfer-Encoding are otherwise the server's.
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
    std::chrono::milliseconds idle_time{
        60'000};  ///< between requests; of a client that takes nothing
    std::chrono::milliseconds request_time{300'000};  ///< of a handler; a stream has no limit
    /// Gives the body of the answers that are not a handler's (400, 408, 413, 414, 417, 431, 500,
    /// 503, 505); plain text when not set.
    std::function<Response(int status, std::string_view reason)> refusal = {};
  };

  /// Binds at once, so that `port()` is known; throws Failure when the address is taken.
  /// `workers` lives longer.
  HttpServer(Workers& workers, Options options, Handler handler);
  /// Closes everything, cancels the handlers and waits for them (ten seconds at most).
  ~HttpServer();

  std::uint16_t port() const noexcept;
  /// Begins to accept.
  void start();
  /// Stops accepting, lets running requests end (idle connections close at once), and returns when
  /// all have or at `limit`; answers whether all have. Call from outside the loops; may be called
  /// again to wait longer.
  bool drain(std::chrono::milliseconds limit);
  /// Closes every connection, cancels the handlers and waits for them until `limit`; answers
  /// whether all have ended. Call from outside the loops, while they run.
  bool abandon(std::chrono::milliseconds limit);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace fairlead::net
