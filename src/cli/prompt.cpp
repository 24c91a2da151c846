#include "cli/prompt.hpp"

#include "cli/problem.hpp"

#include <openssl/crypto.h>

#include <array>
#include <csignal>
#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace fairlead::cli {
namespace {

termios terminal_before;  // where a signal handler finds it

/// Who interrupts the question gets a terminal back that shows what is typed.
extern "C" void restore_and_end(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

/// Switches the terminal's echo off while it lives.
class NoEcho {
 public:
  explicit NoEcho(Echo echo)
      : active_(echo == Echo::hidden && tcgetattr(STDIN_FILENO, &terminal_before) == 0) {
    if (!active_) return;
    for (std::size_t i = 0; i < ends.size(); ++i) handlers_[i] = ::signal(ends[i], restore_and_end);
    termios quiet = terminal_before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (!active_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    for (std::size_t i = 0; i < ends.size(); ++i) ::signal(ends[i], handlers_[i]);
    std::cerr << '\n';
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  static constexpr std::array ends = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<sighandler_t, ends.size()> handlers_{};
  bool active_;
};

}  // namespace

Secret ask(const std::string& question, Echo echo) {
  const NoEcho quiet(echo);  // first: it throws away what is typed before it
  std::cerr << question << std::flush;
  std::string line;
  if (!std::getline(std::cin, line) && line.empty()) {
    if (echo == Echo::shown) std::cerr << '\n';
    throw Problem("validation_error", "stopped: the question has no answer");
  }
  Secret answer(line);
  OPENSSL_cleanse(line.data(), line.size());
  return answer;
}

}  // namespace fairlead::cli
