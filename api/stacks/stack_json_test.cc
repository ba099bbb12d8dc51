#include "api/stacks/stack_json.h"

#include <string>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"

namespace tallyman::api {
namespace {

TEST(StackJsonTest, AStackHasHealthNumbersAndTimesUnderBothNames) {
  const absl::Time time = absl::FromUnixSeconds(1'451'675'285);
  const stacks::Stack stack = {.id = 7,
                               .uid = "5999b763474b0eafa5fafb64bff0ba80",
                               .name = "shop \"1\"",
                               .environment = "production",
                               .created_at = time,
                               .updated_at = time + absl::Seconds(1)};
  std::string text;
  JsonWriter json(text);
  WriteStack(stack, stacks::Health::kHealthy, json);
  EXPECT_EQ(text, R"({"uid":"5999b763474b0eafa5fafb64bff0ba80",)"
                  R"("name":"shop \"1\"","environment":"production",)"
                  R"("status":1,"health":3,)"
                  R"("created_at":"2016-01-01T19:08:05Z",)"
                  R"("updated_at":"2016-01-01T19:08:06Z",)"
                  R"("created_at_iso":"2016-01-01T19:08:05Z",)"
                  R"("updated_at_iso":"2016-01-01T19:08:06Z"})");
}

TEST(StackJsonTest, AServerHasAHealthState) {
  const absl::Time time = absl::FromUnixSeconds(1'451'675'285);
  const stacks::Server server = {.uid = "e63e859d5ab72b0bcf14321f0ffb013d",
                                 .name = "server_name",
                                 .address = "192.0.2.1",
                                 .created_at = time,
                                 .updated_at = time};
  std::string text;
  JsonWriter json(text);
  WriteServer(server, "s", stacks::Health::kUnknown, json);
  EXPECT_EQ(text,
            R"({"uid":"e63e859d5ab72b0bcf14321f0ffb013d",)"
            R"("name":"server_name","address":"192.0.2.1","stack_uid":"s",)"
            R"("health_state":0,)"
            R"("created_at":"2016-01-01T19:08:05Z",)"
            R"("updated_at":"2016-01-01T19:08:05Z",)"
            R"("created_at_iso":"2016-01-01T19:08:05Z",)"
            R"("updated_at_iso":"2016-01-01T19:08:05Z"})");
}

}  // namespace
}  // namespace tallyman::api
