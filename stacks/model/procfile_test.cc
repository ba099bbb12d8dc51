#include "stacks/model/procfile.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;

// The names and commands, in order.
std::vector<std::pair<std::string, std::string>> Parse(std::string_view text) {
  const absl::StatusOr<std::vector<ProcessDefinition>> processes =
      ParseProcfile(text);
  EXPECT_TRUE(processes.ok()) << processes.status();
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!processes.ok()) return pairs;
  pairs.reserve(processes->size());
  for (const ProcessDefinition& process : *processes) {
    pairs.emplace_back(process.name, process.command);
  }
  return pairs;
}

TEST(ParseProcfileTest, KeepsTheOrder) {
  EXPECT_THAT(
      Parse("web: bundle exec rails server -p $PORT\n"
            "worker: bundle exec rake jobs:work\n"
            "scheduler: bundle exec rake jobs:schedule\n"),
      ElementsAre(FieldsAre("web", "bundle exec rails server -p $PORT"),
                  FieldsAre("worker", "bundle exec rake jobs:work"),
                  FieldsAre("scheduler", "bundle exec rake jobs:schedule")));
}

TEST(ParseProcfileTest, SkipsBlankLinesAndComments) {
  EXPECT_THAT(
      Parse("# what runs\n"
            "\n"
            "web: ./web # a comment of the shell's\n"
            "   \t\n"
            "  # worker: ./worker\n"
            "#clock: ./clock\n"),
      ElementsAre(FieldsAre("web", "./web # a comment of the shell's")));
}

TEST(ParseProcfileTest, IgnoresSpacesAroundNameAndCommand) {
  EXPECT_THAT(Parse("web:./web\n"
                    "  worker  :\t ./worker  -v  \n"
                    "clock:   env A=\"x: y\" ./clock"),
              ElementsAre(FieldsAre("web", "./web"),
                          FieldsAre("worker", "./worker  -v"),
                          FieldsAre("clock", "env A=\"x: y\" ./clock")));
}

TEST(ParseProcfileTest, AcceptsCrLfAndByteOrderMark) {
  EXPECT_THAT(Parse("\xef\xbb\xbfweb: ./web\r\n\r\nworker.1: ./worker\r\n"),
              ElementsAre(FieldsAre("web", "./web"),
                          FieldsAre("worker.1", "./worker")));
}

TEST(ParseProcfileTest, KeepsCommandsAsTheyAre) {
  EXPECT_THAT(
      Parse("release: python manage.py migrate && echo 'ü: done' | tee log\n"
            "url: curl http://[::1]:8080/?a=b&c=d\n"),
      ElementsAre(
          FieldsAre("release",
                    "python manage.py migrate && echo 'ü: done' | tee log"),
          FieldsAre("url", "curl http://[::1]:8080/?a=b&c=d")));
}

TEST(ParseProcfileTest, OtherFieldsHaveDefaults) {
  const auto processes = ParseProcfile("web: ./web");
  ASSERT_TRUE(processes.ok());
  EXPECT_EQ((*processes)[0],
            (ProcessDefinition{.name = "web", .command = "./web"}));
}

TEST(ParseProcfileTest, ErrorsNameTheLine) {
  const std::string long_command(kMaxCommandBytes + 1, 'x');
  const std::vector<std::pair<std::string, std::string_view>> expected = {
      {"web: a\n\nworker b\n",
       R"(line 3: there is no colon; a line is "name: command")"},
      {"# x\r\n: a\r\n", R"(line 2: the name "" has to be)"},
      {"a b: c", R"(line 1: the name "a b" has to be 1 to 64 letters)"},
      {"..: c", R"(line 1: the name ".." has to be)"},
      {"wéb: c", R"(line 1: the name "wéb" has to be)"},
      {"web: a\nworker: b\nweb: c\n",
       R"(line 3: the name "web" is taken already by line 1)"},
      {"web: a\nworker:  \n", R"(line 2: the command is empty)"},
      {std::string("web: a\0b", 8), "line 1: the command has a NUL at byte 1"},
      {"web: a\nx: \xff", "line 2: the command is not UTF-8 at byte 0"},
      {absl::StrCat("web: ", long_command), "line 1: the command has 32769"},
      {"", "there is no process"},
      {"\n# nothing\n", "there is no process"},
  };
  for (const auto& [text, message] : expected) {
    const absl::Status status = ParseProcfile(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message))
        << absl::CHexEscape(text.substr(0, 100));
    EXPECT_LT(status.message().size(), 300u);
  }
}

TEST(ParseProcfileTest, HasALimitedNumberOfProcesses) {
  std::string text;
  for (size_t i = 1; i <= kMaxProcesses; ++i) {
    absl::StrAppend(&text, "p", i, ": run\n");
  }
  EXPECT_EQ(Parse(text).size(), kMaxProcesses);
  const absl::Status status = ParseProcfile(text + "more: run\n").status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("line 101: there are more than 100 processes"));
}

}  // namespace
}  // namespace tallyman::stacks
