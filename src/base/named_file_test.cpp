#include "base/named_file.hpp"

#include "support/freed_memory.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace fairlead {
namespace {

using ::testing::HasSubstr;

std::string file_with(const testing::TemporaryFolder& folder, const std::string& content,
                      std::filesystem::perms mode) {
  const auto path = std::filesystem::path(folder.file("file"));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  std::filesystem::permissions(path, mode);
  return path.string();
}

TEST(NamedFile, OfSecretsIsItsOwnersOnly) {
  using enum std::filesystem::perms;
  const testing::TemporaryFolder folder;
  for (const auto others : {group_read, group_write, others_read, others_write, others_exec}) {
    const auto path = file_with(folder, "{}", owner_read | owner_write | others);
    EXPECT_TRUE(read_named_file(path, "the file"));
    const auto refused = read_secret_file(path, "the password file");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::forbidden);
    EXPECT_THAT(refused.error().message, HasSubstr("the password file " + path + " can be read"));
    EXPECT_THAT(refused.error().message, HasSubstr("chmod 600 '" + path + "'"));
  }
  EXPECT_TRUE(read_secret_file(file_with(folder, "{}", owner_read | owner_write), "the file"));
}

TEST(NamedFile, OfSecretsLeavesNoneInMemory) {
  using enum std::filesystem::perms;
  const testing::TemporaryFolder folder;
  const std::string secret = "sixteen-and-more-characters";
  for (const std::size_t before : {std::size_t{0}, std::size_t{70'000}}) {
    const auto path =
        file_with(folder, secret + std::string(before, ' ') + "end", owner_read | owner_write);
    std::size_t size = 0;
    EXPECT_EQ(testing::freed_blocks_with(
                  secret, [&] { size = read_secret_file(path, "the file").value().text.size(); }),
              0);
    EXPECT_EQ(size, secret.size() + before + 3);
  }
}

}  // namespace
}  // namespace fairlead
