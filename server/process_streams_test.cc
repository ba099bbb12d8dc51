// End to end: clients watch real processes that start, change and end.

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
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
using ::testing::HasSubstr;
using Json = nlohmann::json;

// Processes such as NamedChild, also those of other runs of this test.
constexpr std::string_view kWatchNamed =
    "watch=500ms&fields=name,memory&name=%5Ewatched-";

// A child with a name of its own, which it changes on command.
class NamedChild {
 public:
  static constexpr const char* kFirst = "watched-first";
  static constexpr const char* kSecond = "watched-second";

  NamedChild() {
    std::array<int, 2> pipe_ends;
    CHECK_EQ(pipe(pipe_ends.data()), 0);
    commands_ = base::UniqueFd(pipe_ends[1]);
    const base::UniqueFd reading(pipe_ends[0]);
    pid_ = fork();
    CHECK_GE(pid_, 0);
    if (pid_ == 0) Run(pipe_ends[0], pipe_ends[1]);
  }
  ~NamedChild() { End(); }
  NamedChild(const NamedChild&) = delete;
  NamedChild& operator=(const NamedChild&) = delete;

  pid_t pid() const { return pid_; }
  void ChangeName() { CHECK_EQ(write(commands_.get(), "x", 1), 1); }
  // Waits until the process does not exist any more.
  void End() {
    commands_.reset();
    if (pid_ > 0) CHECK_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
  }

 private:
  [[noreturn]] static void Run(int reading, int writing) {
    close(writing);
    prctl(PR_SET_NAME, kFirst);
    char byte = 0;
    if (read(reading, &byte, 1) == 1) prctl(PR_SET_NAME, kSecond);
    while (read(reading, &byte, 1) > 0) {
    }
    _exit(0);
  }

  base::UniqueFd commands_;
  pid_t pid_ = 0;
};

class ProcessStreamsTest : public testing::Test {
 protected:
  ProcessStreamsTest() {
    Start({});
    token_ = server_->shown_token();
    CHECK(!token_.empty());
  }
  ~ProcessStreamsTest() override {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  void Start(std::vector<std::string> flags) {
    flags.push_back(absl::StrCat("--data_dir=", directory_.path()));
    server_.emplace(flags);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    const harness::ClientResponse response =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    EXPECT_LT(response.status, 300) << response.body;
    return Json::parse(response.body);
  }
  Json NewToken(std::string_view body) {
    return Ask("POST", "/tokens", std::string(body))["response"][0];
  }

  absl::StatusOr<EventSource> TryOpen(std::string_view query,
                                      std::string_view token) {
    return EventSource::Open(server_->port(),
                             absl::StrCat("/server/processes?", query), token);
  }
  EventSource Open(std::string_view query) {
    absl::StatusOr<EventSource> source = TryOpen(query, token_);
    CHECK_OK(source.status());
    return *std::move(source);
  }
  static Json Next(EventSource& source, std::string_view type) {
    const absl::StatusOr<ServerEvent> event = source.Next();
    CHECK_OK(event.status());
    EXPECT_EQ(event->type, type);
    return Json::parse(event->data);
  }
  // Reads differences until one has a process in `part` of which `key` is
  // `value`; that process.
  static Json Await(EventSource& source, std::string_view part,
                    std::string_view key, const Json& value) {
    while (true) {
      const Json difference = Next(source, "difference");
      for (const Json& process : difference[part]) {
        if (process.contains(key) && process[key] == value) return process;
      }
    }
  }

  const platform::TempDirectory directory_;
  std::optional<harness::ServerProcess> server_;
  std::string token_;
};

TEST_F(ProcessStreamsTest, AProcessEntersChangesAndIsGone) {
  EventSource source = Open(kWatchNamed);
  Next(source, "snapshot");

  NamedChild child;
  const Json entered = Await(source, "entered", "pid", child.pid());
  EXPECT_EQ(entered["name"], NamedChild::kFirst);
  EXPECT_GT(entered["memory"], 0);
  const std::string start_time = entered["start_time"];
  EXPECT_FALSE(start_time.empty());
  EXPECT_EQ(entered.size(), 4u);

  // A later watcher knows the process by the same start.
  EventSource later = Open(kWatchNamed);
  const Json snapshot = Next(later, "snapshot");
  bool is_found = false;
  for (const Json& process : snapshot["processes"]) {
    if (process["pid"] != child.pid()) continue;
    EXPECT_EQ(process["start_time"], start_time);
    is_found = true;
  }
  EXPECT_TRUE(is_found);

  child.ChangeName();
  const Json changed =
      Await(source, "changed", "name", std::string(NamedChild::kSecond));
  EXPECT_EQ(changed["pid"], child.pid());
  EXPECT_EQ(changed["start_time"], start_time);

  const pid_t pid = child.pid();
  child.End();
  const Json gone = {{"pid", pid}, {"start_time", start_time}};
  EXPECT_EQ(Await(source, "gone", "pid", pid), gone);
  EXPECT_EQ(Await(later, "gone", "pid", pid), gone);
}

TEST_F(ProcessStreamsTest, AnOrderAndALimitChooseTheProcesses) {
  EventSource source = Open("watch=500ms&sort=-memory&limit=3&fields=memory");
  EXPECT_EQ(Next(source, "snapshot")["processes"].size(), 3u);
}

TEST_F(ProcessStreamsTest, WhatCannotBeWatchedIs400) {
  const auto message = [&](std::string_view query) {
    return std::string(TryOpen(query, token_).status().message());
  };
  for (const std::string_view query :
       {"watch=2", "watch=100ms", "watch=61s", "watch="}) {
    EXPECT_THAT(message(query), HasSubstr(" 400 ")) << query;
    EXPECT_THAT(message(query),
                HasSubstr("is not an interval from 500ms to 1m"));
  }
  EXPECT_THAT(message("watch=2s&sort=memory"), HasSubstr("add limit"));
  EXPECT_THAT(message("watch=2s&limit=0"), HasSubstr("limit: "));
}

TEST_F(ProcessStreamsTest, AStreamCountsAsOneRequest) {
  const std::string token = NewToken(
      R"({"name":"few","scopes":["public"],"hourly_limit":1})")["token"];
  absl::StatusOr<EventSource> source = TryOpen(kWatchNamed, token);
  ASSERT_TRUE(source.ok()) << source.status();
  Next(*source, "snapshot");
  NamedChild child;
  Await(*source, "entered", "pid", child.pid());
  child.ChangeName();
  Await(*source, "changed", "pid", child.pid());
  EXPECT_THAT(TryOpen(kWatchNamed, token).status().message(),
              HasSubstr(" 429 "));
}

TEST_F(ProcessStreamsTest, TheEndOfATokenEndsItsStreams) {
  const Json token = NewToken(R"({"name":"reader","scopes":["public"]})");
  absl::StatusOr<EventSource> source =
      TryOpen(kWatchNamed, token["token"].get<std::string>());
  ASSERT_TRUE(source.ok()) << source.status();
  Next(*source, "snapshot");
  Ask("DELETE", absl::StrCat("/tokens/", token["id"].get<int>()));
  // The next event, which the stream does not get.
  const NamedChild child;
  absl::Status end;
  while (end.ok()) end = source->Next().status();
  EXPECT_TRUE(absl::IsOutOfRange(end)) << end;
}

TEST_F(ProcessStreamsTest, StreamsHaveLimits) {
  server_->Kill();
  Start({"--max_process_streams=2", "--max_process_streams_per_token=1"});
  const std::string other =
      NewToken(R"({"name":"other","scopes":["public"]})")["token"];
  const std::string third =
      NewToken(R"({"name":"third","scopes":["public"]})")["token"];
  std::optional<EventSource> source = Open("watch=500ms");
  const absl::Status second = TryOpen("watch=500ms", token_).status();
  EXPECT_THAT(second.message(), HasSubstr(" 429 "));
  EXPECT_THAT(second.message(), HasSubstr("open streams of processes "
                                          "(--max_process_streams_per_token)"));
  const absl::StatusOr<EventSource> of_other = TryOpen("watch=500ms", other);
  EXPECT_TRUE(of_other.ok()) << of_other.status();
  EXPECT_THAT(TryOpen("watch=500ms", third).status().message(),
              HasSubstr(" 503 "));
}

}  // namespace
}  // namespace tallyman::server
