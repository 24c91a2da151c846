#include "net/decoder.hpp"

#include "net/message.hpp"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <new>

namespace fairlead::net {
namespace {

constexpr std::size_t piece_size = 32 * 1024;
constexpr std::size_t most_ratio = 100;
constexpr std::size_t ratio_counts_after = 1u << 20;
/// RFC 9659: a zstd window of more than 8 MiB need not be supported.
constexpr int zstd_window_log = 23;

struct Step {
  enum class State { more, end, malformed } state;
  std::size_t produced = 0;
};

}  // namespace

struct Decoder::Codec {
  virtual ~Codec() = default;
  /// Takes from the front of `in` and writes to `out`.
  virtual Step step(std::string_view& in, char* out, std::size_t size) = 0;
};

namespace {

/// zlib for gzip and deflate. Servers mean two things by "deflate": RFC 9110 says the zlib format,
/// some send the bare one; the first two bytes tell.
class Inflate final : public Decoder::Codec {
 public:
  explicit Inflate(bool gzip) : gzip_(gzip) {}
  ~Inflate() override {
    if (started_) inflateEnd(&stream_);
  }
  Inflate(const Inflate&) = delete;

  Step step(std::string_view& in, char* out, std::size_t size) override {
    if (!started_) return begin(in, out, size);
    return inflate_from(in, out, size);
  }

 private:
  Step begin(std::string_view& in, char* out, std::size_t size) {
    constexpr int window = 15, with_gzip_header = 16;
    int bits = window + with_gzip_header;
    if (!gzip_) {
      while (first_.size() < 2 && !in.empty()) {
        first_ += in.front();
        in.remove_prefix(1);
      }
      if (first_.size() < 2) return {Step::State::more};
      const unsigned first = static_cast<unsigned char>(first_[0]);
      const unsigned second = static_cast<unsigned char>(first_[1]);
      const bool zlib_header = (first & 0x0f) == Z_DEFLATED && (first * 256 + second) % 31 == 0;
      bits = zlib_header ? window : -window;
    }
    if (inflateInit2(&stream_, bits) != Z_OK) throw std::bad_alloc();
    started_ = true;
    std::string_view first = first_;
    const Step of_first = inflate_from(first, out, size);
    if (of_first.state != Step::State::more) return of_first;
    const Step rest = inflate_from(in, out + of_first.produced, size - of_first.produced);
    return {rest.state, of_first.produced + rest.produced};
  }

  Step inflate_from(std::string_view& in, char* out, std::size_t size) {
    if (ended_) {
      // A gzip file may have several members; anything else behind the end is ignored.
      if (!gzip_ || in.empty() || static_cast<unsigned char>(in.front()) != 0x1f)
        return {Step::State::end};
      inflateReset(&stream_);
      ended_ = false;
    }
    if (in.empty() && !pending_) return {Step::State::more};
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(size);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(in.size() - stream_.avail_in);
    const std::size_t produced = size - stream_.avail_out;
    pending_ = stream_.avail_out == 0;
    ended_ = result == Z_STREAM_END;
    if (ended_) return {in.empty() ? Step::State::end : Step::State::more, produced};
    if (result != Z_OK && result != Z_BUF_ERROR) return {Step::State::malformed, produced};
    return {Step::State::more, produced};
  }

  bool gzip_;
  bool started_ = false;
  bool ended_ = false;    ///< a member came to its end
  bool pending_ = false;  ///< the output was filled, so there may be more without further input
  std::string first_;
  z_stream stream_{};
};

class Brotli final : public Decoder::Codec {
 public:
  Brotli() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }
  ~Brotli() override { BrotliDecoderDestroyInstance(state_); }
  Brotli(const Brotli&) = delete;

  Step step(std::string_view& in, char* out, std::size_t size) override {
    std::size_t in_left = in.size(), out_left = size;
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out);
    const auto result =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &out_left, &next_out, nullptr);
    in.remove_prefix(in.size() - in_left);
    const std::size_t produced = size - out_left;
    if (result == BROTLI_DECODER_RESULT_ERROR) return {Step::State::malformed, produced};
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return {Step::State::end, produced};
    return {Step::State::more, produced};
  }

 private:
  BrotliDecoderState* state_;
};

class Zstd final : public Decoder::Codec {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log);
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;

  Step step(std::string_view& in, char* out, std::size_t size) override {
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{out, size, 0};
    const std::size_t result = ZSTD_decompressStream(stream_, &target, &source);
    in.remove_prefix(source.pos);
    if (ZSTD_isError(result)) return {Step::State::malformed, target.pos};
    if (result == 0 && in.empty()) return {Step::State::end, target.pos};
    return {Step::State::more, target.pos};
  }

 private:
  ZSTD_DStream* stream_;
};

}  // namespace

Decoder::Decoder(std::unique_ptr<Codec> codec)
    : codec_(std::move(codec)), piece_(std::make_unique_for_overwrite<char[]>(piece_size)) {}
Decoder::~Decoder() = default;

std::unique_ptr<Decoder> Decoder::make(std::string_view encoding) {
  std::unique_ptr<Codec> codec;
  if (same_header(encoding, "gzip") || same_header(encoding, "x-gzip"))
    codec = std::make_unique<Inflate>(true);
  else if (same_header(encoding, "deflate"))
    codec = std::make_unique<Inflate>(false);
  else if (same_header(encoding, "br"))
    codec = std::make_unique<Brotli>();
  else if (same_header(encoding, "zstd"))
    codec = std::make_unique<Zstd>();
  else
    return nullptr;
  return std::unique_ptr<Decoder>(new Decoder(std::move(codec)));
}

Decoder::Status Decoder::write(std::string_view encoded, std::string& out, std::size_t most) {
  std::size_t left = most;
  consumed_ += encoded.size();
  for (;;) {
    const std::size_t before = encoded.size();
    const Step step = codec_->step(encoded, piece_.get(), piece_size);
    if (step.state == Step::State::malformed) return Status::malformed;
    produced_ += step.produced;
    if (step.produced > left ||
        (produced_ > ratio_counts_after && produced_ / most_ratio > consumed_))
      return Status::too_large;
    left -= step.produced;
    out.append(piece_.get(), step.produced);
    at_end_ = step.state == Step::State::end;
    if (at_end_ || (encoded.size() == before && step.produced == 0)) return Status::ok;
  }
}

}  // namespace fairlead::net
