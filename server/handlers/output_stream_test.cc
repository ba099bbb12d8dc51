#include "server/handlers/output_stream.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/stack_api.h"
#include "server/testing/stream_client.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Adds to a client the output of its events.
class Client : public StreamClient {
 public:
  using StreamClient::Next;
  using StreamClient::StreamClient;

  // The lines of the next `count` events: "INSTANCE:LINE", or their types.
  std::vector<std::string> Next(int count) {
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) {
      const SseEvent event = Next();
      lines.push_back(event.type == "output"
                          ? absl::StrCat(event.data["instance"].get<int64_t>(),
                                         ":",
                                         event.data["line"].get<std::string>())
                          : event.type);
    }
    return lines;
  }
};

class OutputStreamTest : public testing::Test {
 protected:
  void WriteOutput(int64_t instance, std::string_view text) {
    const auto file = api_.logs().OpenForAppend(
        {.stack_uid = uid_, .process = "web", .number = instance});
    CHECK_OK(file);
    CHECK_EQ(write(file->get(), text.data(), text.size()),
             static_cast<ssize_t>(text.size()));
  }

  api::Response Logs(std::string_view query, std::string_view method = "GET",
                     const AskOptions& options = {}) {
    return api_.Respond(method, absl::StrCat(path_, query), options);
  }
  std::unique_ptr<Client> Follow(std::string_view query = "?follow=1",
                                 std::string_view last_id = "") {
    AskOptions options;
    if (!last_id.empty()) options.headers = {{"last-event-id", last_id}};
    return std::make_unique<Client>(Logs(query, "GET", options));
  }

  static std::string HeaderOf(const api::Response& response,
                              std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  StackApi api_;
  const std::string uid_ = api_.MakeStack();
  const std::string path_ =
      absl::StrCat("/stacks/", uid_, "/processes/web/logs");
};

TEST_F(OutputStreamTest, SendsTheLastLinesAndThenNewOnes) {
  api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  WriteOutput(1, "a\nb\ntoken=abc\n");
  const auto client = Follow("?follow=true&lines=2");
  EXPECT_THAT(client->Next(2), ElementsAre("1:b", "1:token=***"));
  WriteOutput(2, "caf\xe9 \"x\"\r\n");
  const SseEvent event = client->Next();
  EXPECT_EQ(event.type, "output");
  EXPECT_EQ(event.data["process"], "web");
  EXPECT_EQ(event.data["server"], "server_name");
  EXPECT_EQ(event.data["instance"], 2);
  EXPECT_EQ(event.data["line"], "caf\xEF\xBF\xBD \"x\"");
  EXPECT_TRUE(event.data.contains("seen_at"));
  EXPECT_FALSE(event.data.contains("partial"));
  EXPECT_FALSE(event.id.empty());

  EXPECT_EQ(client->response().status, 200);
  EXPECT_EQ(client->response().content_type, "text/event-stream");
  EXPECT_EQ(HeaderOf(client->response(), "X-Accel-Buffering"), "no");
  EXPECT_EQ(HeaderOf(client->response(), "Cache-Control"), "no-store");
  EXPECT_NE(HeaderOf(client->response(), "X-RateLimit-Remaining"), "");
  EXPECT_THAT(client->response().body, IsEmpty());
}

TEST_F(OutputStreamTest, FollowsOneInstance) {
  api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  WriteOutput(1, "a\n");
  WriteOutput(2, "b\n");
  const auto client = Follow("?follow=1&instance=2");
  WriteOutput(1, "c\n");
  WriteOutput(2, "d\n");
  EXPECT_THAT(client->Next(2), ElementsAre("2:b", "2:d"));
}

TEST_F(OutputStreamTest, GrepChoosesOldAndNewLines) {
  api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  WriteOutput(1, "error 1\nok\nerror 2\nok\n");
  auto client = Follow("?follow=1&grep=%5Eerror&lines=1");
  EXPECT_THAT(client->Next(1), ElementsAre("1:error 2"));
  WriteOutput(2, "ok\nerror 3\npassword=error\n");
  EXPECT_THAT(client->Next(1), ElementsAre("2:error 3"));
  const std::string id = client->last_id();
  client.reset();
  WriteOutput(1, "ok\nerror \"4\"\nok\n");
  client = Follow("?follow=1&grep=error..[34]", id);
  EXPECT_THAT(client->Next(1), ElementsAre("1:error \"4\""));
}

TEST_F(OutputStreamTest, GrepPassesOverMuchThatDoesNotMatch) {
  api_.status().Set(uid_, "web", {{.number = 1}});
  const auto client = Follow("?follow=1&grep=needle");
  std::string hay;
  while (hay.size() < (size_t{1} << 20)) hay += std::string(1000, 'h') + "\n";
  WriteOutput(1, hay + "needle\n");
  EXPECT_THAT(client->Next(1), ElementsAre("1:needle"));
}

TEST_F(OutputStreamTest, SinceSaysWhereItBegins) {
  api_.status().Set(uid_, "web", {{.number = 1}});
  const stacks::InstanceKey key = {
      .stack_uid = uid_, .process = "web", .number = 1};
  for (const int64_t second : {100, 200}) {
    WriteOutput(1, absl::StrCat(second, "\n"));
    const absl::Time seen = absl::FromUnixSeconds(second);
    CHECK_OK(api_.logs().MarkTime(key, seen, [&] { return seen; }));
  }
  const auto of_one = Follow("?follow=1&since=1970-01-01T00:01:00Z&lines=1");
  EXPECT_EQ(of_one->Next().data["reason"], "too_far");
  EXPECT_THAT(of_one->Next(1), ElementsAre("1:200"));
  const auto client = Follow("?follow=1&since=1970-01-01T00:03:00Z");
  const SseEvent event = client->Next();
  EXPECT_EQ(event.data["line"], "200");
  EXPECT_EQ(event.data["seen_at"], "1970-01-01T00:03:20.000+00:00");
  WriteOutput(1, "new\n");
  EXPECT_THAT(client->Next(1), ElementsAre("1:new"));
}

TEST_F(OutputStreamTest, InstancesMayComeAndGo) {
  const auto client = Follow("?follow=1");
  const auto of_new_ones = Follow("?follow=1&lines=0");
  WriteOutput(1, "a\n");
  EXPECT_THAT(client->Next(1), ElementsAre("1:a"));
  WriteOutput(2, "b\n");
  EXPECT_THAT(client->Next(1), ElementsAre("2:b"));
  WriteOutput(1, "c\n");
  EXPECT_THAT(client->Next(1), ElementsAre("1:c"));
  EXPECT_THAT(of_new_ones->Next(3), ElementsAre("1:a", "2:b", "1:c"));
  EXPECT_EQ(api_.output_hub().processes(), 1);
}

TEST_F(OutputStreamTest, AClientThatComesBackMissesAndRepeatsNothing) {
  api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  WriteOutput(1, "a\n");
  auto client = Follow("?follow=1");
  EXPECT_THAT(client->Next(1), ElementsAre("1:a"));
  WriteOutput(2, "b\n");
  EXPECT_THAT(client->Next(1), ElementsAre("2:b"));
  const std::string id = client->last_id();
  client.reset();
  WriteOutput(1, "c\n");
  client = Follow("?follow=1", id);
  EXPECT_THAT(client->Next(1), ElementsAre("1:c"));
  // Before the first new line, too.
  WriteOutput(2, "d\n");
  EXPECT_THAT(Follow("?follow=1", client->last_id())->Next(1),
              ElementsAre("2:d"));
}

TEST_F(OutputStreamTest, AnUnknownIdIsAGap) {
  api_.status().Set(uid_, "web", {{.number = 1}});
  WriteOutput(1, "a\nb\n");
  for (const std::string_view id : {"x", "1:2:3:4:5", "1:2:1:4:5"}) {
    const auto client = Follow("?follow=1&lines=1", id);
    const SseEvent gap = client->Next();
    EXPECT_EQ(gap.type, "gap") << id;
    EXPECT_EQ(gap.data["reason"], "unknown");
    EXPECT_TRUE(gap.data["lines"].is_null());
    EXPECT_THAT(client->Next(1), ElementsAre("1:b"));
  }
}

TEST_F(OutputStreamTest, TheRemovalOfTheStackEndsTheStream) {
  // It has no output, so no file goes away.
  const auto client = Follow();
  const api::Response removal =
      api_.Respond("DELETE", absl::StrCat("/stacks/", uid_));
  ASSERT_LT(removal.status, 300) << removal.body;
  // As the supervisors of both servers do.
  std::vector<stacks::TargetOutcome> outcomes;
  const auto snapshot = api_.registry().Snapshot();
  for (const auto& action : snapshot->open) {
    for (const stacks::ActionTarget& target : action->targets) {
      outcomes.push_back({.action_id = action->id,
                          .server_uid = target.server_uid,
                          .success = true});
    }
  }
  ASSERT_TRUE(api_.registry().ReportOutcomes(outcomes, absl::Now()).ok());
  EXPECT_THAT(client->Next(2), ElementsAre("end", ""));
  EXPECT_EQ(Logs("?follow=1").status, 404);
}

TEST_F(OutputStreamTest, ARevokedTokenEndsTheStream) {
  const auto client = Follow("?follow=1");
  WriteOutput(1, "a\n");
  EXPECT_THAT(client->Next(1), ElementsAre("1:a"));
  api_.NewToken(auth::Scope::kAdmin, "other");
  const auto tokens = api_.tokens().List();
  ASSERT_TRUE(tokens.ok());
  for (const auth::Token& token : *tokens) {
    if (token.name == "operator") {
      ASSERT_TRUE(api_.tokens().Revoke(token.id).ok());
    }
  }
  WriteOutput(1, "b\n");
  EXPECT_THAT(client->Next(1), ElementsAre(""));
}

TEST_F(OutputStreamTest, HeadAnswersWithHeadersOnly) {
  const api::Response response = Logs("?follow=1", "HEAD");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/event-stream");
  // As the answer to GET, it has no length.
  EXPECT_NE(response.stream, nullptr);
  EXPECT_EQ(api_.output_hub().processes(), 0);
}

TEST_F(OutputStreamTest, NeedsTheScopeOfLogs) {
  const api::Response response =
      Logs("?follow=1", "GET", {.with_public_token = true});
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.stream, nullptr);
}

TEST_F(OutputStreamTest, ChecksTheParameters) {
  const auto expect = [this](std::string_view query, int status,
                             std::string_view details) {
    const api::Response response = Logs(query);
    EXPECT_EQ(response.status, status) << query;
    EXPECT_EQ(response.stream, nullptr) << query;
    EXPECT_THAT(response.body, HasSubstr(std::string(details))) << query;
  };
  for (const std::string_view value : {"", "2", "yes", "True"}) {
    expect(absl::StrCat("?follow=", value), 400, "is none of 1, true, 0");
  }
  expect("?follow=1&page=1", 400, "page: a stream has no pages");
  expect("?follow=1&per_page=5", 400, "per_page: a stream has no pages");
  expect("?follow=1&lines=-1", 400, "from 0 to 10000");
  expect("?follow=1&lines=10001", 400, "from 0 to 10000");
  expect("?follow=1&instance=0", 400, "instance:");
  expect("?follow=1&instance=7", 404, "has no instance 7");
  expect("?follow=1&server_uid=none", 404, "there is no server");
  expect(absl::StrCat("?follow=1&server_uid=", StackApi::kThere), 400,
         "on that server only");
  expect("?follow=0&lines=0", 400, "from 1 to 10000");
  expect("?follow=0", 200, R"("response":[])");
  expect("?follow=false", 200, R"("response":[])");
}

}  // namespace
}  // namespace tallyman::server
