// End to end: the real tally lists the processes of this machine.

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/terminal/text.h"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class PsTest : public testing::Test {
 protected:
  // This test, which the server lists for sure.
  static std::string OwnPid() { return absl::StrCat("pid:", getpid()); }

  Json ListOf(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"ps", "--json"});
    const TallyResult result = server_.Run(std::move(arguments));
    EXPECT_EQ(result.code, 0) << result.error;
    EXPECT_EQ(result.error, "");
    Json list = Json::parse(result.output, nullptr, false);
    EXPECT_TRUE(list.is_array()) << result.output;
    return list;
  }

  TallyServer server_;
};

TEST_F(PsTest, JsonIsTheListOfTheServer) {
  const Json list = ListOf({OwnPid()});
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["pid"], getpid());
  EXPECT_EQ(list[0].size(), 10U);
  EXPECT_EQ(ListOf({OwnPid(), "--fields=pid,ppid"}),
            Json::array({{{"ppid", getppid()}, {"pid", getpid()}}}));
}

TEST_F(PsTest, FiltersThatTallyAppliesHideTheirFields) {
  const Json list = ListOf({OwnPid(), "memory>1", "ps_test", "--fields=pid"});
  EXPECT_EQ(list, Json::array({{{"pid", getpid()}}}));
  EXPECT_EQ(ListOf({OwnPid(), "--", "-ps_test"}), Json::array());
}

TEST_F(PsTest, ATableOfATerminalFits) {
  for (const int columns : {20, 40, 80, 120, 200}) {
    const TallyResult result = server_.RunOnTerminal({"ps"}, columns);
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("COMMAND"));
    for (absl::string_view line : absl::StrSplit(result.output, '\n')) {
      std::string text;
      for (size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\x1b') {
          i = line.find('m', i);
        } else if (line[i] != '\r') {
          text.push_back(line[i]);
        }
      }
      EXPECT_LE(Columns(text), columns) << text;
    }
  }
}

TEST_F(PsTest, WithoutATerminalThereAreNoColours) {
  const TallyResult result = server_.Run({"ps", OwnPid()});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat(getpid())));
  EXPECT_THAT(result.output, Not(HasSubstr("\x1b")));
}

TEST_F(PsTest, NoColorIsObeyed) {
  TallyOptions options = {.environment = server_.Environment(), .columns = 80};
  EXPECT_THAT(RunTally({"ps", OwnPid()}, options).output, HasSubstr("\x1b["));
  options.environment.emplace_back("NO_COLOR=1");
  EXPECT_THAT(RunTally({"ps", OwnPid()}, options).output,
              Not(HasSubstr("\x1b")));
}

TEST_F(PsTest, ATreeKeepsAncestors) {
  TallyOptions options = {.environment = server_.Environment()};
  options.environment.emplace_back("LC_ALL=C.UTF-8");
  const TallyResult result = RunTally({"ps", "--tree", OwnPid()}, options);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.output, HasSubstr("└─ "));
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat(getppid())));
  options.environment.back() = "LC_ALL=C";
  EXPECT_THAT(RunTally({"ps", "--tree", OwnPid()}, options).output,
              HasSubstr("`- "));
  // JSON has the ancestors too, which lead to the first process.
  const Json list = ListOf({"--tree", OwnPid()});
  ASSERT_GE(list.size(), 2U);
  EXPECT_EQ(list.back()["ppid"], list[list.size() - 2]["pid"]);
}

TEST_F(PsTest, OptionsAreTheFiltersOfTheServer) {
  const Json list = ListOf(
      {"--min-memory=1M", "--sort=-memory", "-n", "3", "--fields=pid,memory"});
  ASSERT_GE(list.size(), 1U);
  ASSERT_LE(list.size(), 3U);
  int64_t before = std::numeric_limits<int64_t>::max();
  for (const Json& process : list) {
    const auto memory = process["memory"].get<int64_t>();
    EXPECT_GE(memory, 1 << 20);
    EXPECT_LE(memory, before);
    before = memory;
  }
}

TEST_F(PsTest, ShowsInstancesOfAStack) {
  server_.Ask("POST", "/stacks",
              {{"name", "shop"},
               {"environment", "test"},
               {"processes",
                {{{"name", "web"},
                  {"command", "exec sleep 1000"},
                  {"instances", 1}}}}});
  // An instance is listed once the supervisor has started it.
  const std::unique_ptr<TallyProcess> watch =
      server_.Start({"ps", "--stack=shop", "--watch=500ms"});
  EXPECT_TRUE(watch->WaitForOutput("web.1"));
}

TEST_F(PsTest, WrongUseIsTold) {
  const std::vector<std::vector<std::string>> lines = {
      {"ps", "foo:x"},      {"ps", "--sort=memry"},
      {"ps", "--fields=x"}, {"ps", "--limit=0"},
      {"ps", "--tree=x"},   {"ps", "--watch=1ms"},
      {"ps", "--state=no"}, {"ps", "--tree", "--min-memory=x"}};
  for (const std::vector<std::string>& line : lines) {
    const TallyResult result = server_.Run(line);
    EXPECT_EQ(result.code, 2) << line.back() << result.error;
    EXPECT_THAT(result.error, StartsWith("tally: "));
    EXPECT_EQ(result.output, "");
  }
}

TEST_F(PsTest, TheNameOfACommandIsAWord) {
  const TallyResult result = server_.Run({"ps", "stacks"});
  EXPECT_EQ(result.code, 0) << result.error;
}

TEST_F(PsTest, AWatchPrintsJsonLinesUntilCtrlC) {
  const std::unique_ptr<TallyProcess> watch = server_.Start(
      {"ps", "--json", "--watch=500ms", "--fields=pid,cpu_seconds"});
  // The server itself uses the processor, so scans differ.
  ASSERT_TRUE(watch->WaitForOutput("\n{\"time\"")) << watch->error();
  watch->Signal(SIGINT);
  EXPECT_EQ(watch->Wait(), 0) << watch->error();
  for (const absl::string_view line :
       absl::StrSplit(watch->output(), '\n', absl::SkipEmpty())) {
    const Json scan = Json::parse(line, nullptr, false);
    ASSERT_TRUE(scan.is_object()) << line;
    EXPECT_GE(scan["processes"].size(), 1U);
  }
}

TEST_F(PsTest, AWatchUsesTheAlternateScreenAndLeavesIt) {
  TallyProcess watch(
      {"ps", "--watch=500ms"},
      {.environment = server_.Environment(), .columns = 80, .rows = 10});
  ASSERT_TRUE(watch.WaitForOutput("COMMAND")) << watch.output();
  EXPECT_THAT(watch.output(), StartsWith("\x1b[?1049h"));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.output(), HasSubstr("\x1b[?1049l"));
}

TEST_F(PsTest, AWatchConnectsAgain) {
  // The server is a child of this test, and the new one has another pid.
  const std::unique_ptr<TallyProcess> watch =
      server_.Start({"ps", "--json", "--watch=500ms", "--fields=pid",
                     absl::StrCat("ppid:", getpid())});
  ASSERT_TRUE(watch->WaitForOutput(absl::StrCat(server_.process().pid())))
      << watch->error();
  server_.Kill();
  ASSERT_TRUE(watch->WaitForError("trying again"));
  server_.Start();
  EXPECT_TRUE(watch->WaitForOutput(absl::StrCat(server_.process().pid())))
      << watch->error();
}

TEST_F(PsTest, AClosedPipeIsNoFailure) {
  const std::unique_ptr<TallyProcess> watch =
      server_.Start({"ps", "--watch=500ms"});
  ASSERT_TRUE(watch->WaitForOutput("COMMAND"));
  watch->CloseOutput();
  EXPECT_EQ(watch->Wait(), 0) << watch->error();
}

}  // namespace
}  // namespace tallyman::tally
