#include "cli/settings.hpp"

#include "base/json.hpp"
#include "base/named_file.hpp"
#include "base/write_whole.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace fairlead::cli {
namespace {

/// The variable's value, under our name or the other one; empty counts as absent.
std::optional<std::string> variable(const char* ours, const char* other) {
  for (const char* name : {ours, other})
    if (const char* value = name != nullptr ? std::getenv(name) : nullptr;
        value != nullptr && *value != '\0')
      return value;
  return std::nullopt;
}

void take(const json::object& from, const char* name, std::string& into) {
  if (const auto* text = find_string(from, name); text != nullptr && !text->empty())
    into = std::string(view(*text));
}

void take_credentials(const json::object& from, Settings& into) {
  take(from, "client_id", into.client_id);
  if (const auto* secret = find_string(from, "client_secret"))
    into.client_secret = Secret(view(*secret));
}

Error cannot_write(const std::filesystem::path& path, int reason) {
  return Error{ErrorKind::internal,
               fmt::format("cannot write {}: {}; FAIRLEAD_SETTINGS may name another file",
                           path.string(), std::strerror(reason))};
}

/// Of other writers of the same file, one after the other. Nothing is left behind: the lock is on
/// the folder.
class Turn {
 public:
  explicit Turn(const std::filesystem::path& folder)
      : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ >= 0) flock(descriptor_, LOCK_EX);
  }
  ~Turn() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int descriptor_;
};

/// Where the file is, behind symbolic links, in a folder that is there.
Result<std::filesystem::path> place_of_settings() {
  const std::string path = settings_path();
  if (path.empty())
    return Error{ErrorKind::internal,
                 "HOME is not set, so there is nowhere to keep the settings; FAIRLEAD_SETTINGS "
                 "names the file"};
  std::filesystem::path real = behind_links(path);
  if (!real.has_parent_path()) real = "." / real;
  std::error_code code;
  std::filesystem::create_directories(real.parent_path(), code);
  // The folder's own fault is told: without it the file has only "no such file".
  if (code) return cannot_write(path, code.value());
  return real;
}

Result<Done> write_settings(const std::filesystem::path& path, const Settings& settings) {
  const json::object file{
      {"settings",
       {{"server", settings.server},
        {"credentials",
         {{"client_id", settings.client_id}, {"client_secret", settings.client_secret.reveal()}}},
        {"organization_id", settings.organization_id},
        {"workspace", settings.workspace},
        {"allow_destructive", settings.allow_destructive}}}};
  const std::string text = json::serialize(file) + "\n";
  std::string fresh = path.string() + ".XXXXXX";  // 0600, and nobody else's
  const int descriptor = mkostemp(fresh.data(), O_CLOEXEC);
  if (descriptor < 0) return cannot_write(path, errno);
  const bool written = write_whole(descriptor, text) && fsync(descriptor) == 0;
  const int reason = errno;
  close(descriptor);
  if (written && rename(fresh.c_str(), path.c_str()) == 0) return Done{};
  const Error error = cannot_write(path, written ? errno : reason);
  unlink(fresh.c_str());
  return error;
}

/// The credentials that all three variables make together.
struct FromEnvironment {
  std::optional<std::string> id = variable("FAIRLEAD_CLIENT_ID", "AIRBYTE_CLIENT_ID");
  std::optional<std::string> secret = variable("FAIRLEAD_CLIENT_SECRET", "AIRBYTE_CLIENT_SECRET");
  std::optional<std::string> organization =
      variable("FAIRLEAD_ORGANIZATION_ID", "AIRBYTE_ORGANIZATION_ID");
  bool are_complete() const { return id && secret && organization; }
};

bool is_same_server(const std::string& one, const std::string& other) {
  const auto a = net::Url::parse(one), b = net::Url::parse(other);
  if (!a || !b) return one == other;
  const auto is_here = [](const net::Url& url) {
    return url.host == "localhost" || url.host == "127.0.0.1" || url.host == "::1";
  };
  return a->same_origin(*b) ||
         (is_here(*a) && is_here(*b) && a->port == b->port && a->https == b->https);
}

}  // namespace

std::string settings_path() {
  if (const auto chosen = variable("FAIRLEAD_SETTINGS", nullptr)) return *chosen;
  if (const auto config = variable("XDG_CONFIG_HOME", nullptr))
    return *config + "/fairlead/settings.json";
  if (const auto home = variable("HOME", nullptr)) return *home + "/.config/fairlead/settings.json";
  return "";
}

std::optional<std::string> server_of_environment() {
  return variable("FAIRLEAD_SERVER", "AIRBYTE_API_HOST");
}

bool has_credentials_in_environment() { return FromEnvironment().are_complete(); }

Result<Settings> load_kept() {
  Settings settings;
  const std::string path = settings_path();
  std::error_code code;
  const bool is_there = !path.empty() && std::filesystem::exists(path, code);
  if (code)
    return Error{ErrorKind::internal,
                 fmt::format("cannot read the settings '{}': {}", path, code.message())};
  if (!is_there) return settings;
  auto file = read_secret_object(path, "the settings");
  if (!file && file.error().kind != ErrorKind::invalid_input) return std::move(file).error();
  const auto* inner = file ? find_object(*file, "settings") : nullptr;
  if (inner == nullptr)
    return invalid(fmt::format(
        "{} are not the settings of fairlead ({}); remove the file and run `fairlead login`, or "
        "let FAIRLEAD_SETTINGS name another",
        path, file ? "there is no object 'settings' in them" : file.error().message));
  take(*inner, "server", settings.server);
  take(*inner, "organization_id", settings.organization_id);
  take(*inner, "workspace", settings.workspace);
  if (const auto* credentials = find_object(*inner, "credentials"))
    take_credentials(*credentials, settings);
  if (const auto* allow = inner->if_contains("allow_destructive"))
    settings.allow_destructive = allow->is_bool() && allow->as_bool();
  return settings;
}

Result<Settings> load_settings() {
  auto loaded = load_kept();
  if (!loaded) return loaded;
  Settings settings = *std::move(loaded);
  const FromEnvironment given;
  const auto server = server_of_environment();
  if (given.are_complete()) {
    settings.client_id = *given.id;
    settings.client_secret = Secret(*given.secret);
    settings.organization_id = *given.organization;
  } else if (server && !settings.client_secret.empty() &&
             !is_same_server(*server, settings.server)) {
    return Error{
        ErrorKind::forbidden,
        fmt::format("the credentials in {} are kept for {}, and go to no other server; for "
                    "{} run `fairlead login --server {}`, or set FAIRLEAD_CLIENT_ID, "
                    "FAIRLEAD_CLIENT_SECRET and FAIRLEAD_ORGANIZATION_ID",
                    settings_path(), settings.server, *server, *server)};
  }
  if (server) settings.server = *server;
  if (auto workspace = variable("FAIRLEAD_WORKSPACE", "AIRBYTE_WORKSPACE"))
    settings.workspace = *std::move(workspace);
  if (variable("FAIRLEAD_ALLOW_DESTRUCTIVE", "AIRBYTE_ALLOW_DESTRUCTIVE").value_or("") == "true")
    settings.allow_destructive = true;
  while (settings.server.ends_with('/')) settings.server.pop_back();
  return settings;
}

Result<Done> save_settings(const Settings& settings) {
  const auto path = place_of_settings();
  if (!path) return path.error();
  const Turn turn(path->parent_path());
  return write_settings(*path, settings);
}

Result<Done> change_saved(std::string Settings::*member, std::string value) {
  const auto path = place_of_settings();
  if (!path) return path.error();
  const Turn turn(path->parent_path());
  auto settings = load_kept();
  if (!settings) return std::move(settings).error();
  (*settings).*member = std::move(value);
  return write_settings(*path, *settings);
}

Result<Done> read_client_file(const std::string& path, Settings& into) {
  auto file = read_secret_object(path, "the client file");
  if (!file) return std::move(file).error();
  // What the file lacks is not made up by what was kept: that is another client's, and perhaps of
  // another server.
  into.client_id.clear();
  into.client_secret = Secret();
  into.organization_id.clear();
  take_credentials(*file, into);
  take(*file, "organization_id", into.organization_id);
  take(*file, "server", into.server);
  if (into.client_id.empty() || into.client_secret.empty() || into.organization_id.empty())
    return invalid(fmt::format("{} must hold client_id, client_secret and organization_id", path));
  return Done{};
}

}  // namespace fairlead::cli
