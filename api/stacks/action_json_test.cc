#include "api/stacks/action_json.h"

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"
#include "stacks/model/registry.h"

namespace tallyman::api {
namespace {

TEST(ActionJsonTest, TheFinishedKeysAreNullUntilTheActionEnds) {
  const std::unique_ptr<Redactor> redactor =
      *Redactor::Create(DefaultSecretNames());
  stacks::Action action = {.id = 10,
                           .user = "deploy",
                           .kind = stacks::ActionKind::kStackDelete,
                           .stack_uid = "283",
                           .started_via = "api",
                           .started_at = absl::FromUnixSeconds(1'451'675'285)};
  const auto write = [&] {
    std::string text;
    JsonWriter json(text);
    WriteAction(action, *redactor, json);
    return text;
  };
  const std::string begin =
      R"({"id":10,"user":"deploy","resource_type":"stack",)"
      R"("action":"Stack_delete","resource_id":"283","started_via":"api",)"
      R"("started_at":"2016-01-01T19:08:05Z",)";
  EXPECT_EQ(write(), begin + R"("finished_at":null,"finished_success":null,)"
                             R"("finished_message":null})");
  action.finished_at = action.started_at + absl::Seconds(2);
  action.finished_message = "exited with code 1: bad token=abc";
  EXPECT_EQ(write(), begin + R"("finished_at":"2016-01-01T19:08:07Z",)"
                             R"("finished_success":false,)"
                             R"("finished_message":)"
                             R"("exited with code 1: bad token=***"})");
}

}  // namespace
}  // namespace tallyman::api
