#include "cli/prompt.hpp"

#include <openssl/crypto.h>

#include <iostream>
#include <termios.h>
#include <unistd.h>

namespace fairlead::cli {
namespace {

/// Switches the terminal's echo off while it lives.
class NoEcho {
 public:
  explicit NoEcho(Echo echo)
      : active_(echo == Echo::hidden && tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!active_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (!active_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::cerr << '\n';
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool active_;
};

}  // namespace

Secret ask(const std::string& question, Echo echo) {
  std::cerr << question << std::flush;
  const NoEcho quiet(echo);
  std::string line;
  std::getline(std::cin, line);
  Secret answer(line);
  OPENSSL_cleanse(line.data(), line.size());
  return answer;
}

}  // namespace fairlead::cli
