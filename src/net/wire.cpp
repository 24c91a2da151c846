#include "net/wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>

namespace fairlead::net {
namespace {

constexpr auto no_throw = asio::as_tuple(asio::deferred);
constexpr std::size_t cipher_size = 20 * 1024;  // more than one record

std::string newest_ssl_error() {
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return "the connection was closed";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

int keep_session(SSL* tls, SSL_SESSION* session) {
  static_cast<TlsSession*>(SSL_get_app_data(tls))->newest.reset(session);
  return 1;  // the reference is ours now
}

/// Whether the folder holds certificates under the hashes of their names, as OpenSSL looks for
/// them.
bool has_hashed_names(const char* folder) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
    if (entry.path().extension() == ".0") return true;
  return false;
}

/// The authorities of the system, by fixed places: SSL_CERT_FILE and SSL_CERT_DIR have no effect.
/// A folder is read when needed; a bundle of all takes some 40 ms at the start.
void trust_system(SSL_CTX* context) {
  const char* folder = X509_get_default_cert_dir();
  if (has_hashed_names(folder) && SSL_CTX_load_verify_dir(context, folder) == 1) return;
  for (const char* bundle : {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
                             "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"})
    if (SSL_CTX_load_verify_file(context, bundle) == 1) return;
}

}  // namespace

SslContext client_tls(const std::string& ca_file) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX* c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(c, keep_session);
  constexpr unsigned char protocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(c, protocols, sizeof protocols - 1);
  trust_system(c);
  if (!ca_file.empty() && SSL_CTX_load_verify_file(c, ca_file.c_str()) != 1) {
    ERR_clear_error();
    throw Failure(Error{ErrorKind::invalid_input, "no certificates can be read from " + ca_file});
  }
  ERR_clear_error();
  return context;
}

/// OpenSSL's view of the socket: reads what the wire has received, writes without blocking and
/// without SIGPIPE.
struct WireBio {
  static int read(BIO* bio, char* out, int size) {
    Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::size_t have = wire.cipher_end_ - wire.cipher_begin_;
    if (have == 0) {
      if (wire.tcp_ended_) return 0;
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(have, static_cast<std::size_t>(size));
    memcpy(out, wire.cipher_.get() + wire.cipher_begin_, taken);
    wire.cipher_begin_ += taken;
    return static_cast<int>(taken);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(wire.socket_.native_handle(), bytes, static_cast<std::size_t>(size),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) wire.cipher_sent_ += static_cast<std::size_t>(sent);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
      BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }
  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(bio))->tcp_ended_;
    return 0;
  }
  static BIO* make(Wire& wire) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    return bio;
  }
};

Wire::~Wire() {
  if (!tls_ || !SSL_is_init_finished(tls_.get())) return;
  SSL_shutdown(tls_.get());  // says goodbye if the socket takes it at once
  ERR_clear_error();
}

Task<std::optional<std::string>> Wire::start_tls(SSL_CTX& context, const std::string& host,
                                                 std::shared_ptr<TlsSession> session) {
  cipher_ = std::make_unique_for_overwrite<char[]>(cipher_size);
  session_ = std::move(session);
  tls_.reset(SSL_new(&context));
  if (!tls_) throw std::bad_alloc();
  SSL* tls = tls_.get();
  BIO* bio = WireBio::make(*this);
  SSL_set_bio(tls, bio, bio);
  SSL_set_app_data(tls, session_.get());
  ErrorCode not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(tls, host.c_str());
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(tls, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str());
  }
  if (session_->newest) SSL_set_session(tls, session_->newest.get());

  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(tls);
    if (result == 1) co_return std::nullopt;
    const ErrorCode failure = co_await wait_for_tls(result);
    if (!failure) continue;
    const long verified = SSL_get_verify_result(tls);
    std::string why = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                      : failure == asio::error::operation_aborted ? "no answer in time"
                                                                  : newest_ssl_error();
    session_->newest.reset();
    ERR_clear_error();
    co_return why;
  }
}

/// Waits for what the last TLS operation lacks; a failure when it cannot go on.
Task<Wire::ErrorCode> Wire::wait_for_tls(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: {
      const auto space = asio::buffer(cipher_.get(), cipher_size);
      const auto [failure, size] = co_await socket_.async_read_some(space, no_throw);
      cipher_begin_ = 0;
      cipher_end_ = size;
      if (failure == asio::error::eof) {
        tcp_ended_ = true;
        co_return ErrorCode();
      }
      co_return failure;
    }
    case SSL_ERROR_WANT_WRITE: {
      const auto [failure] = co_await socket_.async_wait(Socket::wait_write, no_throw);
      co_return failure;
    }
    case SSL_ERROR_ZERO_RETURN:
      co_return asio::error::eof;
    default:
      co_return asio::error::connection_aborted;
  }
}

Task<Wire::Transfer> Wire::read_tls(asio::mutable_buffer space) {
  for (;;) {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(tls_.get(), space.data(), space.size(), &size);
    if (result == 1) co_return Transfer{{}, size};
    const ErrorCode failure = co_await wait_for_tls(result);
    if (failure) co_return Transfer{failure};
  }
}

Task<Wire::Transfer> Wire::write_tls(asio::const_buffer bytes) {
  std::size_t written = 0;
  const std::size_t sent_before = cipher_sent_;
  while (written < bytes.size()) {
    ERR_clear_error();
    std::size_t size = 0;
    const auto* from = static_cast<const char*>(bytes.data()) + written;
    const int result = SSL_write_ex(tls_.get(), from, bytes.size() - written, &size);
    written += size;
    if (result == 1) continue;
    const ErrorCode failure = co_await wait_for_tls(result);
    if (failure) co_return Transfer{failure, cipher_sent_ - sent_before};
  }
  co_return Transfer{{}, written};
}

Task<Wire::Transfer> Wire::read_some(asio::mutable_buffer space) {
  if (tls_) co_return co_await read_tls(space);
  const auto [failure, size] = co_await socket_.async_read_some(space, no_throw);
  co_return Transfer{failure, size};
}

Task<Wire::Transfer> Wire::write_all(std::array<asio::const_buffer, 2> parts) {
  if (tls_) {
    const Transfer first = co_await write_tls(parts[0]);
    if (first.failure || parts[1].size() == 0) co_return first;
    const Transfer second = co_await write_tls(parts[1]);
    co_return Transfer{second.failure, first.size + second.size};
  }
  std::size_t written = 0;
  ErrorCode failure;
  std::size_t size = socket_.write_some(parts, failure);
  for (;;) {
    written += size;
    if (failure && failure != asio::error::would_block) break;
    for (auto& part : parts) {
      const std::size_t taken = std::min(size, part.size());
      part += taken;
      size -= taken;
    }
    failure = {};
    if (parts[0].size() + parts[1].size() == 0) break;
    std::tie(failure, size) = co_await socket_.async_write_some(parts, no_throw);
  }
  co_return Transfer{failure, written};
}

bool Wire::is_quiet() noexcept {
  if (in.size() > 0 || cipher_begin_ != cipher_end_ || (tls_ && SSL_pending(tls_.get()) > 0))
    return false;
  char byte = 0;
  const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size == 0) return false;
  // Under TLS it may be a session ticket; what is not an answer fails to decrypt.
  if (size > 0) return tls_ != nullptr;
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace fairlead::net
