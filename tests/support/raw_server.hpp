// A server for tests that does with each connection what its script says, however wrong.
#pragma once

#include "support/raw_socket.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fairlead::net {

/// Runs `script` on a thread per connection. The script ends when its socket does: the destructor
/// shuts all of them and waits.
class RawServer {
 public:
  /// `number` counts the connections from 0.
  using Script = std::function<void(RawSocket& socket, int number)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 128) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  RawServer(const RawServer&) = delete;
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }  ///< accepted so far
  /// Those whose script has not ended.
  std::size_t open_connections() {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const int number = connections_++;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(descriptor);
      }
      threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
    }
  }
  void serve(int descriptor, int number) {
    RawSocket socket(descriptor);
    script_(socket, number);
    const std::lock_guard lock(mutex_);
    std::erase(open_, descriptor);  // before the number is used again
    socket.close();
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace fairlead::net
