// The threads of the process: one event loop per core, nothing shared between them.
#pragma once

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace fairlead::net {

/// `count` threads, each running one io_context. A part keeps what it needs per loop (connection
/// pools, parsers) by context.
class Workers {
 public:
  explicit Workers(std::size_t count);
  ~Workers();  ///< stops and joins
  Workers(const Workers&) = delete;

  std::size_t size() const noexcept;
  boost::asio::io_context& loop(std::size_t index) noexcept;
  /// Starts the threads; returns at once.
  void start();
  /// Lets every loop end at once; pending work is abandoned.
  void stop();
  /// Waits until the loops have ended.
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::net
