#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <thread>
#include <vector>

namespace fairlead {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!Printable<Secret>);
static_assert(!Comparable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);

TEST(Secret, IsReadOnlyByName) {
  const Secret secret("canary");
  EXPECT_EQ(secret.reveal(), "canary");
  EXPECT_TRUE(secret.matches(Secret("canary")));
  EXPECT_FALSE(secret.matches(Secret("canarx")));
  EXPECT_FALSE(secret.matches(Secret("canary ")));
  EXPECT_TRUE(Secret().matches(Secret("")));
}

TEST(Secret, MovesAndLeavesNothingBehind) {
  Secret first("one");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): this is the promise
  EXPECT_EQ(second.reveal(), "one");
  second = Secret("two");
  EXPECT_EQ(second.reveal(), "two");
}

TEST(Secret, MemoryIsWipedWhenGivenBack) {
  const char* where = nullptr;
  {
    const Secret secret("wiped-after-use-0123456789-0123456789");
    where = secret.reveal().data();
  }
  // The block went back to the arena, still mapped; only its first bytes hold the list of free
  // blocks.
  EXPECT_EQ(std::string_view(where + sizeof(void*), 16),
            std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
}

TEST(Secret, ManySizesOnManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (std::size_t size = 1; size < 300'000; size = size * 3 + static_cast<std::size_t>(t)) {
        const std::string text(size, static_cast<char>('a' + t));
        const Secret secret(text);
        EXPECT_EQ(secret.reveal(), text);
      }
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace fairlead
