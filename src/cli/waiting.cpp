#include "cli/waiting.hpp"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <iostream>
#include <unistd.h>

namespace fairlead::cli {

using namespace std::chrono_literals;

// The timer's handler may be on its way already when the line ends: it holds no part of it.
struct Waiting::Line : std::enable_shared_from_this<Waiting::Line> {
  explicit Line(const asio::any_io_executor& executor) : timer(executor) {}

  void wait(std::chrono::seconds span) {
    timer.expires_after(span);
    timer.async_wait([line = weak_from_this()](const boost::system::error_code& failed) {
      if (const auto here = line.lock(); here && !failed) here->show();
    });
  }
  void show() {
    const auto took =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
    std::cerr << (bytes > 0 ? fmt::format("\r{:.1f} MB in {} s ", static_cast<double>(bytes) / 1e6,
                                          took.count())
                            : fmt::format("\rwaiting for the answer: {} s ", took.count()))
              << std::flush;
    is_shown = true;
    wait(1s);
  }
  void end() const {
    if (is_shown) std::cerr << '\r' << std::string(40, ' ') << '\r' << std::flush;
  }

  asio::steady_timer timer;
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  std::uint64_t bytes = 0;
  bool is_shown = false;
};

Waiting::Waiting(const asio::any_io_executor& executor) {
  if (isatty(STDERR_FILENO) != 1) return;
  line_ = std::make_shared<Line>(executor);
  line_->wait(2s);
}

Waiting::~Waiting() {
  if (line_) line_->end();
}

void Waiting::note(std::size_t bytes) {
  if (line_) line_->bytes += bytes;
}

}  // namespace fairlead::cli
