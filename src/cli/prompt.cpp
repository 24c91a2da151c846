#include "cli/prompt.hpp"

#include "base/clear.hpp"
#include "base/hidden_typing.hpp"
#include "cli/problem.hpp"

#include <cerrno>
#include <iostream>
#include <optional>
#include <unistd.h>

namespace fairlead::cli {
namespace {

/// One line of standard input, byte by byte: no buffer keeps a copy of it. Nothing at its end.
std::optional<Secret> read_line() {
  Clear line;
  for (char c = 0; c != '\n';) {
    const auto size = read(STDIN_FILENO, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 && line.text.empty()) return std::nullopt;
    if (size <= 0) break;
    if (c != '\n') line += {&c, 1};
  }
  return Secret(line.text);
}

}  // namespace

Secret ask(const std::string& question, Echo echo) {
  std::optional<HiddenTyping> hiding;  // first: it throws away what is typed before it
  if (echo == Echo::hidden) hiding.emplace();
  std::cerr << question << std::flush;
  auto answer = read_line();
  // The end of a line that was typed shows only where typing does.
  if (hiding ? hiding->is_hidden() : !answer) std::cerr << '\n';
  if (!answer) throw Problem("validation_error", "stopped: the question has no answer");
  return *std::move(answer);
}

}  // namespace fairlead::cli
