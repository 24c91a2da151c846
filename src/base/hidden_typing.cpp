#include "base/hidden_typing.hpp"

#include <termios.h>
#include <unistd.h>

namespace fairlead {
namespace {

termios terminal_before;  // where a signal handler finds it

extern "C" void restore_and_end(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

HiddenTyping::HiddenTyping() : hidden_(tcgetattr(STDIN_FILENO, &terminal_before) == 0) {
  if (!hidden_) return;
  for (std::size_t i = 0; i < ends.size(); ++i) handlers_[i] = ::signal(ends[i], restore_and_end);
  termios quiet = terminal_before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

HiddenTyping::~HiddenTyping() {
  if (!hidden_) return;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
  for (std::size_t i = 0; i < ends.size(); ++i) ::signal(ends[i], handlers_[i]);
}

}  // namespace fairlead
