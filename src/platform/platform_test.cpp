#include "platform/platform.hpp"

#include "support/platform_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::platform {
namespace {

using fairlead::testing::PlatformUnderTest;

AddConnector harbor_with(std::map<std::string, std::string> fields) {
  AddConnector command;
  command.workspace = *access::WorkspaceName::parse("acme");
  command.service = "test-harbor";
  command.service_field = "connector_type";
  for (const auto& [name, text] : fields) command.input.credentials.emplace(name, Secret(text));
  return command;
}

TEST(Execute, CallsTheServiceWithTheStoredKey) {
  PlatformUnderTest under_test;
  const auto admin = access::LocalAdmin::of(under_test.first.organization);
  auto added = under_test.run(under_test.platform->connectors().add(
      admin, harbor_with({{"api_key", PlatformUnderTest::good_key}}), Deadline::never()));
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->row.status, "ready");

  ExecuteCommand command{.entity = "customers", .action = "list"};
  auto executed = under_test.run(under_test.platform->executor().execute(
      admin, added->row.id, command, {}, Deadline::never()));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_THAT(executed->data, ::testing::StartsWith(R"([{"id":"c1")"));
  EXPECT_EQ(executed->metadata,
            R"({"next_cursor":"page-2","total":3,"has_next_page":true,"end_cursor":"page-2"})");
}

}  // namespace
}  // namespace fairlead::platform
