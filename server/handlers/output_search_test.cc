// The parameters grep, since, until and times, and plain text.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/output_handlers.h"
#include "server/testing/stack_api.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

// 2020-09-13T12:26:40Z.
constexpr int64_t kStart = 1'600'000'000;

class OutputSearchTest : public testing::Test {
 protected:
  OutputSearchTest() {
    api_.status().Set(uid_, "web", {{.number = 1}, {.number = 2}});
  }

  // Output that was seen `second` seconds after kStart, and was not there a
  // second before.
  void WriteOutput(int64_t instance, std::string_view text, int64_t second) {
    const stacks::InstanceKey key = {
        .stack_uid = uid_, .process = "web", .number = instance};
    const auto file = api_.logs().OpenForAppend(key);
    CHECK_OK(file);
    CHECK_EQ(write(file->get(), text.data(), text.size()),
             static_cast<ssize_t>(text.size()));
    const absl::Time seen = absl::FromUnixSeconds(kStart + second);
    CHECK_OK(api_.logs().MarkTime(key, seen - absl::Seconds(1),
                                  [&] { return seen; }));
  }

  Answer Logs(std::string_view query = "") const {
    return api_.Get(absl::StrCat(path_, query));
  }
  Answer Text(std::string_view query = "",
              std::string_view accept = "text/plain") const {
    api::Response response = api_.Respond("GET", absl::StrCat(path_, query),
                                          {.headers = {{"accept", accept}}});
    Answer answer = {.status = response.status,
                     .body = response.body,
                     .headers = std::move(response.headers)};
    if (response.content_type == api::kJsonMediaType) {
      answer.json = nlohmann::ordered_json::parse(answer.body);
    }
    return answer;
  }
  static void ExpectError(const Answer& answer, int status,
                          std::string_view details) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_THAT(answer.Details(), HasSubstr(details)) << answer.body;
  }
  // The lines of both instances.
  std::string LinesOf(std::string_view query) const {
    const Answer answer = Logs(query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return absl::StrCat(answer.json["response"][0]["lines"].dump(),
                        answer.json["response"][1]["lines"].dump());
  }

  StackApi api_;
  const std::string uid_ = api_.MakeStack();
  const std::string path_ =
      absl::StrCat("/stacks/", uid_, "/processes/web/logs");
};

TEST_F(OutputSearchTest, JsonHasTheLinesThatMatch) {
  WriteOutput(1, "error 1\nok\n", 0);
  WriteOutput(2, "ok\nERROR 2\n", 10);
  WriteOutput(1, "error 3\nok\n", 20);
  EXPECT_EQ(LinesOf("?grep=error"), R"(["error 1","error 3"][])");
  EXPECT_EQ(LinesOf("?grep=(%3Fi)error&lines=1"), R"(["error 3"]["ERROR 2"])");
  EXPECT_EQ(LinesOf("?since=2020-09-13T12:26:45Z"),
            R"(["error 3","ok"]["ok","ERROR 2"])");
  EXPECT_EQ(LinesOf("?until=2020-09-13T12:26:45Z"), R"(["error 1","ok"][])");
  EXPECT_EQ(LinesOf("?grep=%5E.k$&since=2020-09-13T12:26:45Z"
                    "&until=2020-09-13T12:26:55Z"),
            R"([]["ok"])");
  EXPECT_EQ(LinesOf("?since=5m"), "[][]");
}

TEST_F(OutputSearchTest, JsonHasTheTimesOfLines) {
  WriteOutput(1, "a\n", 0);
  WriteOutput(1, "b\n", 10);
  const Answer answer = Logs("?instance=1&times=1");
  EXPECT_EQ(answer.json["response"][0].dump(),
            R"({"process":"web","server":"server_name","instance":1,)"
            R"("lines":["a","b"],"times":[)"
            R"({"seen_at":"2020-09-13T12:26:40.000+00:00",)"
            R"("written_after":"2020-09-13T12:26:39.000+00:00"},)"
            R"({"seen_at":"2020-09-13T12:26:50.000+00:00",)"
            R"("written_after":"2020-09-13T12:26:49.000+00:00"}]})");
  EXPECT_FALSE(Logs("?times=0").json["response"][0].contains("times"));
}

// Else a client could find out secrets by asking for their characters.
TEST_F(OutputSearchTest, GrepDoesNotSeeSecrets) {
  WriteOutput(1, "password=hunter2 x\n", 0);
  EXPECT_EQ(LinesOf("?grep=hunter"), "[][]");
  EXPECT_EQ(LinesOf("?grep=password"), R"(["password=*** x"][])");
  EXPECT_EQ(Text("?grep=hunter").body, "");
  EXPECT_EQ(Text("?instance=1&grep=password").body, "password=*** x\n");
}

TEST_F(OutputSearchTest, WithSinceAllLinesAreTheDefault) {
  std::string text;
  for (int i = 0; i < 150; ++i) absl::StrAppend(&text, i, "\n");
  WriteOutput(1, text, 0);
  EXPECT_EQ(Logs().json["response"][0]["lines"].size(), 100);
  EXPECT_EQ(
      Logs("?since=2020-09-13T12:26:40Z").json["response"][0]["lines"].size(),
      150);
}

TEST_F(OutputSearchTest, TextIsMergedInTheOrderInWhichItWasSeen) {
  WriteOutput(1, "a\nb\n", 0);
  WriteOutput(2, "c\n", 10);
  WriteOutput(1, "d\n", 20);
  const Answer text = Text();
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.body, "web.1 | a\nweb.1 | b\nweb.2 | c\nweb.1 | d\n");
  EXPECT_EQ(text.Header("Content-Disposition"),
            "attachment; filename=\"web.log\"");
  EXPECT_EQ(text.Header("X-Older-Lines-Left-Out"), "");
  EXPECT_EQ(Text("?times=1&grep=c").body,
            "2020-09-13T12:26:50.000+00:00 web.2 | c\n");
  EXPECT_EQ(Text("?until=2020-09-13T12:26:45Z").body, "web.1 | a\nweb.1 | b\n");
  const Answer last = Text("?lines=1");
  EXPECT_EQ(last.body, "web.2 | c\nweb.1 | d\n");
  EXPECT_EQ(last.Header("X-Older-Lines-Left-Out"), "true");
}

TEST_F(OutputSearchTest, TextOfOneInstanceIsWhatItWrote) {
  const std::string output = absl::StrCat("a\n\n", std::string(200'000, 'x'),
                                          "\ncaf\xe9 \xE2\x82\xAC\n");
  WriteOutput(2, output, 0);
  const Answer text = Text("?instance=2");
  EXPECT_TRUE(text.body == output);
  EXPECT_EQ(text.Header("Content-Disposition"),
            "attachment; filename=\"web.2.log\"");
}

TEST_F(OutputSearchTest, TextIsBounded) {
  const std::string line = absl::StrCat(std::string(1000, 'x'), "\n");
  std::string output;
  for (int i = 0; i < 20'000; ++i) output += line;
  WriteOutput(1, output, 0);
  const Answer text = Text("?instance=1");
  EXPECT_EQ(text.Header("X-Older-Lines-Left-Out"), "true");
  EXPECT_LT(text.body.size(), size_t{16} << 20);
  EXPECT_GT(text.body.size(), size_t{12} << 20);
  EXPECT_EQ(Text("?instance=1&lines=3").body, absl::StrCat(line, line, line));
}

TEST_F(OutputSearchTest, AcceptChoosesTheForm) {
  WriteOutput(1, "a\n", 0);
  for (const std::string_view accept :
       {"*/*", "application/json", "text/*", "application/json, text/plain",
        "text/plain;q=0.5, application/json"}) {
    EXPECT_FALSE(Text("", accept).json.is_null()) << accept;
  }
  EXPECT_EQ(Text("", "text/plain, application/json;q=0.9").body, "web.1 | a\n");
}

TEST_F(OutputSearchTest, WhatAFormCanNotHaveIs400) {
  ExpectError(Text("?page=1"), 400, "page: text has no pages");
  ExpectError(Text("?per_page=1"), 400, "per_page: text has no pages");
  ExpectError(Text("?follow=1"), 400,
              "follow: a stream is text/event-stream, not text/plain");
  ExpectError(Text(absl::StrCat("?server_uid=", StackApi::kThere)), 400,
              "can be had as text on that server only");
  ExpectError(Logs("?follow=1&until=1m"), 400, "until: a stream has no end");
  ExpectError(Text("?lines=0"), 400, "from 1 to 10000");
  for (const std::string_view query : {"?", "?follow=1&"}) {
    ExpectError(Logs(absl::StrCat(query, "grep=a(")), 400,
                "missing ): a(, at byte 1");
    ExpectError(Logs(absl::StrCat(query, "since=x")), 400, "since: \"x\"");
    ExpectError(Logs(absl::StrCat(query, "stream=stdout")), 400,
                "are not told apart");
    ExpectError(Logs(absl::StrCat(query, "times=2")), 400, "times: \"2\"");
  }
  ExpectError(Text("?grep=a("), 400, "missing ): a(, at byte 1");
  EXPECT_EQ(Text("?instance=7").status, 404);
}

}  // namespace
}  // namespace tallyman::server
