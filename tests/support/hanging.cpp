// A test that hangs ends its program with its name, long before the limit that ctest has for all of
// them together: what waits for a thread or a socket then need not count seconds of its own.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

/// Seconds; the sanitizers, and other programs, have their share.
constexpr unsigned longest_test = 300;

char last_words[512];  // a signal handler may call next to nothing

extern "C" void end_with_name(int) {
  [[maybe_unused]] const auto written =
      write(STDERR_FILENO, last_words, strnlen(last_words, sizeof last_words));
  std::abort();
}

class Watch final : public testing::EmptyTestEventListener {
 public:
  void OnTestProgramStart(const testing::UnitTest&) override {
    std::signal(SIGALRM, end_with_name);
  }
  void OnTestStart(const testing::TestInfo& test) override {
    std::snprintf(last_words, sizeof last_words, "%s.%s hangs: no end within %u s\n",
                  test.test_suite_name(), test.name(), longest_test);
    alarm(longest_test);
  }
  void OnTestEnd(const testing::TestInfo&) override { alarm(0); }
};

const bool is_watched = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Watch);
  return true;
}();

}  // namespace
