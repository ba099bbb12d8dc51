#include "api/stacks/event_json.h"

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"

namespace tallyman::api {
namespace {

class EventJsonTest : public testing::Test {
 protected:
  std::string Write(const stacks::Event& event) const {
    std::string text;
    JsonWriter json(text);
    WriteEvent(event, *redactor_, json);
    return text;
  }
  std::unique_ptr<Redactor> redactor_ = *Redactor::Create(DefaultSecretNames());
};

TEST_F(EventJsonTest, AnEventOfAnInstanceHasNoAction) {
  EXPECT_EQ(
      Write({.id = 5,
             .time = absl::FromUnixSeconds(1'451'675'285),
             .kind = stacks::EventKind::kExited,
             .stack_uid = "s",
             .process = "web",
             .server_uid = "here",
             .instance = 2,
             .pid = 4153,
             .cause = "exited with code 3, password=abc"}),
      R"({"id":5,"time":"2016-01-01T19:08:05Z","event":"exited",)"
      R"("stack_uid":"s","process":"web","server_uid":"here","instance":2,"pid":4153,)"
      R"("cause":"exited with code 3, password=***",)"
      R"("action_id":null,"user":null})");
}

TEST_F(EventJsonTest, AnEventOfAnActionHasNoInstance) {
  EXPECT_EQ(Write({.id = 6,
                   .time = absl::FromUnixSeconds(1'451'675'285),
                   .kind = stacks::EventKind::kActionStarted,
                   .stack_uid = "s",
                   .action_id = 10,
                   .user = "deploy"}),
            R"({"id":6,"time":"2016-01-01T19:08:05Z",)"
            R"("event":"action_started","stack_uid":"s","process":null,)"
            R"("server_uid":null,)"
            R"("instance":null,"pid":null,"cause":null,)"
            R"("action_id":10,"user":"deploy"})");
}

}  // namespace
}  // namespace tallyman::api
