#include "server/config.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace fairlead::server {

namespace {

/// Whether a URL or a connection string of libpq holds a password.
bool holds_password(std::string_view text) {
  constexpr std::string_view word = "password";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto sign = text.find_first_not_of(" \t\r\n", at + word.size());
    if (sign != std::string_view::npos && text[sign] == '=') return true;
  }
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority =
      text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const auto at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') < at;
}

/// What is wrong with --database-url; the variable of the same meaning may hold a password.
std::string refuse_password(std::string& text) {
  const char* variable = std::getenv("FAIRLEAD_DATABASE_URL");
  if (!holds_password(text) || (variable != nullptr && text == variable)) return "";
  return "it holds a password, which every user of this machine sees in the list of processes; "
         "FAIRLEAD_DATABASE_URL may hold it, or ~/.pgpass";
}

}  // namespace

void add_state_dir(CLI::App& command, std::filesystem::path& state_dir) {
  command
      .add_option("--state-dir", state_dir, "Folder of the database, the root key and the locks")
      ->required()
      ->envname("FAIRLEAD_STATE_DIR");
}

void StateConfig::add_options(CLI::App& command) {
  add_state_dir(command, state_dir);
  command
      .add_option("--database-url", database_url,
                  "postgresql://user@host/name instead of SQLite in the state folder")
      ->envname("FAIRLEAD_DATABASE_URL")
      ->check(CLI::Validator(&refuse_password, "", "no password"));
  command
      .add_option("--root-key", root_key,
                  "Where the root key is kept: file (root.key in the state folder), credential "
                  "(systemd) or env")
      ->capture_default_str()
      ->envname("FAIRLEAD_ROOT_KEY_PROVIDER")
      ->check(CLI::IsMember({"file", "credential", "env"}));
}

vault::RootKeyOptions StateConfig::root_key_options() const {
  return {vault::parse_root_key_provider(root_key).value(), state_dir / "root.key"};
}

void ServeConfig::add_options(CLI::App& command) {
  state.add_options(command);
  command
      .add_option("--listen", listen, "Address and port, for example 127.0.0.1:8300 or [::1]:8300")
      ->capture_default_str()
      ->envname("FAIRLEAD_LISTEN");
  command
      .add_option("--public-url", public_url,
                  "Origin that clients use, for example https://fairlead.example.com")
      ->envname("FAIRLEAD_PUBLIC_URL");
  command.add_option("--connect-to", connect_to,
                     "FOR TESTS: send every request to this loopback address in plain HTTP, "
                     "whatever host it is for");
  command
      .add_option("--egress-exception", egress_exceptions,
                  "Inside address that connectors may reach: host:port, address:port or cidr:port; "
                  "+http at the end allows plain HTTP")
      ->envname("FAIRLEAD_EGRESS_EXCEPTIONS")
      ->delimiter(',');
  command.add_option("--ca-file", ca_file, "Further trusted certificate authorities (PEM)")
      ->envname("FAIRLEAD_CA_FILE");
  command.add_option("--http-proxy", proxy, "Proxy for requests to services, http://host:port")
      ->envname("FAIRLEAD_HTTP_PROXY");
  command.add_option("--log-level", log_level, "What goes into the log")
      ->capture_default_str()
      ->envname("FAIRLEAD_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  command.add_option("--threads", threads, "Event loops; 0: one per core")
      ->envname("FAIRLEAD_THREADS")
      ->check(CLI::Range(0, 256));
  command
      .add_flag("--insecure-http", insecure_http,
                "Listen beyond loopback without an https public URL in front")
      ->envname("FAIRLEAD_INSECURE_HTTP");
  command.add_flag("--open-metrics", open_metrics, "Show /metrics to other machines too")
      ->envname("FAIRLEAD_OPEN_METRICS");
}

bool ListenAddress::is_loopback() const { return address.starts_with("127.") || address == "::1"; }

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const auto wrong = [&] {
    return invalid_field(
        "listen", fmt::format("'{}' is no address and port; for example 127.0.0.1:8300", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  ListenAddress out;
  out.address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [stop, failure] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failure != std::errc() || stop != port.data() + port.size() || port.empty()) return wrong();
  if (out.address.empty()) out.address = "0.0.0.0";
  if (out.address == "localhost") out.address = "127.0.0.1";
  if (out.address.starts_with('[') && out.address.ends_with(']'))
    out.address = out.address.substr(1, out.address.size() - 2);
  else if (out.address.find(':') != std::string::npos)
    return wrong();
  return out;
}

net::Endpoint read_connect_to(std::string_view text) {
  auto endpoint = net::Endpoint::parse_loopback(text);
  if (!endpoint)
    throw Failure(invalid_field(
        "connect_to", fmt::format("--connect-to '{}' {}", text, endpoint.error().message)));
  return *std::move(endpoint);
}

Result<log::Level> parse_log_level(std::string_view text) {
  if (text == "debug") return log::Level::debug;
  if (text == "info") return log::Level::info;
  if (text == "warning") return log::Level::warning;
  if (text == "error") return log::Level::error;
  return invalid_field("log_level",
                       fmt::format("'{}' is none of debug, info, warning, error", text));
}

}  // namespace fairlead::server
