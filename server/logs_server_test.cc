// End to end: clients search and follow the output of real instances.

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/event_source.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using harness::EventSource;
using harness::ServerEvent;
using ::testing::AnyOf;
using Json = nlohmann::json;

// Has a stack whose process `web` writes the lines of a FIFO, and ends when one
// is "quit"; and the process `two`, which writes one line.
class LogsServerTest : public testing::Test {
 protected:
  LogsServerTest() {
    CHECK_EQ(mkfifo(fifo_path_.c_str(), 0600), 0);
    fifo_ = base::UniqueFd(open(fifo_path_.c_str(), O_RDWR | O_CLOEXEC));
    CHECK(fifo_.valid());
    Start();
    token_ = server_->shown_token();
    // Tests poll.
    token_ = Ask("POST", "/tokens",
                 R"({"name":"test","scopes":["admin","public"],)"
                 R"("hourly_limit":1000000000})")["response"][0]["token"];
    const std::string procfile = absl::StrCat(
        "web: while read -r line; do [ \"$line\" != quit ] || exit 1; ",
        "echo \"$line\"; done <> ", fifo_path_,
        "\ntwo: echo started; exec sleep 1000\n");
    stack_ = Ask("POST", "/stacks",
                 Json{{"name", "app"}, {"procfile", procfile}}
                     .dump())["response"][0]["uid"];
    logs_ = absl::StrCat("/stacks/", stack_, "/processes/web/logs");
  }
  ~LogsServerTest() override {
    // Ends all instances.
    const int64_t action =
        Ask("DELETE", absl::StrCat("/stacks/", stack_))["response"][0]["id"];
    Await(action);
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  void Start() {
    server_.emplace(std::vector<std::string>{
        absl::StrCat("--data_dir=", directory_.path()), "--settle_time=0",
        "--restart_delay=1ms", "--server_name=here", "--max_log_bytes=4096"});
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  harness::ClientResponse Send(std::string_view method, std::string_view target,
                               std::string_view accept = "*/*",
                               std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_),
        absl::StrCat("Accept: ", accept)};
    if (body) headers.emplace_back("Content-Type: application/json");
    harness::ClientResponse response =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    EXPECT_LT(response.status, 300) << target << response.body;
    return response;
  }
  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    return Json::parse(Send(method, target, "*/*", body).body);
  }
  // Polls until the action has ended.
  void Await(int64_t action) {
    while (Ask("GET", absl::StrCat("/api/3/stacks/", stack_, "/actions/",
                                   action))["response"]["finished_at"]
               .is_null()) {
    }
  }
  void Scale(std::string_view process, int count) {
    const std::string server =
        Ask("GET",
            absl::StrCat("/stacks/", stack_, "/servers"))["response"][0]["uid"];
    Await(Ask("POST", absl::StrCat("/stacks/", stack_,
                                   "/processes?process_name=", process,
                                   "&server_count=", server, ":",
                                   count))["response"][0]["id"]);
  }

  // Lets `web` write lines of 100 bytes with the numbers from `first` to
  // `last`, or another line.
  void Print(int first, int last) {
    for (int i = first; i <= last; ++i) {
      Print(absl::StrCat(i, " ", std::string(96, 'x')));
    }
  }
  void Print(std::string_view line) {
    const std::string text = absl::StrCat(line, "\n");
    ASSERT_EQ(write(fifo_.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  EventSource Follow(std::string_view query, std::string_view last_id = "") {
    absl::StatusOr<EventSource> source = EventSource::Open(
        server_->port(), absl::StrCat(logs_, query), token_, last_id);
    CHECK_OK(source.status());
    return *std::move(source);
  }
  static std::string NextLine(EventSource& source) {
    const absl::StatusOr<ServerEvent> event = source.Next();
    CHECK_OK(event.status());
    EXPECT_EQ(event->type, "output") << event->data;
    return Json::parse(event->data).value("line", "");
  }
  static void ExpectNumbers(EventSource& source, int first, int last,
                            int step = 1) {
    for (int i = first; i <= last; i += step) {
      const std::string line = NextLine(source);
      EXPECT_EQ(line.substr(0, line.find(' ')), absl::StrCat(i));
    }
  }

  std::string OutputPath() const {
    return absl::StrCat(directory_.path(), "/logs/", stack_, "/web.1.log");
  }
  // The size of a file; -1 if there is none.
  static int64_t SizeOf(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return error ? -1 : static_cast<int64_t>(size);
  }
  // Waits until the server has looked at the output `count` times, and found
  // more each time: at first the empty file.
  void AwaitMarks(int count) {
    const std::string path = absl::StrCat(OutputPath(), ".times");
    while (SizeOf(path) < 16 + 24 * count) sched_yield();
  }

  const platform::TempDirectory directory_;
  const std::string fifo_path_ = absl::StrCat(directory_.path(), "/fifo");
  base::UniqueFd fifo_;
  std::optional<harness::ServerProcess> server_;
  std::string token_;
  std::string stack_;
  std::string logs_;
};

TEST_F(LogsServerTest, AStreamSurvivesRotationsAndRestartsOfTheInstance) {
  Scale("web", 1);
  EventSource all = Follow("?follow=1");
  EventSource some = Follow("?follow=1&grep=%5E%5Cd*7%20");
  int next = 1;
  for (int round = 0; round < 2; ++round) {
    const int first = next;
    next += 50;
    Print(first, next - 1);
    ExpectNumbers(all, first, next - 1);
    ExpectNumbers(some, first + 6, next - 1, 10);
    // 5,000 bytes: the file is rotated, within a second.
    const std::string rotated = absl::StrCat(OutputPath(), ".1");
    while (SizeOf(OutputPath()) > 4096 || SizeOf(rotated) < 0) sched_yield();
    Print("quit");
  }
  Print(next, next + 9);
  ExpectNumbers(all, next, next + 9);
  ExpectNumbers(some, next + 6, next + 9, 10);
}

TEST_F(LogsServerTest, TimesOutliveTheServer) {
  Scale("web", 1);
  AwaitMarks(1);
  Print("old");
  AwaitMarks(2);
  const absl::Time between = absl::Now();
  server_->Kill();
  // No server runs.
  Print("meanwhile");
  Start();
  Print("new");
  const std::string since = absl::StrCat(
      "?since=",
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", between, absl::UTCTimeZone()));
  Json output;
  do {
    output = Ask("GET", absl::StrCat(logs_, since, "&times=1"))["response"][0];
  } while (output["lines"].size() < 2);
  EXPECT_EQ(output["lines"], Json({"meanwhile", "new"}));
  for (const Json& time : output["times"]) {
    EXPECT_TRUE(time["seen_at"].is_string());
    EXPECT_TRUE(time["written_after"].is_string());
  }
  EXPECT_EQ(
      Ask("GET", absl::StrCat(logs_, "?until=1h"))["response"][0]["lines"],
      Json::array());
  EventSource source = Follow(absl::StrCat(since, "&follow=1&grep=new"));
  EXPECT_EQ(NextLine(source), "new");
}

TEST_F(LogsServerTest, TextHasTheLinesOfAllInstances) {
  Scale("two", 2);
  logs_ = absl::StrCat("/stacks/", stack_, "/processes/two/logs");
  harness::ClientResponse text;
  const std::string lines[] = {"two.1 | started\n", "two.2 | started\n"};
  do {
    text = Send("GET", logs_, "text/plain");
  } while (text.body.size() < lines[0].size() * 2);
  EXPECT_THAT(text.body, AnyOf(lines[0] + lines[1], lines[1] + lines[0]));
  EXPECT_EQ(text.Header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(text.Header("Content-Disposition"),
            "attachment; filename=\"two.log\"");
  EXPECT_EQ(Send("GET", absl::StrCat(logs_, "?instance=2"), "text/plain").body,
            "started\n");
  const harness::ClientResponse head = Send("HEAD", logs_, "text/plain");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), absl::StrCat(text.body.size()));
}

}  // namespace
}  // namespace tallyman::server
