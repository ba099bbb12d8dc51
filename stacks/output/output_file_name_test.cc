#include "stacks/output/output_file_name.h"

#include <optional>
#include <string_view>

#include "gtest/gtest.h"
#include "stacks/model/instance_key.h"

namespace tallyman::stacks {
namespace {

TEST(OutputFileNameTest, ANameStandsForItsKey) {
  for (const std::string_view process : {"web", "web.v2", "web.1", "a-b_c"}) {
    const InstanceKey key = {
        .stack_uid = "5f0c", .process = std::string(process), .number = 12};
    const std::optional<InstanceKey> found =
        OutputKeyOfFile("5f0c", OutputFileName(key));
    ASSERT_TRUE(found.has_value()) << process;
    EXPECT_EQ(*found, key) << process;
  }
}

TEST(OutputFileNameTest, OtherNamesStandForNoInstance) {
  for (const std::string_view name :
       {"", ".log", "web.log", "web.1", "web.1.log.1", "web.1.log.tmp",
        "web.0.log", "web.-1.log", "web.01.log", "web.+1.log", "web. 1.log",
        "web.x.log", ".1.log", "..1.log", "w b.1.log",
        "web.99999999999999999999.log"}) {
    EXPECT_FALSE(OutputKeyOfFile("5f0c", name).has_value()) << name;
  }
}

}  // namespace
}  // namespace tallyman::stacks
