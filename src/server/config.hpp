// The settings of a server, read once at start from flags and the environment, and reported with
// secrets left out.
#pragma once

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/egress_policy.hpp"
#include "net/url.hpp"
#include "vault/root_key.hpp"

#include <CLI/App.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::server {

/// Where the state lives: what every command on this machine needs.
struct StateConfig {
  std::filesystem::path state_dir;
  std::string database_url;  ///< empty: SQLite in the state folder
  std::string root_key = "file";

  /// Adds --state-dir, --database-url and --root-key to a command.
  void add_options(CLI::App& command);
  vault::RootKeyOptions root_key_options() const;
};

/// Adds --state-dir alone: for commands that ask the running server.
void add_state_dir(CLI::App& command, std::filesystem::path& state_dir);

/// What `fairlead serve` needs beside.
struct ServeConfig {
  StateConfig state;
  std::string listen = "127.0.0.1:8300";
  std::string public_url;  ///< empty: http:// and the address listened on
  std::string connect_to;
  std::vector<std::string> egress_exceptions;
  std::string ca_file, proxy;
  std::string log_level = "info";
  std::size_t threads = 0;  ///< 0: one per core
  bool insecure_http = false;
  bool open_metrics = false;

  void add_options(CLI::App& command);
};

/// "address:port", "[v6]:port" or ":port".
struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
  bool is_loopback() const;
  static Result<ListenAddress> parse(std::string_view text);
};

/// The address of --connect-to. Throws Failure naming the flag.
net::Endpoint read_connect_to(std::string_view text);

Result<log::Level> parse_log_level(std::string_view text);

}  // namespace fairlead::server
