// What somebody at a terminal sees while an answer is on its way.
#pragma once

#include "base/task.hpp"

#include <cstdint>
#include <memory>

namespace fairlead::cli {

/// While it lives, and after two seconds, a line on standard error tells each second how long it
/// has been, or how much has come; the line is gone at the end. Nothing is told to a pipe.
class Waiting {
 public:
  explicit Waiting(const asio::any_io_executor& executor);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  /// So many more bytes have come.
  void note(std::size_t bytes);

 private:
  struct Line;
  std::shared_ptr<Line> line_;  ///< absent in a pipe
};

}  // namespace fairlead::cli
