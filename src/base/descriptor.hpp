// An open file or socket, closed at its end.
#pragma once

#include <unistd.h>
#include <utility>

namespace fairlead {

class Descriptor {
 public:
  /// Takes what open(2) and the like answered; below 0 there is nothing to close.
  explicit Descriptor(int value = -1) noexcept : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int get() const noexcept { return value_; }
  bool is_open() const noexcept { return value_ >= 0; }

 private:
  int value_;
};

}  // namespace fairlead
