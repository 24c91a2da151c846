// What the HTTP client keeps on each event loop. For http_client.cpp only.
#pragma once

#include "net/wire.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace fairlead::net {

class ClientLoop;

/// The time limit of one request; while it lives, the loop ends what it waits for at `deadline`.
class Watch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Watch(ClientLoop& loop);
  ~Watch();
  Watch(const Watch&) = delete;

  void set_deadline(TimePoint deadline);
  TimePoint deadline() const noexcept { return deadline_; }
  bool expired() const noexcept { return expired_; }

  Wire* wire = nullptr;                 ///< cancelled at the deadline
  asio::steady_timer* alarm = nullptr;  ///< the same

 private:
  friend class ClientLoop;
  ClientLoop& loop_;
  std::size_t place_ = 0;
  TimePoint deadline_ = TimePoint::max();
  bool expired_ = false;
};

/// The kept connections of one place, newest last, and its TLS session.
struct Bucket {
  struct Kept {
    std::unique_ptr<Wire> wire;
    Watch::TimePoint until;
  };
  std::vector<Kept> kept;
  std::shared_ptr<TlsSession> session = std::make_shared<TlsSession>();
  Watch::TimePoint session_until;
};

/// One per io_context (which is run by one thread), found by asio's registry of services. All
/// limits of its requests and all idle connections hang on one timer, so a request sets none.
class ClientLoop final : public asio::execution_context::service {
 public:
  using key_type = ClientLoop;
  static asio::execution_context::id id;
  /// `context` is an io_context.
  explicit ClientLoop(asio::execution_context& context);

  asio::io_context& context() noexcept { return context_; }

  /// The connection that was used last and is still quiet; nothing when there is none.
  std::unique_ptr<Wire> take(const std::string& key);
  void keep(const std::string& key, std::unique_ptr<Wire> wire, std::size_t most,
            std::chrono::seconds idle);
  /// Closes the kept connections of a place.
  void drop(const std::string& key);
  std::shared_ptr<TlsSession> session(const std::string& key);

 private:
  friend class Watch;
  void shutdown() override;
  void wake_at(Watch::TimePoint time);
  void wake();
  Watch::TimePoint expire_watches(Watch::TimePoint now);
  Watch::TimePoint drop_idle(Watch::TimePoint now);

  asio::io_context& context_;
  std::unique_ptr<asio::steady_timer> timer_;
  Watch::TimePoint wake_at_ = Watch::TimePoint::max();
  std::vector<Watch*> watches_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace fairlead::net
