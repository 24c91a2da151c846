#include "cli/settings.hpp"

#include "base/json.hpp"
#include "base/secret_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
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

Result<json::object> read_secret_object(const std::string& path, std::string_view what) {
  const auto text = read_secret_file(path, what);
  if (!text) return text.error();
  return parse_json_object(*text, path);
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

}  // namespace

std::string settings_path() {
  if (const auto chosen = variable("FAIRLEAD_SETTINGS", nullptr)) return *chosen;
  if (const auto config = variable("XDG_CONFIG_HOME", nullptr))
    return *config + "/fairlead/settings.json";
  const auto home = variable("HOME", nullptr);
  return home.value_or(".") + "/.config/fairlead/settings.json";
}

namespace {

Result<Settings> load_file() {
  Settings settings;
  const std::string path = settings_path();
  if (std::filesystem::exists(path)) {
    auto file = read_secret_object(path, "the settings");
    if (!file) return std::move(file).error();
    if (const auto* inner = find_object(*file, "settings")) {
      take(*inner, "server", settings.server);
      take(*inner, "organization_id", settings.organization_id);
      take(*inner, "workspace", settings.workspace);
      if (const auto* credentials = find_object(*inner, "credentials"))
        take_credentials(*credentials, settings);
      if (const auto* allow = inner->if_contains("allow_destructive"))
        settings.allow_destructive = allow->is_bool() && allow->as_bool();
    }
  }
  return settings;
}

}  // namespace

Result<Settings> load_settings() {
  auto loaded = load_file();
  if (!loaded) return loaded;
  Settings settings = *std::move(loaded);
  const auto id = variable("FAIRLEAD_CLIENT_ID", "AIRBYTE_CLIENT_ID");
  const auto secret = variable("FAIRLEAD_CLIENT_SECRET", "AIRBYTE_CLIENT_SECRET");
  const auto organization = variable("FAIRLEAD_ORGANIZATION_ID", "AIRBYTE_ORGANIZATION_ID");
  if (id && secret && organization) {
    settings.client_id = *id;
    settings.client_secret = Secret(*secret);
    settings.organization_id = *organization;
  }
  if (auto server = variable("FAIRLEAD_SERVER", "AIRBYTE_API_HOST"))
    settings.server = *std::move(server);
  if (auto workspace = variable("FAIRLEAD_WORKSPACE", "AIRBYTE_WORKSPACE"))
    settings.workspace = *std::move(workspace);
  if (variable("FAIRLEAD_ALLOW_DESTRUCTIVE", "AIRBYTE_ALLOW_DESTRUCTIVE").value_or("") == "true")
    settings.allow_destructive = true;
  while (settings.server.ends_with('/')) settings.server.pop_back();
  return settings;
}

Result<Done> save_settings(const Settings& settings) {
  const std::filesystem::path path = settings_path();
  std::error_code code;
  std::filesystem::create_directories(path.parent_path(), code);
  const json::object file{
      {"settings",
       {{"server", settings.server},
        {"credentials",
         {{"client_id", settings.client_id}, {"client_secret", settings.client_secret.reveal()}}},
        {"organization_id", settings.organization_id},
        {"workspace", settings.workspace},
        {"allow_destructive", settings.allow_destructive}}}};
  const std::string text = json::serialize(file) + "\n";
  const std::string fresh = path.string() + ".new";
  unlink(fresh.c_str());
  const int descriptor =
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  // The folder's own fault comes first: without it the file has only "no such file".
  if (descriptor < 0) return cannot_write(path, code ? code.value() : errno);
  const bool written =
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(descriptor) == 0;
  close(descriptor);
  if (!written || rename(fresh.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    unlink(fresh.c_str());
    return cannot_write(path, reason);
  }
  return Done{};
}

Result<Done> change_saved(std::string Settings::*member, std::string value) {
  auto settings = load_file();
  if (!settings) return std::move(settings).error();
  (*settings).*member = std::move(value);
  return save_settings(*settings);
}

Result<Done> read_client_file(const std::string& path, Settings& into) {
  auto file = read_secret_object(path, "the client file");
  if (!file) return std::move(file).error();
  take_credentials(*file, into);
  take(*file, "organization_id", into.organization_id);
  take(*file, "server", into.server);
  if (into.client_id.empty() || into.client_secret.empty() || into.organization_id.empty())
    return invalid(fmt::format("{} must hold client_id, client_secret and organization_id", path));
  return Done{};
}

}  // namespace fairlead::cli
