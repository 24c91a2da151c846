// Questions on the terminal.
#pragma once

#include "base/secret.hpp"

#include <string>

namespace fairlead::cli {

enum class Echo { shown, hidden };

/// Asks on standard error, reads one line from standard input. With Echo::hidden the terminal does
/// not show what is typed. Throws Problem when the input has ended (Ctrl-D).
Secret ask(const std::string& question, Echo echo);

}  // namespace fairlead::cli
