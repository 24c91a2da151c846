#include "server/local_commands.hpp"

#include "access/setup.hpp"
#include "base/json.hpp"
#include "base/named_file.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "server/admin_socket.hpp"
#include "server/connector_command.hpp"
#include "server/examination.hpp"
#include "server/exec_local.hpp"
#include "server/sandbox_command.hpp"
#include "server/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>

namespace fairlead::server {
namespace {

// init

struct InitOptions {
  StateConfig state;
  std::string admin_email, password_file, client_out, organization = "Default organization";
};

void run_init(const InitOptions& options) {
  if (std::filesystem::exists(options.client_out))
    throw Failure(
        Error{ErrorKind::conflict,
              fmt::format("{} exists already; choose another --client-out", options.client_out)});
  const Clear read = read_secret_file(options.password_file, "the password file").value();
  std::string_view password = read.text;
  while (password.ends_with('\n') || password.ends_with('\r')) password.remove_suffix(1);

  // Nothing is made before it is known that all of it can be: an organization whose only client
  // nobody has would have no way in.
  access::InitCommand command{options.admin_email, Secret(password), options.organization};
  access::check(command).value();
  PrivateFile client_file(options.client_out);
  const SystemClock clock;
  State state = open_state(options.state, clock);
  access::InitResult result =
      run_to_end(access::initialize(*state.database, *state.vault, clock, std::move(command)))
          .value();
  const json::object client{{"client_id", result.client_id.str()},
                            {"client_secret", result.client_secret.reveal()},
                            {"organization_id", result.organization_id.str()}};
  client_file.write(json::serialize(client) + "\n");
  cli::show(json::object{
      {"organization_id", result.organization_id.str()},
      {"client_id", result.client_id.str()},
      {"client_file", options.client_out},
      {"root_key", state.vault->root_key_location()},
      {"note",
       "Keep a copy of the root key apart from backups: a backup without it is worthless."}});
}

void add_init(CLI::App& app) {
  auto* command = app.add_subcommand(
      "init", "Make the first organization, its admin and one application client");
  command->group(cli::servers_group);
  auto options = std::make_shared<InitOptions>();
  options->state.add_options(*command);
  command->add_option("--admin-email", options->admin_email, "E-mail address of the admin")
      ->required();
  command
      ->add_option("--admin-password-file", options->password_file,
                   "File with the admin's password, or - for standard input")
      ->required();
  command
      ->add_option("--client-out", options->client_out,
                   "New file for client_id, client_secret and organization_id (0600)")
      ->required();
  command->add_option("--organization-name", options->organization, "Name of the organization");
  command->footer(
      "Example:\n  fairlead init --state-dir state --admin-email me@example.com "
      "--admin-password-file password --client-out client.json");
  command->callback([options] { run_init(*options); });
}

// setup-url, admin recover: what the running server is asked by its local socket

void run_setup_url(const std::filesystem::path& state_dir) {
  const json::object answer = ask_server(state_dir, {{"command", "setup-url"}});
  std::cout << view(answer.at("url").as_string()) << '\n';
}

void add_setup_url(CLI::App& app) {
  auto* command = app.add_subcommand(
      "setup-url", "Print where a browser makes the first organization, while serve runs");
  command->group(cli::servers_group);
  auto state_dir = std::make_shared<std::filesystem::path>();
  add_state_dir(*command, *state_dir);
  command->footer(
      "The address holds a code that works once, for 24 hours. Without a browser: fairlead init.\n"
      "Example:\n  fairlead setup-url --state-dir state");
  command->callback([state_dir] { run_setup_url(*state_dir); });
}

struct RecoverOptions {
  std::filesystem::path state_dir;
  std::string email;
};

void run_admin_recover(const RecoverOptions& options) {
  json::object request{{"command", "admin-recover"}};
  if (!options.email.empty()) request["email"] = options.email;
  const json::object answer = ask_server(options.state_dir, request);
  std::cout << view(answer.at("url").as_string()) << '\n';
  std::cerr << "For " << view(answer.at("admin_email").as_string())
            << ": works once, for ten minutes.\n";
}

void add_admin(CLI::App& app) {
  auto* admin = app.add_subcommand("admin", "Help for an admin of this installation");
  admin->group(cli::servers_group);
  admin->footer("Example:\n  fairlead admin recover --state-dir state");
  admin->require_subcommand(1);
  auto* recover = admin->add_subcommand(
      "recover", "Print where an admin who lost the credentials gets new ones, while serve runs");
  auto options = std::make_shared<RecoverOptions>();
  add_state_dir(*recover, options->state_dir);
  recover->add_option("--email", options->email, "Whose, when there are several admins");
  recover->footer(
      "Only the server's own user and root may ask; the server's log notes it.\n"
      "Example:\n  fairlead admin recover --state-dir state");
  recover->callback([options] { run_admin_recover(*options); });
}

// keys

/// What `read` makes of the state; while a server has it, the server's answer to `command`.
template <class Read>
auto ask_or_open(const StateConfig& config, const char* command, Read read)
    -> std::pair<decltype(read(std::declval<State&>())), bool> {
  const SystemClock clock;
  std::optional<State> state;
  std::optional<Failure> in_use;
  try {
    state = open_state(config, clock, Absent::is_an_error);
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::conflict) throw;
    in_use = failure;
  }
  if (state) return {read(*state), false};
  try {
    return {ask_server(config.state_dir, {{"command", command}}), true};
  } catch (const Failure& failure) {
    if (failure.error().kind == ErrorKind::unavailable) throw *in_use;  // no server has it
    throw;
  }
}

void run_keys_status(const StateConfig& config) {
  cli::show(
      ask_or_open(config, "keys-status", [](State& state) { return key_status(state); }).first);
}

void add_keys(CLI::App& app) {
  auto* keys = app.add_subcommand("keys", "The keys that seal credentials");
  keys->group(cli::servers_group);
  keys->footer("Example:\n  fairlead keys status --state-dir state");
  keys->require_subcommand(1);
  auto* status = keys->add_subcommand("status", "Which keys there are, and what they seal");
  auto config = std::make_shared<StateConfig>();
  config->add_options(*status);
  status->footer("Example:\n  fairlead keys status --state-dir state");
  status->callback([config] { run_keys_status(*config); });
}

// doctor

std::vector<Finding> examine_installation(const StateConfig& config) {
  std::vector<Finding> findings;
  struct stat status {};
  if (stat(config.state_dir.c_str(), &status) == 0)
    findings.push_back({"state folder", (status.st_mode & 077) == 0 ? "ok" : "bad",
                        fmt::format("mode {:o}", status.st_mode & 0777u)});
  else
    findings.push_back({"state folder", "bad", "absent; `fairlead serve` makes it"});

  rlimit locked{};
  getrlimit(RLIMIT_MEMLOCK, &locked);
  findings.push_back({"locked memory", locked.rlim_cur >= (1u << 20) ? "ok" : "note",
                      fmt::format("limit {} KiB", locked.rlim_cur / 1024)});
  try {
    const auto [answer, is_running] = ask_or_open(config, "doctor", [](State& state) {
      return json::object{{"data", to_json(examine(state))}};
    });
    findings.push_back(
        {"server", "ok", is_running ? "runs on this state folder; it was asked" : "does not run"});
    for (auto& finding : findings_of(answer)) findings.push_back(std::move(finding));
  } catch (const Failure& failure) {
    findings.push_back({"database and keys", "bad", failure.error().message});
  }
  return findings;
}

/// One finding as lines of at most `width`, the further ones indented.
std::string to_lines(const Finding& finding, std::size_t width) {
  std::string out, line = fmt::format("{:<5} {:<20}", finding.verdict, finding.check);
  const std::string indent(line.size(), ' ');
  std::istringstream words(finding.detail);
  for (std::string word; words >> word;) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line = indent;
    }
    line += ' ' + word;
  }
  return out + line + '\n';
}

void run_doctor(const StateConfig& config) {
  const std::vector<Finding> findings = examine_installation(config);
  const bool sound = std::none_of(findings.begin(), findings.end(),
                                  [](const Finding& one) { return one.verdict == "bad"; });
  if (cli::output_is_terminal()) {
    for (const auto& finding : findings)
      std::cout << to_lines(finding, std::max<std::size_t>(60, cli::terminal_width()));
    std::cout << (sound ? "Sound.\n" : "Not sound: see what is bad.\n");
  } else {
    cli::show(json::object{{"data", to_json(findings)}, {"sound", sound}});
  }
  if (!sound) throw CLI::RuntimeError(1);
}

void add_doctor(CLI::App& app) {
  auto* command =
      app.add_subcommand("doctor", "Examine this installation, also while its server runs");
  command->group(cli::servers_group);
  auto config = std::make_shared<StateConfig>();
  config->add_options(*command);
  command->footer("Example:\n  fairlead doctor --state-dir state");
  command->callback([config] { run_doctor(*config); });
}

// exec-local

struct ExecLocalOptions {
  std::string definition, entity, action, credentials, auth_scheme, connect_to, cursor;
  std::optional<std::string> params, config;
  bool plan = false, batch = false, all = false;
};

void run_exec_local(const ExecLocalOptions& options) {
  std::optional<net::Endpoint> connect_to;
  if (!options.connect_to.empty()) connect_to = read_connect_to(options.connect_to);
  const bool has_call = options.params || options.config || options.plan || options.all ||
                        !(options.definition + options.entity + options.action +
                          options.credentials + options.auth_scheme + options.cursor)
                             .empty();
  if (options.batch && has_call)
    throw Failure(
        invalid("--batch reads its calls from standard input: leave the other flags out"));
  if (options.batch) throw CLI::RuntimeError(exec_local_batch(std::cin, std::cout, connect_to));

  LocalCall call;
  for (const auto& [flag, value] : {std::pair{"--definition", &options.definition},
                                    {"--entity", &options.entity},
                                    {"--action", &options.action}})
    if (value->empty())
      throw Failure(invalid(fmt::format("{} is missing (or give --batch)", flag)));
  call.definition = options.definition;
  call.entity = options.entity;
  call.action = options.action;
  call.auth_scheme = options.auth_scheme;
  call.connect_to = connect_to;
  call.plan = options.plan;
  if (!options.cursor.empty()) call.cursor = options.cursor;
  if (options.all && options.plan) throw Failure(invalid("--all and --plan do not go together"));
  if (options.params) call.params = read_named_object(*options.params, "--params").value();
  if (options.config) call.config = read_named_object(*options.config, "--config").value();
  if (!options.credentials.empty())
    call.credentials =
        read_credentials(read_secret_object(options.credentials, "the credentials").value())
            .value();
  const auto run = options.all ? exec_local_all : exec_local_once;
  throw CLI::RuntimeError(run(std::move(call), std::cout, std::cerr));
}

void add_exec_local(CLI::App& app) {
  auto* command =
      app.add_subcommand("exec-local", "Run an action in this process: no server, no account");
  command->group(cli::local_group);
  auto options = std::make_shared<ExecLocalOptions>();
  command->add_option("--definition", options->definition,
                      "Definition file, or slug of the catalogue");
  command->add_option("--entity", options->entity, "For example issues");
  command->add_option("--action", options->action,
                      "list, get, search, create, update, delete or download");
  command->add_option("--params", options->params, "Parameters as JSON, or @file");
  command->add_option("--config", options->config, "Non-secret settings as JSON, or @file");
  command->add_option("--credentials", options->credentials,
                      "File with the credential fields as JSON, or - for standard input");
  command->add_option("--auth-scheme", options->auth_scheme,
                      "Security scheme, when the credentials fit several");
  command->add_option(
      "--connect-to", options->connect_to,
      "Loopback address to connect to, in plain HTTP, whatever host the request is for");
  command->add_option("--cursor", options->cursor,
                      "Where to continue: the end_cursor of the page before");
  command->add_flag("--all", options->all,
                    "Follow all pages of a list or search; one record a line, as JSON");
  command->add_flag("--plan", options->plan,
                    "Show the exact request, secrets masked, and send nothing");
  command->add_flag("--batch", options->batch, "A JSON object a line in, one a line out, in order");
  command->footer(
      "Example:\n  fairlead exec-local --definition github --entity repositories --action get \\\n"
      "    --params '{\"owner\":\"acme\",\"repo\":\"site\"}' --credentials token.json");
  command->callback([options] { run_exec_local(*options); });
}

}  // namespace

void add_local_commands(CLI::App& app) {
  add_init(app);
  add_setup_url(app);
  add_admin(app);
  add_keys(app);
  add_doctor(app);
  add_exec_local(app);
  add_connector_command(app);
  add_sandbox_command(app);
}

}  // namespace fairlead::server
