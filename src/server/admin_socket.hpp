// The local socket of a running server: for commands that need no token, because they run on its
// machine as its user (docs/security.md, D19).
#pragma once

#include "base/json.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <sys/types.h>

namespace fairlead::server {

/// Who asks, as the kernel says it (SO_PEERCRED).
struct Peer {
  uid_t uid = 0;
  pid_t pid = 0;
};

/// `admin.sock` in the state folder, readable by its owner only. Requests come one a connection, a
/// JSON object a line, and are answered one after the other on a thread of its own; of users other
/// than the server's and root none reaches the handler.
class AdminSocket {
 public:
  /// Answers the request or throws Failure, which the asking command then throws in its turn.
  using Handler = std::function<json::object(const json::object& request, const Peer& peer)>;

  /// Throws Failure when another server has the folder's socket, or it cannot be made.
  AdminSocket(const std::filesystem::path& state_dir, Handler handler);
  /// Waits for the request that is being answered; removes the socket.
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Asks the server that runs on this state folder. Throws what it threw, or Failure(unavailable)
/// when there is none.
json::object ask_server(const std::filesystem::path& state_dir, const json::object& request);

}  // namespace fairlead::server
