// Values of a real server, by a table of commands that wants each kind.

#include "tally/completion/complete.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/no_destructor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "tally/cli/command.h"
#include "tally/commands/stack_lookup.h"
#include "tally/testing/tally_fixture.h"

namespace tallyman::tally {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const std::vector<CommandSpec>& Table() {
  static const absl::NoDestructor<std::vector<CommandSpec>> table(
      std::vector<CommandSpec>{
          {.path = "scale",
           .arguments = {{.name = "COUNT",
                          .completes = Completes::kProcessCount,
                          .repeated = true}},
           .options = {StackOption(),
                       {.name = "on",
                        .value = "SERVER",
                        .completes = Completes::kServer}}},
          {.path = "logs",
           .arguments = {{.name = "NAME", .completes = Completes::kProcess}},
           .options = {StackOption()}},
          {.path = "ps",
           .options = {{.name = "sort",
                        .value = "KEY",
                        .completes = Completes::kSortKey},
                       {.name = "fields",
                        .value = "KEYS",
                        .completes = Completes::kField}}}});
  return *table;
}

class CompleteTest : public testing::Test {
 protected:
  CompleteTest() {
    for (const char* const name :
         {"TALLY_URL", "TALLY_TOKEN", "TALLY_CONTEXT", "TALLY_STACK"}) {
      unsetenv(name);
    }
    setenv("TALLY_COMPLETION_TIMEOUT", "60000", 1);
  }

  // The candidates, with their descriptions behind a "|".
  static std::vector<std::string> Ask(std::vector<std::string> words) {
    words.insert(words.begin(), "words");
    std::vector<std::string> lines =
        absl::StrSplit(Complete(Table(), words), '\n', absl::SkipEmpty());
    if (!lines.empty()) lines.erase(lines.begin());
    for (std::string& line : lines) {
      if (line.back() == '\t') {
        line.pop_back();
      } else {
        line[line.find('\t')] = '|';
      }
    }
    return lines;
  }
};

class CompleteWithServerTest : public CompleteTest {
 protected:
  CompleteWithServerTest() {
    setenv("HOME", server_.home().c_str(), 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("TALLY_URL", server_.url().c_str(), 1);
    setenv("TALLY_TOKEN", server_.token().c_str(), 1);
  }
  TallyServer server_;
};

TEST_F(CompleteWithServerTest, ShowsStacksProcessesAndServers) {
  server_.MakeStack("shop", "web: exec sleep 1000\nworker: exec sleep 1000\n");
  EXPECT_THAT(Ask({"scale", ""}),
              ElementsAre("web=|0 of 0 running", "worker=|0 of 0 running"));
  EXPECT_THAT(Ask({"scale", "web="}),
              ElementsAre("web=0|0 of 0 running", "worker=|0 of 0 running"));
  EXPECT_THAT(Ask({"logs", "w"}),
              ElementsAre("web|0 of 0 running", "worker|0 of 0 running"));
  EXPECT_THAT(Ask({"scale", "--on", ""}), SizeIs(1));
  EXPECT_THAT(Ask({"scale", "-s", ""}), SizeIs(1));

  server_.MakeStack("blog: new", "cms: exec sleep 1000\n");
  EXPECT_THAT(Ask({"scale", "--stack=s"}),
              UnorderedElementsAre("--stack=blog: new", "--stack=shop"));
  // Which of the two is not said.
  EXPECT_THAT(Ask({"scale", ""}), IsEmpty());
  EXPECT_THAT(Ask({"scale", "-s", "blog: new", ""}),
              ElementsAre("cms=|0 of 0 running"));
  EXPECT_EQ(Complete(Table(), {"line", "tally scale -s bl", " \t\n=:"}),
            "words\nblog:\\ new\t\n");
}

TEST_F(CompleteWithServerTest, DoesNotWaitForStandardInput) {
  unsetenv("TALLY_TOKEN");
  EXPECT_THAT(Ask({"--token-file", "-", "scale", ""}), IsEmpty());
}

TEST_F(CompleteTest, ShowsFields) {
  EXPECT_THAT(Ask({"ps", "--fields="}), Contains("--fields=cpu_seconds"));
  EXPECT_THAT(Ask({"ps", "--fields=pid,"}), Contains("--fields=pid,user"));
  EXPECT_THAT(Ask({"ps", "--sort", ""}), Contains("memory"));
  EXPECT_THAT(Ask({"ps", "--sort", "-"}), Contains("-memory"));
}

TEST_F(CompleteTest, DoesNotWaitForAServerThatHangs) {
  // The kernel completes connections, and nobody answers.
  const base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size),
            0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  ASSERT_EQ(
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size),
      0);
  const std::string url =
      absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
  setenv("TALLY_TOKEN", "tly_x", 1);
  unsetenv("TALLY_COMPLETION_TIMEOUT");
  const absl::Time begin = absl::Now();
  EXPECT_THAT(Ask({"--url", url, "scale", ""}), IsEmpty());
  // The client itself waits 40 s for an answer.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));

  const TallyResult whole =
      RunTally({"__complete", "words", "--url", url, "sta"},
               {.environment = {"HOME=/nonexistent", "TALLY_TOKEN=tly_x"}});
  EXPECT_EQ(whole.code, 0);
  EXPECT_EQ(whole.error, "");
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
}

TEST_F(CompleteTest, IsSilentWithoutAServer) {
  EXPECT_THAT(Ask({"--url", "http://127.0.0.1:1", "scale", ""}), IsEmpty());
  EXPECT_THAT(Ask({"--url", "no url", "scale", ""}), IsEmpty());
  EXPECT_EQ(Complete(Table(), {}), "");
  EXPECT_EQ(Complete(Table(), {"line"}), "");
}

}  // namespace
}  // namespace tallyman::tally
