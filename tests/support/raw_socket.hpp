// A blocking socket for tests: sends exactly the given bytes and shows what comes back.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace fairlead::net {

/// A port of 127.0.0.1 that nobody listens at, and that nobody else gets while this lives.
class ClosedPort {
 public:
  ClosedPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(descriptor_, generic, size) != 0 || getsockname(descriptor_, generic, &size) != 0)
      throw std::runtime_error("no free port");
    number_ = ntohs(address.sin_port);
  }
  ClosedPort(const ClosedPort&) = delete;
  ~ClosedPort() { ::close(descriptor_); }
  std::uint16_t number() const { return number_; }

 private:
  int descriptor_;
  std::uint16_t number_ = 0;
};

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {
    const timeval limit{20, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  RawSocket(RawSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), unread_(std::move(other.unread_)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(std::uint16_t port) {
    const int descriptor = try_connect(port);
    if (descriptor < 0) throw std::runtime_error("cannot connect");
    return RawSocket(descriptor);
  }
  static bool can_connect(std::uint16_t port) {
    const int descriptor = try_connect(port);
    if (descriptor >= 0) ::close(descriptor);
    return descriptor >= 0;
  }

  int descriptor() const { return descriptor_; }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// Closes with a reset in the place of an end.
  void reset() {
    const linger at_once{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void end_writing() { ::shutdown(descriptor_, SHUT_WR); }

  /// False when the other side is gone.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Up to and with `mark`; what there was when the connection ended before.
  std::string read_until(std::string_view mark) {
    for (;;) {
      if (const auto at = unread_.find(mark); at != std::string::npos)
        return take(at + mark.size());
      if (!receive()) return take(unread_.size());
    }
  }
  std::string read_exactly(std::size_t size) {
    while (unread_.size() < size && receive()) {
    }
    return take(std::min(size, unread_.size()));
  }
  std::string read_to_end() {
    while (receive()) {
    }
    return take(unread_.size());
  }
  /// A head, and the body of its Content-Length.
  std::string read_answer() {
    std::string message = read_until("\r\n\r\n");
    constexpr std::string_view name = "Content-Length: ";
    const auto at = message.find(name);
    if (at != std::string::npos)
      message += read_exactly(std::stoul(message.substr(at + name.size())));
    return message;
  }

 private:
  static int try_connect(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return descriptor;
    ::close(descriptor);
    return -1;
  }
  bool receive() {
    char bytes[16 * 1024];
    const auto size = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (size > 0) unread_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }
  std::string take(std::size_t size) {
    std::string taken = unread_.substr(0, size);
    unread_.erase(0, size);
    return taken;
  }

  int descriptor_;
  std::string unread_;
};

}  // namespace fairlead::net
