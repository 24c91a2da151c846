#include "base/page_run.hpp"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(PageRun, EndsAtACursorThatComesAgain) {
  PageRun run;
  for (const char* next : {"a", "b"}) {
    run.finish_page("[" + std::string(next) + "]", 1);
    EXPECT_FALSE(run.go_on(next));
  }
  run.finish_page("[c]", 1);
  EXPECT_EQ(run.go_on("a"), "page 3 names a cursor that was used before");
  EXPECT_EQ(json::serialize(run.where()), R"({"page":3,"records_shown":3,"cursor":"b"})");
  EXPECT_EQ(run.hint(), "3 records were shown before page 3. Continue there with --cursor 'b'.");
}

TEST(PageRun, EndsAtTheCursorItBeganWith) {
  PageRun run("a");
  run.finish_page("[1]", 1);
  EXPECT_EQ(run.go_on("a"), "page 1 names a cursor that was used before");
}

TEST(PageRun, EndsAtAPageThatComesAgain) {
  PageRun run;
  run.finish_page("[1]", 1);
  EXPECT_FALSE(run.go_on("a"));
  run.finish_page("[1]", 1);
  EXPECT_EQ(run.go_on("b"), "page 2 holds the same records as the one before it");
}

TEST(PageRun, BearsEmptyPages) {
  PageRun run;
  for (const char* next : {"a", "b", "c"}) {
    run.finish_page("[]", 0);
    EXPECT_FALSE(run.go_on(next));
  }
}

TEST(PageRun, EndsAfterAThousandPagesAndAfterTenMinutes) {
  auto now = PageRun::Steady::time_point();
  PageRun many(std::nullopt, [&now] { return now; });
  for (std::size_t i = 1; i < PageRun::most_pages; ++i) {
    many.finish_page(std::to_string(i), 1);
    ASSERT_FALSE(many.go_on(std::to_string(i)));
  }
  many.finish_page("last", 1);
  EXPECT_EQ(many.go_on("next"), "there are more than 1000 pages");
  EXPECT_EQ(many.cursor(), "next") << "where to go on";

  PageRun slow(std::nullopt, [&now] { return now; });
  slow.finish_page("1", 1);
  now += std::chrono::minutes(11);
  EXPECT_EQ(slow.go_on("a"), "reading took longer than 10 minutes");
}

TEST(PageRun, HintsCanBePasted) {
  PageRun run("it's");
  EXPECT_EQ(run.hint(),
            R"(0 records were shown before page 1. Continue there with --cursor 'it'\''s'.)");
  EXPECT_EQ(PageRun().hint(), "Nothing was read yet.");
}

TEST(AfterPage, FollowsOnlyWhatIsKnown) {
  EXPECT_TRUE(after_page(false, "x").ends);
  EXPECT_EQ(after_page(true, "x").next, "x");
  EXPECT_EQ(after_page(std::nullopt, "x").next, "x") << "asking tells";
  EXPECT_FALSE(after_page(true, std::nullopt).ends);
  EXPECT_FALSE(after_page(true, "").next);
  EXPECT_TRUE(after_page(std::nullopt, std::nullopt).ends);
  EXPECT_FALSE(after_page(std::nullopt, std::nullopt).is_known);
}

}  // namespace
}  // namespace fairlead
