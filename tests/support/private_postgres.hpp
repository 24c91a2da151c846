// A PostgreSQL server of this test program's own, and a fresh database for each test.
#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace fairlead::testing {

/// Listens on a free port of 127.0.0.1 and on a socket in its folder; fsync is off. A shell watches
/// over it: when the test program ends, in whatever way, its pipe closes, and the shell stops the
/// server and removes the folder. As root, the server runs as the user postgres.
class PrivatePostgres {
 public:
  /// Starts it at the first call; throws when PostgreSQL 15 is missing or does not start.
  static PrivatePostgres& instance() {
    static PrivatePostgres server;
    if (!server.problem_.empty()) throw std::runtime_error(server.problem_);
    return server;
  }

  /// postgresql://... of a new and empty database.
  std::string new_database() {
    const std::string name = "test_" + std::to_string(++databases_);
    run_command(tool("createdb") + connection() + name);
    return url(name);
  }
  std::string url(const std::string& database) const {
    return "postgresql://fairlead@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

  ~PrivatePostgres() { stop(); }
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

 private:
  PrivatePostgres() {
    if (!std::filesystem::exists(tool("initdb"))) {
      problem_ = tool("initdb") +
                 " is missing: the tests need PostgreSQL 15"
                 " (apt install postgresql-15)";
      return;
    }
    // Another program may take the port between our look and the start.
    for (int tries = 0; tries < 3; ++tries)
      if (start()) return;
    problem_ = "the private PostgreSQL did not start:\n" + log_;
  }

  bool start() {
    folder_ = "/tmp/fairlead-postgres.XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make " + folder_);
    port_ = free_port();
    // popen's pipe is not passed on to other children of this program ("e").
    shell_ = popen(script().c_str(), "we");
    if (shell_ == nullptr) throw std::runtime_error("cannot start a shell");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < until) {
      if (std::filesystem::exists(folder_ + "/ready")) return true;
      if (std::filesystem::exists(folder_ + "/failed")) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    log_ = (std::ostringstream() << std::ifstream(folder_ + "/log").rdbuf()).str();
    stop();
    return false;
  }

  void stop() {
    if (shell_ != nullptr) pclose(shell_);
    shell_ = nullptr;
  }

  std::string script() const {
    return "folder=" + folder_ + " port=" + std::to_string(port_) + " bin=" + tool("") + R"(
      give_up() { touch failed; cat >/dev/null; rm -rf $folder; exit; }
      trap '' INT TERM HUP  # it ends when its input ends
      export LC_ALL=C
      cd $folder && exec >log 2>&1
      as=
      if [ $(id -u) = 0 ]; then
        chown postgres .
        as='setpriv --reuid=postgres --regid=postgres --clear-groups'
      fi
      $as ${bin}initdb -D data -U fairlead -A trust -E UTF8 --locale=C --no-sync \
        --no-instructions || give_up
      $as ${bin}postgres -D data -F -k $folder -p $port -c listen_addresses=127.0.0.1 \
        -c max_connections=200 </dev/null &
      until ${bin}pg_isready -q -h $folder -p $port; do
        kill -0 $! || give_up
        sleep 0.02
      done
      touch ready
      cat >/dev/null
      kill -QUIT $!
      wait
      cd / && rm -rf $folder
    )";
  }

  std::string connection() const {
    return " -h 127.0.0.1 -U fairlead -p " + std::to_string(port_) + " ";
  }
  static std::string tool(const char* name) {
    return std::string("/usr/lib/postgresql/15/bin/") + name;
  }
  static void run_command(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool found = bind(socket, generic, size) == 0 && getsockname(socket, generic, &size) == 0;
    close(socket);
    if (!found) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }

  std::string folder_, log_, problem_;
  int port_ = 0, databases_ = 0;
  FILE* shell_ = nullptr;
};

}  // namespace fairlead::testing
