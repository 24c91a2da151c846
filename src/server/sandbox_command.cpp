#include "server/sandbox_command.hpp"

#include "base/clock.hpp"
#include "cli/help.hpp"
#include "sandbox/harbor.hpp"
#include "server/config.hpp"
#include "server/serve_until_stopped.hpp"

#include <fmt/format.h>

#include <iostream>

namespace fairlead::server {
namespace {

struct SandboxOptions {
  std::string listen = "127.0.0.1:8301";
  std::string refresh = "strict";
  int access_token_seconds = 3600;
  int requests_per_minute = 600;
  bool faults = false;
};

sandbox::RefreshPolicy refresh_policy(const std::string& word) {
  using Rotation = sandbox::RefreshPolicy::Rotation;
  if (word == "none") return {.rotation = Rotation::none};
  if (word == "grace") return {.rotation = Rotation::grace};
  return {.rotation = Rotation::strict};
}

void run_sandbox(const SandboxOptions& options) {
  const ListenAddress listen = ListenAddress::parse(options.listen).value();
  if (!listen.is_loopback())
    throw Failure(invalid_field(
        "listen", "the sandbox has well-known keys: it listens on a loopback address only"));
  hold_signals();
  const SystemClock clock;
  sandbox::Harbor harbor(
      {.access_token_lifetime = std::chrono::seconds(options.access_token_seconds),
       .refresh = refresh_policy(options.refresh),
       .requests_per_minute = static_cast<unsigned>(options.requests_per_minute),
       .faults = options.faults},
      clock);
  net::Workers workers(1);
  net::HttpServer server(
      workers, {.address = listen.address, .port = listen.port},
      [&harbor](net::Request request) { return harbor.handle(std::move(request)); });
  std::cout << fmt::format(
                   "Harbor, the sandbox service, is at http://{}:{} with the API key hk_sandbox\n",
                   listen.address, server.port())
            << std::flush;
  serve_until_stopped(workers, server, {.drain = std::chrono::milliseconds(2'000)});
}

}  // namespace

void add_sandbox_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "sandbox", "Serve Harbor, a small third-party service to try everything on");
  command->group(cli::local_group);
  auto options = std::make_shared<SandboxOptions>();
  command->add_option("--listen", options->listen, "Loopback address and port")
      ->capture_default_str();
  command
      ->add_option("--refresh-policy", options->refresh,
                   "What becomes of a used refresh token: none, grace or strict")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "grace", "strict"}));
  command
      ->add_option("--access-token-seconds", options->access_token_seconds,
                   "Life of OAuth access tokens")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  command
      ->add_option("--requests-per-minute", options->requests_per_minute,
                   "Rate limit of each key; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  command->add_flag("--faults", options->faults,
                    "Let callers ask for trouble (X-Harbor-Fault): for tests");
  command->footer("Example:\n  fairlead sandbox --listen 127.0.0.1:8301");
  command->callback([options] { run_sandbox(*options); });
}

}  // namespace fairlead::server
