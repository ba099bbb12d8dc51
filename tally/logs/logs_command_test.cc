// The real program shows and follows the output of real instances.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// Has a stack whose process `web` writes the lines of one FIFO an instance.
class LogsCommandTest : public testing::Test {
 protected:
  LogsCommandTest() {
    for (const int n : {1, 2}) {
      CHECK_EQ(mkfifo(FifoPath(n).c_str(), 0600), 0);
      fifos_[n - 1] =
          base::UniqueFd(open(FifoPath(n).c_str(), O_RDWR | O_CLOEXEC));
    }
    stack_ = server_.MakeStack(
        "shop", absl::StrCat("web: exec cat <> ", server_.home(),
                             "/fifo$TALLYMAN_INSTANCE\nidle: exec sleep 1000"
                             "\n"));
  }

  std::string FifoPath(int n) const {
    return absl::StrCat(server_.home(), "/fifo", n);
  }
  void Write(int instance, std::string_view text) {
    ASSERT_EQ(write(fifos_[instance - 1].get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  void Scale(int count) {
    const std::string path = absl::StrCat("/api/3/stacks/", stack_);
    const std::string server = server_.Ask(
        "GET", absl::StrCat(path, "/servers"))["response"][0]["uid"];
    const int64_t action = server_.Ask(
        "POST", absl::StrCat(path, "/processes?process_name=web&server_count=",
                             server, ":", count))["response"]["id"];
    while (server_
               .Ask("GET", absl::StrCat(path, "/actions/",
                                        action))["response"]["finished_at"]
               .is_null()) {
    }
  }
  // Until the output of `arguments` contains `text`.
  std::string Await(const std::vector<std::string>& arguments,
                    std::string_view text) {
    TallyResult result;
    do {
      result = server_.Run(arguments);
      EXPECT_EQ(result.code, 0) << result.error;
    } while (result.code == 0 && result.output.find(text) == std::string::npos);
    return result.output;
  }

  TallyServer server_;
  base::UniqueFd fifos_[2];
  std::string stack_;
};

TEST_F(LogsCommandTest, ShowsLinesOfProcessesAndInstances) {
  Scale(2);
  Write(1, "one\n");
  Await({"logs", "web"}, "one");
  Write(2, "two\n");
  // Of about the same second, so the order is open.
  EXPECT_THAT(Await({"logs"}, "two"), AnyOf("web.1 | one\nweb.2 | two\n",
                                            "web.2 | two\nweb.1 | one\n"));
  EXPECT_EQ(server_.Run({"logs", "web.2"}).output, "two\n");
  EXPECT_EQ(server_.Run({"logs", "--grep", "^o"}).output, "web.1 | one\n");
  EXPECT_EQ(server_.Run({"logs", "idle"}).output, "");
  EXPECT_THAT(server_.Run({"logs", "web", "--no-prefix"}).output,
              AnyOf("one\ntwo\n", "two\none\n"));
  const TallyResult json = server_.Run({"logs", "web.1", "--json"});
  const Json line = Json::parse(json.output);
  EXPECT_EQ(line["line"], "one");
  EXPECT_EQ(line["instance"], 1);
  EXPECT_TRUE(line["seen_at"].is_string());

  const TallyResult unknown = server_.Run({"logs", "wbe"});
  EXPECT_EQ(unknown.code, 4);
  EXPECT_THAT(unknown.error, HasSubstr("web, idle"));
  EXPECT_EQ(server_.Run({"logs", "web.7"}).code, 4);
  EXPECT_EQ(server_.Run({"logs", "--grep", "("}).code, 2);
  EXPECT_EQ(server_.Run({"logs", "-f", "--until", "1h"}).code, 2);
}

TEST_F(LogsCommandTest, ATerminalGetsColorsAndNothingElse) {
  Scale(1);
  Write(1, "\x1b[31mred\x1b[0m \x1b[2J\x1b]0;owned\x07 end\n");
  const std::string raw = Await({"logs", "web.1"}, "end");
  EXPECT_EQ(raw, "\x1b[31mred\x1b[0m \x1b[2J\x1b]0;owned\x07 end\n");
  const TallyResult result = server_.RunOnTerminal({"logs", "web.1"}, 80);
  EXPECT_THAT(result.output, HasSubstr("\x1b[31mred\x1b[0m"));
  EXPECT_THAT(result.output, HasSubstr("·[2J·]0;owned· end"));
  EXPECT_THAT(result.output, Not(HasSubstr("\x1b[2J")));
  EXPECT_THAT(result.output, Not(HasSubstr("\x1b]0;")));
}

TEST_F(LogsCommandTest, FollowsOverAKilledServerWithoutLossOrRepetition) {
  Scale(2);
  const std::unique_ptr<TallyProcess> tally = server_.Start({"logs", "-f"});
  for (const int n : {1, 2}) Write(n, absl::StrCat("before ", n, "\n"));
  for (const int n : {1, 2}) {
    ASSERT_TRUE(tally->WaitForOutput(absl::StrCat("before ", n)));
  }
  server_.Kill();
  for (const int n : {1, 2}) Write(n, absl::StrCat("between ", n, "\n"));
  ASSERT_TRUE(tally->WaitForError("trying to connect again"));
  server_.Start();
  for (const int n : {1, 2}) {
    ASSERT_TRUE(tally->WaitForOutput(absl::StrCat("between ", n)));
  }
  for (const int n : {1, 2}) Write(n, absl::StrCat("after ", n, "\n"));
  for (const int n : {1, 2}) {
    ASSERT_TRUE(tally->WaitForOutput(absl::StrCat("after ", n)));
  }
  tally->Signal(SIGINT);
  EXPECT_EQ(tally->Wait(), 130);
  std::vector<std::string> lines = absl::StrSplit(tally->output(), '\n');
  EXPECT_THAT(lines, testing::UnorderedElementsAre(
                         "web.1 | before 1", "web.2 | before 2",
                         "web.1 | between 1", "web.2 | between 2",
                         "web.1 | after 1", "web.2 | after 2", ""));
  EXPECT_THAT(tally->error(), Not(HasSubstr("may be missing")));
}

TEST_F(LogsCommandTest, FollowsInstancesThatComeLater) {
  Scale(1);
  const std::unique_ptr<TallyProcess> tally =
      server_.Start({"logs", "-f", "web", "--json"});
  Write(1, "first\n");
  ASSERT_TRUE(tally->WaitForOutput("first"));
  Scale(2);
  Write(2, "second\n");
  ASSERT_TRUE(tally->WaitForOutput("second"));
  tally->Signal(SIGTERM);
  EXPECT_EQ(tally->Wait(), 130);
  for (const std::string_view line :
       absl::StrSplit(tally->output(), '\n', absl::SkipEmpty())) {
    EXPECT_EQ(Json::parse(line)["process"], "web") << line;
  }
}

TEST_F(LogsCommandTest, EndsWithItsReaderAndWithTheStack) {
  Scale(1);
  const std::unique_ptr<TallyProcess> cut = server_.Start({"logs", "-f"});
  const std::unique_ptr<TallyProcess> whole = server_.Start({"logs", "-f"});
  Write(1, "line\n");
  ASSERT_TRUE(cut->WaitForOutput("line"));
  ASSERT_TRUE(whole->WaitForOutput("line"));
  cut->CloseOutput();
  Write(1, "unread\n");
  EXPECT_EQ(cut->Wait(), 0) << cut->error();
  server_.Ask("DELETE", absl::StrCat("/api/3/stacks/", stack_));
  EXPECT_EQ(whole->Wait(), 0) << whole->error();
}

}  // namespace
}  // namespace tallyman::tally
