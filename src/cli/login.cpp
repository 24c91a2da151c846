#include "cli/login.hpp"

#include "cli/api_client.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/problem.hpp"
#include "cli/prompt.hpp"
#include "cli/settings.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <memory>
#include <unistd.h>

namespace fairlead::cli {
namespace {

/// Whether what is sent there passes a network as plain text.
bool is_readable_on_the_way(const std::string& server) {
  const auto url = net::Url::parse(server);
  return url && !url->https && url->host != "localhost" && url->host != "::1" &&
         !url->host.starts_with("127.");
}

struct LoginOptions {
  std::string server, client_file, organization;
};

/// What somebody types; nothing is no answer.
Secret ask_for(const std::string& what, Echo echo) {
  Secret answer = ask(what + ": ", echo);
  if (answer.empty()) throw Problem("validation_error", what + ": nothing was given");
  return answer;
}

/// The settings to keep: from the file, overlaid by what is given now. (The environment is not
/// kept, apart from the server that it names.)
Settings read_login(const LoginOptions& options) {
  Settings settings = load_kept().value();
  if (const auto server = server_of_environment()) settings.server = *server;
  if (!options.server.empty()) settings.server = options.server;
  settings.organization_id.clear();  // the server says which, unless it is given
  if (!options.client_file.empty()) {
    (void)read_client_file(options.client_file, settings).value();
    if (!options.server.empty()) settings.server = options.server;
  } else {
    if (isatty(STDIN_FILENO) != 1)
      throw Problem(
          "validation_error",
          "nobody to ask: give --client-file FILE (as `fairlead init --client-out` writes it)");
    if (options.server.empty()) {
      const Secret answer = ask(fmt::format("Server [{}]: ", settings.server), Echo::shown);
      if (!answer.empty()) settings.server = answer.reveal();
    }
    settings.client_id = ask_for("Client id", Echo::shown).reveal();
    settings.client_secret = ask_for("Client secret", Echo::hidden);
  }
  if (!options.organization.empty()) settings.organization_id = options.organization;
  while (settings.server.ends_with('/')) settings.server.pop_back();
  return settings;
}

Task<void> try_login(Settings& settings) {
  ApiClient api(settings);
  const json::object token = co_await api.application_token();
  if (const auto* organization = find_string(token, "organization_id");
      organization != nullptr && settings.organization_id.empty())
    settings.organization_id = std::string(view(*organization));
  // The first call that minds the organization.
  (void)co_await api.get("/workspaces", {{"limit", "1"}});
}

void login(const LoginOptions& options) {
  Settings settings = read_login(options);
  if (is_readable_on_the_way(settings.server))
    notice(fmt::format("{} is not encrypted: who is on the way can read the client secret",
                       settings.server));
  run_to_end(try_login(settings));
  (void)save_settings(settings).value();
  if (has_credentials_in_environment())
    notice(
        "the environment holds platform credentials too (FAIRLEAD_CLIENT_ID, ...): they win "
        "over the ones kept now");
  show(json::object{{"server", settings.server},
                    {"client_id", settings.client_id},
                    {"organization_id", settings.organization_id},
                    {"settings", settings_path()}});
}

void show_login() {
  const Settings settings = load_settings().value();
  show({{"server", settings.server},
        {"client_id", settings.client_id},
        {"client_secret", settings.client_secret.empty() ? "absent" : "present"},
        {"organization_id", settings.organization_id},
        {"workspace", settings.workspace},
        {"settings", settings_path()}});
}

}  // namespace

void add_login(CLI::App& app) {
  auto* sub =
      app.add_subcommand("login", "Keep platform credentials for this user, after trying them");
  sub->group(clients_group);
  auto options = std::make_shared<LoginOptions>();
  sub->add_option("--server", options->server,
                  "Origin of the server, for example http://127.0.0.1:8300");
  sub->add_option(
      "--client-file", options->client_file,
      "File with client_id, client_secret and organization_id (fairlead init --client-out)");
  sub->add_option("--org-id", options->organization, "Organization id");
  sub->footer(
      "Example:\n  fairlead login --server http://127.0.0.1:8300 --client-file client.json");
  auto* show = sub->add_subcommand("show", "What is kept, without the secret");
  show->footer("Example:\n  fairlead login show");
  show->callback(&show_login);
  sub->callback([show, options] {
    if (!show->parsed()) login(*options);
  });
}

}  // namespace fairlead::cli
