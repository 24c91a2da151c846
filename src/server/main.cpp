// The one program: the commands that talk to a server (cli) and the ones that work on this machine.
#include "base/log.hpp"
#include "cli/cli.hpp"
#include "cli/help.hpp"
#include "cli/problem.hpp"
#include "server/local_commands.hpp"
#include "server/serve.hpp"
#include "vault/root_key.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace {

/// EX_CONFIG of sysexits.h: starting again will not help.
constexpr int configuration_error = 78;

/// Memory with secrets in it is not written to disk when the program dies, nor shown to a debugger
/// of the same user.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int main(int argc, char** argv) {
  forbid_core_dumps();
  fairlead::log::configure(fairlead::log::Level::warning);  // `serve` logs by its own setting
  CLI::App app(
      "Fairlead keeps the credentials of third-party services and gives agents one call: "
      "execute(entity, action, params).",
      "fairlead");
  app.require_subcommand(1);
  fairlead::cli::use_own_help(app);
  app.footer(
      "Examples:\n"
      "  fairlead serve --state-dir state      a server; `fairlead setup-url` prints where to set "
      "it up\n"
      "  fairlead connectors list              what the server has, after `fairlead login`\n"
      "  fairlead exec-local --help            the same calls without a server\n"
      "Every command has --help.");
  fairlead::server::add_serve_command(app);
  fairlead::server::add_local_commands(app);
  fairlead::cli::add_commands(app);
  return fairlead::cli::run(app, argc, argv, [](const fairlead::Error& error) {
    return error.code == fairlead::vault::root_key_unusable ? configuration_error : 0;
  });
}
