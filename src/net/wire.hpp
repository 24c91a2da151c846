// A connection to a service: a socket, with TLS or without. For http_client.cpp only.
#pragma once

#include "base/clear.hpp"
#include "base/task.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

namespace fairlead::net {

struct SslDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslDeleter>;

/// Certificates are always verified; TLS 1.2 or newer. `ca_file` (PEM) adds authorities to those of
/// the system. Throws Failure when it cannot be read.
SslContext client_tls(const std::string& ca_file);

/// The newest TLS session of a place, for the next connection to it.
struct TlsSession {
  std::unique_ptr<SSL_SESSION, SslDeleter> newest;
};

class Wire {
 public:
  using ErrorCode = boost::system::error_code;
  using Socket = asio::ip::tcp::socket;

  explicit Wire(asio::io_context& loop) : socket_(loop) {}
  ~Wire();
  Wire(const Wire&) = delete;

  Socket& socket() noexcept { return socket_; }
  /// Ends every wait; the operations then fail with operation_aborted.
  void cancel() {
    ErrorCode ignored;
    socket_.cancel(ignored);
  }

  /// Verifies that the certificate is for `host`. Answers what went wrong, or nothing.
  Task<std::optional<std::string>> start_tls(SSL_CTX& context, const std::string& host,
                                             std::shared_ptr<TlsSession> session);

  struct Transfer {
    ErrorCode failure;
    std::size_t size = 0;
  };
  /// Some bytes. `eof` is the orderly end; an end of TCP without the end of TLS is another failure.
  Task<Transfer> read_some(asio::mutable_buffer space);
  /// All of both parts, or how much was given to the network before the failure.
  Task<Transfer> write_all(std::array<asio::const_buffer, 2> parts);

  /// Whether nothing has arrived, not even the end: what comes on a kept connection before a
  /// request is not an answer to it.
  bool is_quiet() noexcept;

  /// Read, not yet used. Answers of token endpoints go through here.
  boost::beast::basic_flat_buffer<ErasingAllocator<char>> in;
  std::string out;  ///< space for heads

 private:
  friend struct WireBio;
  Task<Transfer> read_tls(asio::mutable_buffer space);
  Task<Transfer> write_tls(asio::const_buffer bytes);
  Task<ErrorCode> wait_for_tls(int result);

  Socket socket_;
  std::unique_ptr<SSL, SslDeleter> tls_;
  std::shared_ptr<TlsSession> session_;
  std::unique_ptr<char[]> cipher_;  // received, not yet decrypted
  std::size_t cipher_begin_ = 0, cipher_end_ = 0;
  std::size_t cipher_sent_ = 0;
  bool tcp_ended_ = false;
};

}  // namespace fairlead::net
