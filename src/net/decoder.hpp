// Undoes Content-Encoding while an answer arrives, within limits.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace fairlead::net {

/// One body in gzip, deflate (with or without the zlib header), br or zstd.
class Decoder {
 public:
  enum class Status { ok, malformed, too_large };

  /// Nothing for a name that is not one of the four.
  static std::unique_ptr<Decoder> make(std::string_view encoding);
  ~Decoder();

  /// Decodes the next bytes and appends the result to `out`. too_large: more than `most` bytes in
  /// this call, or more than a hundred times the encoded size after the first MiB.
  Status write(std::string_view encoded, std::string& out, std::size_t most);
  /// The encoded data came to its own end (or there was none at all).
  bool complete() const noexcept { return at_end_ || consumed_ == 0; }

  struct Codec;

 private:
  explicit Decoder(std::unique_ptr<Codec> codec);

  std::unique_ptr<Codec> codec_;
  std::unique_ptr<char[]> piece_;
  std::size_t consumed_ = 0, produced_ = 0;
  bool at_end_ = false;
};

}  // namespace fairlead::net
