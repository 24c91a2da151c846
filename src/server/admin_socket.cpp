#include "server/admin_socket.hpp"

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace fairlead::server {
namespace {

constexpr const char* name = "admin.sock";
constexpr std::size_t longest_line = 64 * 1024;
constexpr timeval patience{10, 0};

/// The folder of a socket, through which it has a short name: an address holds 107 characters.
class SocketFolder {
 public:
  explicit SocketFolder(const std::filesystem::path& path)
      : folder_(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  bool is_open() const noexcept { return folder_.is_open(); }
  int get() const noexcept { return folder_.get(); }
  sockaddr_un address() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder_.get(), name);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
  }

 private:
  Descriptor folder_;
};

Descriptor new_socket(int flags = 0) {
  return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

bool connects(int descriptor, const SocketFolder& folder) {
  const sockaddr_un address = folder.address();
  return connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

/// Whether a server listens there, also one whose queue is full.
bool is_served(const SocketFolder& folder) {
  const Descriptor probe = new_socket(SOCK_NONBLOCK);
  return connects(probe.get(), folder) || errno == EAGAIN;
}

void set_patience(int descriptor) {
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

Descriptor connect_to(const SocketFolder& folder) {
  Descriptor client = new_socket();
  set_patience(client.get());  // a connect waits, too, while the queue is full
  return connects(client.get(), folder) ? std::move(client) : Descriptor();
}

/// A line without its end; nullopt when none came.
std::optional<std::string> read_line(int descriptor) {
  std::string line;
  while (line.size() < longest_line) {
    char piece[4096];
    const ssize_t size = recv(descriptor, piece, sizeof(piece), 0);
    if (size <= 0) return std::nullopt;
    line.append(piece, static_cast<std::size_t>(size));
    if (line.ends_with('\n')) {
      line.pop_back();
      return line;
    }
  }
  return std::nullopt;
}

bool write_line(int descriptor, const json::object& object) {
  const std::string line = json::serialize(object) + '\n';
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t size = send(descriptor, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<std::size_t>(size);
  }
  return true;
}

/// Both ends are the same program, so the kind travels as its number.
json::object to_json(const Error& error) {
  return {{"error", error.message}, {"kind", static_cast<int>(error.kind)}, {"code", error.code}};
}

Peer peer_of(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    throw Failure(Error{ErrorKind::forbidden, "who asks cannot be told"});
  if (credentials.uid != geteuid() && credentials.uid != 0) {
    log::warning("admin_socket.refused", {{"uid", credentials.uid}, {"pid", credentials.pid}});
    throw Failure(Error{ErrorKind::forbidden, "only the server's own user and root may ask this"});
  }
  return {credentials.uid, credentials.pid};
}

}  // namespace

struct AdminSocket::Impl {
  Impl(const std::filesystem::path& state_dir, Handler its_handler)
      : folder(state_dir), handler(std::move(its_handler)) {}

  SocketFolder folder;
  Handler handler;
  Descriptor listener = new_socket();
  Descriptor stop{eventfd(0, EFD_CLOEXEC)};
  std::thread thread;

  void listen_or_throw() const {
    if (is_served(folder))
      throw Failure(Error{ErrorKind::conflict, "another server runs on this state folder"});
    unlinkat(folder.get(), name, 0);
    const sockaddr_un address = folder.address();
    // The socket takes this mode when it is bound, so at no time can others connect.
    if (fchmod(listener.get(), 0600) != 0 ||
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener.get(), 8) != 0)
      throw Failure(Error{ErrorKind::unavailable,
                          fmt::format("cannot make the socket {}: {}", name, strerror(errno))});
  }

  void serve() const {
    pollfd waiting[] = {{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
    for (;;) {
      if (poll(waiting, 2, -1) < 0) {
        if (errno == EINTR) continue;
        return;
      }
      if (waiting[1].revents != 0) return;
      const Descriptor client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.is_open()) answer(client.get());
    }
  }

  void answer(int client) const {
    set_patience(client);
    json::object reply;
    try {
      // Read before it is judged: what is closed unread reaches the asker as a reset, not as words.
      const auto line = read_line(client);
      if (!line) return;
      const Peer peer = peer_of(client);
      reply = handler(parse_json_object(*line, "the request").value(), peer);
    } catch (const Failure& failure) {
      reply = to_json(failure.error());
    } catch (const std::exception& unexpected) {
      log::error("admin_socket.failed", {{"detail", unexpected.what()}});
      reply =
          to_json(Error{ErrorKind::internal, "something went wrong; the server's log has more"});
    }
    write_line(client, reply);
  }
};

AdminSocket::AdminSocket(const std::filesystem::path& state_dir, Handler handler)
    : impl_(std::make_unique<Impl>(state_dir, std::move(handler))) {
  impl_->listen_or_throw();
  impl_->thread = std::thread([parts = impl_.get()] { parts->serve(); });
}

AdminSocket::~AdminSocket() {
  eventfd_write(impl_->stop.get(), 1);
  impl_->thread.join();
  unlinkat(impl_->folder.get(), name, 0);
}

json::object ask_server(const std::filesystem::path& state_dir, const json::object& request) {
  const auto nobody = [&] {
    return Failure(Error{
        ErrorKind::unavailable,
        fmt::format("no server answers on {}: start `fairlead serve --state-dir {}`, and ask as "
                    "its user or as root",
                    state_dir.string(), state_dir.string())});
  };
  const SocketFolder folder(state_dir);
  if (!folder.is_open()) throw nobody();
  const Descriptor server = connect_to(folder);
  if (!server.is_open()) throw nobody();
  if (!write_line(server.get(), request)) throw nobody();
  const auto line = read_line(server.get());
  if (!line) throw nobody();
  json::object reply = parse_json_object(*line, "the server's answer").value();
  const auto* message = find_string(reply, "error");
  if (message == nullptr) return reply;
  const json::value* kind = reply.if_contains("kind");
  Error error{ErrorKind::internal, std::string(view(*message))};
  if (kind != nullptr && kind->is_int64()) error.kind = static_cast<ErrorKind>(kind->get_int64());
  if (const auto* code = find_string(reply, "code")) error.code = view(*code);
  throw Failure(std::move(error));
}

}  // namespace fairlead::server
