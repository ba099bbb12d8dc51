// Actions and events of a stack.

#include "server/handlers/action_handlers.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/stack_api.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr std::string_view kHere = StackApi::kHere;

class ActionHandlersTest : public testing::Test {
 protected:
  // Scales the process web; returns the action.
  Json Scale(int count) const {
    return api_
        .Ask("POST", absl::StrCat(path_, "/processes?process_name=web&",
                                  "server_count=", kHere, ":", count))
        .json["response"][0];
  }

  Answer Start(std::string_view query) const {
    return api_.Ask("POST", absl::StrCat(path_, "/actions?", query));
  }

  // Removes the stack, and reports that all its instances have stopped.
  void RemoveStack() {
    CHECK_EQ(api_.Ask("DELETE", path_).status, 200);
    const auto snapshot = api_.registry().Snapshot();
    for (const auto& open : snapshot->open) {
      for (const auto& target : open->targets) {
        CHECK_OK(api_.registry().ReportOutcomes(
            {{.action_id = open->id,
              .process = target.process,
              .server_uid = target.server_uid,
              .success = true}},
            absl::FromUnixSeconds(1'600'000'000)));
      }
    }
    CHECK_EQ(api_.registry().Snapshot()->FindStack(uid_), nullptr);
  }

  static void ExpectError(const Answer& answer, int status,
                          std::string_view details) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_THAT(answer.Details(), HasSubstr(details)) << answer.body;
  }

  StackApi api_;
  const std::string uid_ = api_.MakeStack();
  const std::string path_ = absl::StrCat("/stacks/", uid_);
};

TEST_F(ActionHandlersTest, ListsActionsNewestFirst) {
  const Json first = Scale(1);
  const Json second = Scale(2);
  const Answer list = api_.Get(path_ + "/actions.json");
  EXPECT_EQ(list.json["count"], 2);
  EXPECT_EQ(list.json["response"][0]["id"], second["id"]);
  EXPECT_EQ(list.json["response"][0]["finished_at"], nullptr);
  // The second scale supersedes the first.
  EXPECT_EQ(list.json["response"][1]["id"], first["id"]);
  EXPECT_EQ(list.json["response"][1]["finished_success"], false);
  EXPECT_THAT(list.json["response"][1]["finished_message"].get<std::string>(),
              HasSubstr(absl::StrCat(second["id"].get<int64_t>())));
  const Answer page = api_.Get(path_ + "/actions?page=2&per_page=1");
  EXPECT_EQ(page.json["response"][0]["id"], first["id"]);
  EXPECT_EQ(page.json["pagination"]["previous"], 1);
  ExpectError(api_.Get(path_ + "/actions?page=x"), 400, "page: \"x\"");
}

TEST_F(ActionHandlersTest, ShowsOneAction) {
  const Json action = Scale(1);
  const std::string id = absl::StrCat(action["id"].get<int64_t>());
  const Answer plain = api_.Get(absl::StrCat(path_, "/actions/", id, ".json"));
  EXPECT_EQ(plain.json["response"][0], action);
  const Answer object =
      api_.Get(absl::StrCat("/api/3", path_, "/actions/", id));
  EXPECT_EQ(object.json["response"], action);
  for (const std::string_view bad :
       {"99", "x", "-1", "1.0", "99999999999999999999"}) {
    ExpectError(api_.Get(absl::StrCat(path_, "/actions/", bad)), 404,
                absl::StrCat("has no action \"", bad, "\""));
  }
  const std::string other = api_.MakeStack("other");
  EXPECT_EQ(api_.Get(absl::StrCat("/stacks/", other, "/actions/", id)).status,
            404);
}

TEST_F(ActionHandlersTest, StartsActionsFromQueryFormAndJson) {
  Scale(1);
  const Answer restart = Start("command=process_restart&process_name=web");
  EXPECT_EQ(restart.status, 200) << restart.body;
  EXPECT_EQ(restart.json["response"][0]["action"], "Process_restart");
  EXPECT_EQ(restart.json["response"][0]["user"], "operator");
  const Answer pause =
      api_.Post(absl::StrCat("/api/3", path_, "/actions.json"),
                absl::StrCat(R"({"command":"process_pause","server_uid":")",
                             kHere, R"("})"));
  EXPECT_EQ(pause.status, 200) << pause.body;
  EXPECT_EQ(pause.json["response"]["action"], "Process_pause");
  const Answer resume =
      api_.Ask("POST", path_ + "/actions",
               {.body = "command=process_resume&process_name=web",
                .content_type = "application/x-www-form-urlencoded"});
  EXPECT_EQ(resume.status, 200) << resume.body;
  EXPECT_EQ(resume.json["response"][0]["action"], "Process_resume");
  const Answer all = Start("command=restart");
  EXPECT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(all.json["response"][0]["action"], "Restart");
}

TEST_F(ActionHandlersTest, StartsActionsOfOneInstanceAndSignals) {
  Scale(2);
  api_.status().Set(uid_, "web",
                    {{.number = 1, .state = stacks::InstanceState::kRunning},
                     {.number = 3, .state = stacks::InstanceState::kWaiting}});
  for (const std::string_view command :
       {"process_restart", "process_pause", "process_resume",
        "process_signal&signal=HUP"}) {
    const std::string query =
        absl::StrCat("process_name=web&command=", command, "&instance=");
    const Answer started = Start(absl::StrCat(query, 3));
    EXPECT_EQ(started.status, 200) << started.body;
    ExpectError(Start(absl::StrCat(query, 2)), 404,
                "instance: the process \"web\" has no instance 2 on");
    ExpectError(Start(absl::StrCat(query, "x")), 400, "instance: \"x\"");
  }
  const Json newest = api_.Get(path_ + "/actions").json["response"][0];
  EXPECT_EQ(newest["action"], "Process_signal");
  const Json event = api_.Get(path_ + "/events").json["response"][0];
  EXPECT_EQ(event["cause"], "signal HUP to instance 3 of web");
  ExpectError(Start("command=process_signal&process_name=web&signal=STOP"), 400,
              "signal: unknown signal \"STOP\"; signals are ABRT");
}

TEST_F(ActionHandlersTest, AnInvalidRequestStartsNothing) {
  ExpectError(Start(""), 400, "command");
  ExpectError(Start("command=reboot"), 400, "reboot");
  ExpectError(Start("command=process_pause"), 400, "process_name");
  ExpectError(Start("command=process_pause&process_name=none"), 404,
              "\"none\"");
  ExpectError(Start("command=process_pause&server_uid=none"), 404, "\"none\"");
  ExpectError(api_.Ask("POST", path_ + "/actions",
                       {.body = "x", .content_type = "text/plain"}),
              415, "\"text/plain\"; send application/json");
  ExpectError(api_.Ask("POST", "/stacks/none/actions?command=restart"), 404,
              "there is no stack \"none\"");
  EXPECT_EQ(api_.Get(path_ + "/actions").json["count"], 0);
}

TEST_F(ActionHandlersTest, ARepeatedIdempotencyKeyStartsOneAction) {
  Scale(1);
  const auto restart = [&](std::string_view query) {
    return api_.Ask("POST", absl::StrCat(path_, "/actions?", query),
                    {.headers = {{"Idempotency-Key", "k"}}});
  };
  const Answer first = restart("command=process_restart&process_name=web");
  const Answer again = restart("process_name=web&command=process_restart");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(restart("command=restart").status, 409);
  api_.status().Set(uid_, "web", {{.number = 1}});
  EXPECT_EQ(
      restart("command=process_restart&process_name=web&instance=1").status,
      409);
  EXPECT_EQ(api_.Get(path_ + "/actions").json["count"], 2);
}

TEST_F(ActionHandlersTest, ListsEventsAsAnAuditLog) {
  const Json action = Scale(1);
  const Answer list = api_.Get(path_ + "/events");
  EXPECT_EQ(list.status, 200);
  const Json& newest = list.json["response"][0];
  EXPECT_EQ(newest["event"], "action_started");
  EXPECT_EQ(newest["action_id"], action["id"]);
  EXPECT_EQ(newest["user"], "operator");
  EXPECT_EQ(newest["pid"], nullptr);
  EXPECT_EQ(list.json["response"].back()["event"], "stack_created");
  const Answer page = api_.Get("/api/3" + path_ + "/events.json?per_page=1");
  EXPECT_EQ(page.json["count"], 1);
  EXPECT_EQ(page.json["response"][0], newest);
  EXPECT_EQ(page.json["pagination"]["next"], 2);
  ExpectError(api_.Get(path_ + "/events?per_page=0"), 400, "per_page: \"0\"");
}

TEST_F(ActionHandlersTest, ActionsAndEventsOutliveTheirStack) {
  const Json action = Scale(1);
  RemoveStack();
  ExpectError(api_.Get(path_), 404, "there is no stack");
  const Answer actions = api_.Get(path_ + "/actions");
  EXPECT_EQ(actions.status, 200);
  EXPECT_EQ(actions.json["response"][0]["action"], "Stack_delete");
  EXPECT_EQ(actions.json["response"][0]["finished_success"], true);
  const std::string id = absl::StrCat(action["id"].get<int64_t>());
  EXPECT_EQ(api_.Get(absl::StrCat(path_, "/actions/", id)).status, 200);
  ExpectError(api_.Get(path_ + "/actions/99"), 404, "there is no stack");
  const Answer events = api_.Get(path_ + "/events");
  EXPECT_EQ(events.status, 200);
  std::vector<std::string> kinds;
  for (const Json& event : events.json["response"]) {
    kinds.push_back(event["event"].get<std::string>());
  }
  EXPECT_THAT(kinds, Contains("stack_deleted"));
}

}  // namespace
}  // namespace tallyman::server
