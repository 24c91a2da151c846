// Typing that the terminal does not show.
#pragma once

#include <array>
#include <csignal>

namespace fairlead {

/// While it lives, the terminal that standard input is does not show what is typed; what was typed
/// before is thrown away. Who interrupts the program meanwhile gets the terminal back as it was.
/// One at a time.
class HiddenTyping {
 public:
  HiddenTyping();
  ~HiddenTyping();
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  /// False where standard input is no terminal: then nothing is changed.
  bool is_hidden() const noexcept { return hidden_; }

 private:
  static constexpr std::array ends = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<void (*)(int), ends.size()> handlers_{};
  bool hidden_;
};

}  // namespace fairlead
