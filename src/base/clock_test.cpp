#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Clock, TimesAreWrittenInUtcWithMicroseconds) {
  const auto instant = parse_rfc3339("2026-04-20T21:57:20.991787Z");
  ASSERT_TRUE(instant);
  EXPECT_EQ(to_rfc3339(*instant), "2026-04-20T21:57:20.991787Z");
}

TEST(Clock, OffsetsAndBareDatesAreRead) {
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-01-01T01:30:00+01:30")), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2025-12-31T23:00:00.5-01:00")),
            "2026-01-01T00:00:00.500000Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-01-01")), "2026-01-01T00:00:00.000000Z");
}

TEST(Clock, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "now", "2026-02-30", "2026-1-1", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Zx"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace fairlead
