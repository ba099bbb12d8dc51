#include "api/stacks/action_request.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::StartsWith;
using Command = ActionRequest::Command;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kJson = "application/json";

Request MakeRequest(std::string_view query, std::string_view type = "",
                    std::string_view body = "") {
  Request request = {.method = "POST", .params = Params::Parse(query)};
  if (!type.empty()) request.headers.emplace_back("Content-Type", type);
  request.body = body;
  return request;
}

TEST(ParseActionRequestTest, ReadsEveryCommand) {
  const std::vector<std::pair<std::string_view, Command>> expected = {
      {"command=restart", Command::kRestart},
      {"command=process_restart&process_name=web", Command::kProcessRestart},
      {"command=process_pause&process_name=web", Command::kProcessPause},
      {"command=process_resume&process_name=web", Command::kProcessResume},
      {"command=process_signal&process_name=web&signal=HUP",
       Command::kProcessSignal},
  };
  for (const auto& [query, command] : expected) {
    const absl::StatusOr<ActionRequest> action =
        ParseActionRequest(MakeRequest(query));
    ASSERT_TRUE(action.ok()) << action.status();
    EXPECT_EQ(action->command, command);
    EXPECT_EQ(action->process_name, command == Command::kRestart ? "" : "web");
    EXPECT_EQ(action->server_uid, "");
    EXPECT_EQ(action->instance, 0);
    EXPECT_EQ(action->signal, command == Command::kProcessSignal ? "HUP" : "");
  }
}

TEST(ParseActionRequestTest, ReadsAnInstance) {
  for (const Request& request :
       {MakeRequest("command=process_pause&process_name=web&instance=12"),
        MakeRequest("instance=12", kForm,
                    "command=process_pause&process_name=web&instance=12"),
        MakeRequest("", kJson,
                    R"({"command":"process_pause","process_name":"web",)"
                    R"("instance":12})")}) {
    const absl::StatusOr<ActionRequest> action = ParseActionRequest(request);
    ASSERT_TRUE(action.ok()) << action.status();
    EXPECT_EQ(action->instance, 12);
  }
}

TEST(ParseActionRequestTest, ReadsQueryFormAndJson) {
  for (const Request& request :
       {MakeRequest("server_uid=A&process_name=web.1&command=process_pause"),
        MakeRequest("", kForm,
                    "command=process_pause&process_name=web.1&server_uid=A"),
        MakeRequest("", kJson,
                    R"({"command":"process_pause","process_name":"web.1",)"
                    R"("server_uid":"A"})"),
        MakeRequest("command=process_pause&token=t", kJson,
                    R"({"process_name":"web.1","server_uid":"A"})")}) {
    const absl::StatusOr<ActionRequest> action = ParseActionRequest(request);
    ASSERT_TRUE(action.ok()) << action.status();
    EXPECT_EQ(action->command, Command::kProcessPause);
    EXPECT_EQ(action->process_name, "web.1");
    EXPECT_EQ(action->server_uid, "A");
  }
}

TEST(ParseActionRequestTest, AServerAloneIsEnough) {
  const absl::StatusOr<ActionRequest> action = ParseActionRequest(
      MakeRequest("", kJson,
                  R"({"command":"process_resume","process_name":null,)"
                  R"("server_uid":"A"})"));
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_EQ(action->process_name, "");
  EXPECT_EQ(action->server_uid, "A");
  EXPECT_EQ(ParseActionRequest(MakeRequest("command=restart&server_uid=A"))
                ->server_uid,
            "A");
}

TEST(ParseActionRequestTest, ErrorsNameTheField) {
  const std::vector<std::pair<Request, std::string>> expected = {
      {MakeRequest(""), "command: is missing; commands are restart"},
      {MakeRequest("command="), "command: is empty"},
      {MakeRequest("command=reboot"),
       "command: unknown command \"reboot\"; commands are restart, "
       "process_restart, process_pause, process_resume, process_signal"},
      {MakeRequest("command=Restart"), "command: unknown command \"Restart\""},
      {MakeRequest("", kJson, R"({"command":1})"),
       "command: must be a string, not number"},
      {MakeRequest("command=restart", kForm, "command=process_pause"),
       "command: is given twice"},
      {MakeRequest("command=restart&process_name=web"),
       "process_name: restart is for the whole stack; use process_restart"},
      {MakeRequest("command=process_pause"),
       "process_name: is missing; process_pause needs process_name, "
       "server_uid or both"},
      {MakeRequest("command=process_pause&process_name=&server_uid=A"),
       "process_name: is empty"},
      {MakeRequest("command=process_pause&process_name[]=a&server_uid=A"),
       "process_name: takes one value"},
      {MakeRequest("", kJson, R"({"command":"process_pause","server_uid":[]})"),
       "server_uid: must be a string, not array"},
      {MakeRequest("", kJson,
                   R"({"command":"process_pause","server_uid":"A",)"
                   R"("proces_name":"web"})"),
       "proces_name: unknown key; keys are command, process_name, server_uid, "
       "instance, signal"},
      {MakeRequest("command=process_pause&process_name=web&instance=0"),
       "instance: \"0\" is not an integer from 1 to"},
      {MakeRequest("command=process_pause&process_name=web&instance=1.5"),
       "instance: \"1.5\" is not an integer"},
      {MakeRequest("instance=2", kJson,
                   R"({"command":"process_pause","process_name":"web",)"
                   R"("instance":1})"),
       "instance: is given twice"},
      {MakeRequest("", kJson,
                   R"({"command":"process_pause","process_name":"web",)"
                   R"("instance":"1"})"),
       "instance: must be an integer, not string"},
      {MakeRequest("command=process_pause&server_uid=A&instance=1"),
       "process_name: is missing; instance is the number of one of its"},
      {MakeRequest("command=restart&instance=1"),
       "instance: restart is for the whole stack; use process_restart for one "
       "instance"},
      {MakeRequest("command=process_signal&server_uid=A&signal=HUP"),
       "process_name: is missing; process_signal needs it"},
      {MakeRequest("command=process_signal&process_name=web"),
       "signal: is missing; signals are ABRT, ALRM"},
      {MakeRequest("command=process_signal&process_name=web&signal=SIGHUP"),
       "signal: unknown signal \"SIGHUP\"; signals are ABRT, ALRM"},
      {MakeRequest("command=process_pause&process_name=web&signal=HUP"),
       "signal: process_pause takes none; use process_signal"},
      {MakeRequest("", kJson, "{"), "the body is not JSON"},
  };
  for (const auto& [request, message] : expected) {
    const absl::Status status = ParseActionRequest(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), StartsWith(message));
  }
}

}  // namespace
}  // namespace tallyman::api
