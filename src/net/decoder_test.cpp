#include "net/decoder.hpp"

#include "support/encoded.hpp"

#include <gtest/gtest.h>

#include <random>

namespace fairlead::net {
namespace {

using Status = Decoder::Status;
constexpr std::size_t plenty = 64u << 20;

std::string random_text(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 20);
  return text;
}

const std::pair<const char*, std::string (*)(std::string_view)> encoders[] = {
    {"gzip", encoded::gzip},       {"x-gzip", encoded::gzip},         {"GZIP", encoded::gzip},
    {"deflate", encoded::deflate}, {"deflate", encoded::raw_deflate}, {"br", encoded::brotli},
    {"zstd", encoded::zstd},
};

TEST(Decoder, DecodesInPiecesOfAnySize) {
  for (const auto& [name, encode] : encoders)
    for (const std::size_t size : {0u, 1u, 100u, 100'000u, 300'000u}) {
      const std::string text = random_text(size), bytes = encode(text);
      for (const std::size_t piece :
           {std::size_t{1}, std::size_t{2}, std::size_t{1000}, bytes.size()}) {
        SCOPED_TRACE(std::string(name) + " " + std::to_string(size) + " " + std::to_string(piece));
        auto decoder = Decoder::make(name);
        ASSERT_TRUE(decoder);
        std::string out;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
          EXPECT_EQ(decoder->complete(), at == 0);
          ASSERT_EQ(decoder->write(std::string_view(bytes).substr(at, piece), out, plenty),
                    Status::ok);
        }
        EXPECT_TRUE(decoder->complete());
        EXPECT_EQ(out, text);
      }
    }
}

TEST(Decoder, DecodesSeveralGzipMembersAndZstdFrames) {
  for (const std::size_t piece : {std::size_t{1}, encoded::gzip("abc").size(), std::size_t{1000}}) {
    const std::string bytes = encoded::gzip("abc") + encoded::gzip("def");
    const auto decoder = Decoder::make("gzip");
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      EXPECT_EQ(decoder->write(std::string_view(bytes).substr(at, piece), out, plenty), Status::ok);
    EXPECT_EQ(out, "abcdef");
    EXPECT_TRUE(decoder->complete());
  }
  const auto decoder = Decoder::make("zstd");
  std::string out;
  EXPECT_EQ(decoder->write(encoded::zstd("abc") + encoded::zstd("def"), out, plenty), Status::ok);
  EXPECT_EQ(out, "abcdef");
}

TEST(Decoder, IgnoresWhatFollowsTheEndOfGzip) {
  const auto decoder = Decoder::make("gzip");
  std::string out;
  EXPECT_EQ(decoder->write(encoded::gzip("abc") + std::string(10, '\0'), out, plenty), Status::ok);
  EXPECT_EQ(out, "abc");
  EXPECT_TRUE(decoder->complete());
}

TEST(Decoder, NoticesWhatIsMissingOrWrong) {
  const std::string text = random_text(10'000);
  for (const auto& [name, encode] : encoders) {
    SCOPED_TRACE(name);
    const std::string bytes = encode(text);
    auto decoder = Decoder::make(name);
    std::string out;
    EXPECT_EQ(decoder->write(std::string_view(bytes).substr(0, bytes.size() / 2), out, plenty),
              Status::ok);
    EXPECT_FALSE(decoder->complete());

    decoder = Decoder::make(name);
    EXPECT_EQ(decoder->write("\xff\xff this is not encoded at all", out, plenty),
              Status::malformed);
  }
  std::string altered = encoded::gzip(text);
  altered[altered.size() - 6] = static_cast<char>(altered[altered.size() - 6] ^ 1);  // the checksum
  std::string out;
  EXPECT_EQ(Decoder::make("gzip")->write(altered, out, plenty), Status::malformed);
}

TEST(Decoder, StopsAtTheLimit) {
  const std::string text = random_text(100'000);
  for (const auto& [name, encode] : encoders) {
    std::string out;
    EXPECT_EQ(Decoder::make(name)->write(encode(text), out, text.size()), Status::ok) << name;
    EXPECT_EQ(Decoder::make(name)->write(encode(text), out, text.size() - 1), Status::too_large)
        << name;
  }
}

TEST(Decoder, StopsBombs) {
  const std::string zeros(20u << 20, '\0');
  for (const auto& [name, encode] : encoders) {
    std::string out;
    EXPECT_EQ(Decoder::make(name)->write(encode(zeros), out, plenty), Status::too_large) << name;
    EXPECT_LT(out.size(), 3u << 20) << name;
    out.clear();
    // Below a MiB any ratio may be.
    EXPECT_EQ(Decoder::make(name)->write(encode(zeros.substr(0, 1u << 20)), out, plenty),
              Status::ok)
        << name;
  }
}

TEST(Decoder, KnowsFourEncodings) {
  for (const char* name : {"", "identity", "compress", "gzip, br", "utf-8"})
    EXPECT_FALSE(Decoder::make(name)) << name;
}

}  // namespace
}  // namespace fairlead::net
