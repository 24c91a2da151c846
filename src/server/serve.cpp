#include "server/serve.hpp"

#include "access/access.hpp"
#include "api/api.hpp"
#include "base/log.hpp"
#include "cli/help.hpp"
#include "connector/catalogue.hpp"
#include "connector/engine.hpp"
#include "net/http_server.hpp"
#include "net/listening.hpp"
#include "platform/platform.hpp"
#include "server/admin_socket.hpp"
#include "server/config.hpp"
#include "server/examination.hpp"
#include "server/serve_until_stopped.hpp"
#include "server/service_manager.hpp"
#include "server/setup_code.hpp"
#include "server/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace fairlead::server {
namespace {

using namespace std::chrono_literals;

/// The origin that clients use: what tokens name.
std::string public_origin(const ServeConfig& config, const ListenAddress& listen) {
  std::string origin = config.public_url;
  while (origin.ends_with('/')) origin.pop_back();
  if (origin.empty()) {
    if (listen.port == 0)
      throw Failure(
          invalid_field("public_url", "--listen with port 0 needs a --public-url: tokens name it"));
    const bool v6 = listen.address.find(':') != std::string::npos;
    origin =
        fmt::format("http://{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", listen.port);
  }
  const auto url = net::Url::parse(origin);
  if (!url || url->target != "/")
    throw Failure(invalid_field(
        "public_url",
        fmt::format("--public-url '{}' is no origin such as https://fairlead.example.com",
                    origin)));
  if (!listen.is_loopback() && !url->https && !config.insecure_http)
    throw Failure(invalid_field("public_url",
                                "listening beyond loopback needs an https --public-url (a TLS "
                                "proxy in front), or --insecure-http"));
  return origin;
}

/// Tells where to set up. The code goes to somebody who is looking, never into a log.
void announce_setup(SetupCode& code) {
  if (isatty(STDERR_FILENO) == 1)
    std::cerr << "Not set up yet. Open this once, within 24 hours:\n\n  " << code.url() << "\n\n";
  else
    std::cerr << "Not set up yet: `fairlead setup-url` prints where to do it.\n";
}

/// What commands on this machine may ask of the running server.
json::object answer_admin(const State& state, access::Setup& setup, SetupCode& setup_code,
                          const std::string& origin, const json::object& request,
                          const Peer& peer) {
  const json::string* command = find_string(request, "command");
  if (command != nullptr && view(*command) == "setup-url") return {{"url", setup_code.url()}};
  if (command != nullptr && view(*command) == "doctor") return {{"data", to_json(examine(state))}};
  if (command != nullptr && view(*command) == "keys-status") return key_status(state);
  if (command != nullptr && view(*command) == "admin-recover") {
    const json::string* email = find_string(request, "email");
    access::RecoveryCode made =
        run_to_end(setup.start_recovery(email ? std::string(view(*email)) : "")).value();
    log::warning("admin.recovery_started",
                 {{"uid", peer.uid}, {"pid", peer.pid}, {"admin", made.admin_email}});
    return {{"url", fmt::format("{}/recover#{}", origin, made.code.reveal())},
            {"admin_email", made.admin_email}};
  }
  throw Failure(invalid("this server does not know that command; is it of the same version?"));
}

/// What runs beside the requests, on the main thread, about every second.
class Housekeeping {
 public:
  Housekeeping(net::Workers& workers, access::Access& access, platform::Platform& platform,
               SetupCode& setup_code)
      : workers_(workers),
        access_(access),
        platform_(platform),
        setup_code_(setup_code),
        watched_(watchdog_interval().has_value()),
        set_up_(access.setup().is_known_claimed()) {}

  void tick() {
    ++seconds_;
    if (watched_) watch_loops();
    if (seconds_ % 2 == 0) attempt("access.poll", [&] { run_to_end(access_.poll()); });
    if (!set_up_) attempt("setup", [&] { watch_setup(); });
    if (seconds_ % 3600 == 0) tidying_ = true;
    if (tidying_) attempt("platform.tidy", [&] { tidy(); });
  }

 private:
  /// A code ends after a day or five wrong tries; then there is a new one.
  void watch_setup() {
    if (setup_code_.maintain()) announce_setup(setup_code_);
    set_up_ = access_.setup().is_known_claimed();
    if (set_up_) log::info("setup.done");
  }

  /// A little at a time: a signal or the watchdog must not wait for all of it.
  void tidy() {
    tidying_ = false;  // a failure is not repeated before the next hour
    tidying_ = run_to_end(platform_.tidy(Deadline::after(500ms)));
  }

  /// Tells the service manager that we live only when every loop has turned since the last time.
  void watch_loops() {
    if (turned_ == workers_.size()) notify_service_manager("WATCHDOG=1");
    if (turned_ != workers_.size() && seconds_ > 1) return;
    turned_ = 0;
    for (std::size_t i = 0; i < workers_.size(); ++i)
      asio::post(workers_.loop(i), [this] { ++turned_; });
  }

  template <class Work>
  void attempt(std::string_view what, Work work) {
    try {
      work();
    } catch (const Failure& failure) {
      log::warning("housekeeping.failed", {{"what", what},
                                           {"message", failure.error().message},
                                           {"detail", failure.error().detail}});
    } catch (const std::exception& unexpected) {
      log::warning("housekeeping.failed", {{"what", what}, {"detail", unexpected.what()}});
    }
  }

  net::Workers& workers_;
  access::Access& access_;
  platform::Platform& platform_;
  SetupCode& setup_code_;
  const bool watched_;
  bool set_up_;
  bool tidying_ = false;
  std::uint64_t seconds_ = 0;
  std::atomic<std::size_t> turned_{0};
};

void run_serve(const ServeConfig& config) {
  log::configure(parse_log_level(config.log_level).value());
  const ListenAddress listen = ListenAddress::parse(config.listen).value();
  const std::string origin = public_origin(config, listen);
  std::optional<net::Endpoint> connect_to;
  if (!config.connect_to.empty()) connect_to = read_connect_to(config.connect_to);
  net::EgressPolicy egress =
      config.egress_exceptions.empty()
          ? net::EgressPolicy::public_only()
          : net::EgressPolicy::with_exceptions(config.egress_exceptions).value();
  hold_signals();

  const SystemClock clock;
  const std::size_t threads =
      config.threads != 0 ? config.threads : std::max(1u, std::thread::hardware_concurrency());
  // Before the database, which at its end still calls back on the loops.
  net::Workers workers(threads);
  // Nothing is made for a server that cannot listen. (A folder that has a server says more.)
  if (!has_database(config.state)) (void)net::free_port(listen.address, listen.port);
  State state = open_state(config.state, clock);
  if (state.vault->is_first_start())
    std::cerr << fmt::format(
        "The root key is {}. Keep a copy apart from backups: a backup without it is worthless.\n",
        state.vault->root_key_location());

  net::HttpClient client(
      {.egress = std::move(egress), .ca_file = config.ca_file, .proxy = config.proxy});
  const connector::Catalogue catalogue;
  connector::Engine engine(client);
  const auto access = run_to_end(
      access::Access::open(*state.database, *state.vault, clock, {.public_url = origin}));
  platform::Platform platform(
      {*state.database, *state.vault, *access, catalogue, engine, clock, connect_to},
      workers.loop(0).get_executor());
  run_to_end(platform.recover());

  SetupCode setup_code(access->setup(), config.state.state_dir, origin);
  api::Api api(platform, *access, {.public_url = origin, .open_metrics = config.open_metrics});
  net::HttpServer::Options options{.address = listen.address, .port = listen.port};
  options.refusal = [&](int status, std::string_view reason) {
    return api.refusal(status, reason);
  };
  net::HttpServer server(workers, options,
                         [&api](net::Request request) { return api.handle(std::move(request)); });

  log::info("server.started", {{"version", FAIRLEAD_VERSION},
                               {"address", listen.address},
                               {"port", server.port()},
                               {"public_url", origin},
                               {"database", state.database->kind()},
                               {"root_key", state.vault->root_key_location()},
                               {"threads", threads},
                               {"catalogue", catalogue.entries().size()}});
  if (connect_to)
    std::cerr << fmt::format(
        "WARNING: --connect-to is set: EVERY request goes to {}:{} in plain HTTP. For tests "
        "only.\n",
        connect_to->address, connect_to->port);
  if (isatty(STDERR_FILENO) == 1)
    std::cerr << fmt::format("Fairlead is at {}; Ctrl-C stops it.\n", origin);
  setup_code.maintain();
  if (!access->setup().is_known_claimed()) announce_setup(setup_code);
  const AdminSocket admin(
      config.state.state_dir, [&](const json::object& request, const Peer& peer) {
        return answer_admin(state, access->setup(), setup_code, origin, request, peer);
      });

  Housekeeping housekeeping(workers, *access, platform, setup_code);
  Stopping stopping;
  stopping.on_tick = [&] { housekeeping.tick(); };
  stopping.on_stop = [&] {
    api.begin_drain();
    notify_service_manager("STOPPING=1");
    log::info("server.stopping");
  };
  stopping.on_drained = [&] { run_to_end(platform.stop()); };
  notify_service_manager("READY=1");
  serve_until_stopped(workers, server, std::move(stopping));
  log::info("server.stopped");
}

}  // namespace

void add_serve_command(CLI::App& app) {
  auto* command = app.add_subcommand("serve", "Run the server");
  command->group(cli::servers_group);
  auto config = std::make_shared<ServeConfig>();
  config->add_options(*command);
  command->footer("Example:\n  fairlead serve --state-dir state --listen 127.0.0.1:8300");
  command->callback([config] { run_serve(*config); });
}

}  // namespace fairlead::server
