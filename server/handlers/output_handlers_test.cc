#include "server/handlers/output_handlers.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/stack_api.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OutputHandlersTest : public testing::Test {
 protected:
  void WriteOutput(int64_t instance, std::string_view text) {
    const auto file = api_.logs().OpenForAppend(
        {.stack_uid = uid_, .process = "web", .number = instance});
    CHECK_OK(file);
    CHECK_EQ(write(file->get(), text.data(), text.size()),
             static_cast<ssize_t>(text.size()));
  }

  Answer Logs(std::string_view query = "") const {
    return api_.Get(absl::StrCat(path_, "/processes/web/logs", query));
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

TEST_F(OutputHandlersTest, ShowsTheLastLinesOfEachInstance) {
  api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  WriteOutput(1, "one\ntwo\ntoken=abc\n");
  const Answer logs = Logs("?lines=2");
  EXPECT_EQ(logs.status, 200) << logs.body;
  EXPECT_EQ(logs.json["response"].dump(),
            R"([{"process":"web","server":"server_name","instance":1,)"
            R"("lines":["two","token=***"]},)"
            R"({"process":"web","server":"server_name","instance":2,)"
            R"("lines":[]}])");
  EXPECT_EQ(logs.json["count"], 2);
  EXPECT_EQ(Logs("?instance=1").json["response"][0]["lines"].size(), 3);
  EXPECT_EQ(Logs("?per_page=1&page=2").json["response"][0]["instance"], 2);
  EXPECT_EQ(Logs(absl::StrCat("?server_uid=", StackApi::kThere)).json["count"],
            0);
  EXPECT_EQ(api_.Get("/api/3" + path_ + "/processes/web/logs.json").body,
            Logs().body);
}

TEST_F(OutputHandlersTest, ShowsTheOutputOfAnEndedInstance) {
  WriteOutput(5, "goodbye\n");
  EXPECT_EQ(Logs().json["count"], 0);
  EXPECT_EQ(Logs("?instance=5").json["response"][0]["lines"].dump(),
            R"(["goodbye"])");
  ExpectError(Logs("?instance=6"), 404, "has no instance 6");
}

TEST_F(OutputHandlersTest, ChecksTheParametersOfLogs) {
  EXPECT_EQ(Logs("?lines=10000").status, 200);
  for (const std::string_view query :
       {"?lines=0", "?lines=10001", "?lines=x", "?lines="}) {
    ExpectError(Logs(query), 400, "is not an integer from 1 to 10000");
  }
  ExpectError(Logs("?instance=0"), 400, "instance: \"0\"");
  ExpectError(Logs("?server_uid=none"), 404, "there is no server \"none\"");
  ExpectError(Logs("?page=0"), 400, "page: \"0\"");
  ExpectError(api_.Get(path_ + "/processes/none/logs"), 404,
              "has no process \"none\"");
}

TEST_F(OutputHandlersTest, AResponseWithLogsIsBounded) {
  constexpr int kInstances = 40;
  std::vector<stacks::InstanceStatus> instances(kInstances);
  const std::string text = absl::StrCat(std::string(999, 'x'), "\n");
  std::string output;
  for (int i = 0; i < 400; ++i) output += text;
  for (int i = 0; i < kInstances; ++i) {
    instances[i].number = i + 1;
    WriteOutput(i + 1, output);
  }
  api_.status().Set(uid_, "web", instances);
  const Answer logs = Logs("?lines=10000&per_page=100");
  EXPECT_EQ(logs.json["count"], kInstances);
  EXPECT_LT(logs.body.size(), size_t{9} << 20);
  EXPECT_GT(logs.body.size(), size_t{7} << 20);
  EXPECT_EQ(Logs("?lines=10000&instance=1").json["response"][0]["lines"].size(),
            400);
}

// The errno of reading a directory maps to a code that blames the client.
TEST_F(OutputHandlersTest, AnUnreadableFileIsAFaultOfTheServer) {
  const auto file = api_.logs().OpenForAppend(
      {.stack_uid = uid_, .process = "web", .number = 1});
  CHECK_OK(file);
  const std::filesystem::path path = std::filesystem::read_symlink(
      absl::StrCat("/proc/self/fd/", file->get()));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  api_.status().Set(uid_, "web", {{.number = 1}});
  const Answer answer = Logs();
  EXPECT_EQ(answer.status, 500) << answer.body;
  EXPECT_THAT(answer.body, Not(HasSubstr(path.string())));
}

}  // namespace
}  // namespace tallyman::server
