#include "api/host/process_stream.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/host/process_changes.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using namespace std::string_view_literals;
using platform::Process;
using ::testing::HasSubstr;

const absl::Time kTime =
    absl::FromUnixSeconds(1600880058) + absl::Milliseconds(250);

// Without instances.
ProcessChanges Compare(const std::vector<Process>& before,
                       const std::vector<Process>& after,
                       const std::vector<const ProcessKey*>& keys) {
  return CompareProcesses(before, ProcessOwners::None(), after,
                          ProcessOwners::None(), keys);
}

class ProcessStreamTest : public testing::Test {
 protected:
  ProcessStreamTest() {
    auto redactor = Redactor::Create(DefaultSecretNames());
    CHECK_OK(redactor.status());
    redactor_ = *std::move(redactor);
  }
  ProcessFormat format() const {
    return {.redactor = *redactor_, .zone = absl::UTCTimeZone()};
  }

  static std::vector<const ProcessKey*> KeysOf(std::string_view query_string) {
    const auto query = ProcessListQuery::Parse(Params::Parse(query_string));
    CHECK_OK(query.status());
    return WithIdentityKeys(query->keys());
  }

  std::unique_ptr<Redactor> redactor_;
};

Process MakeProcess(int32_t pid) {
  Process process;
  process.pid = pid;
  process.start_ticks = 100 * pid;
  process.start_time = absl::FromUnixSeconds(pid) + absl::Milliseconds(5);
  process.name = "worker";
  process.arguments = "worker\0--token=abc\0--level=info"sv;
  process.user = "www-data";
  process.num_threads = 1;
  process.state = platform::ProcessState::kSleeping;
  process.resident_bytes = 12'349'440;
  process.peak_resident_bytes = 13'832'192;
  process.storage_read_bytes = 0;
  process.storage_written_bytes = 4096;
  return process;
}

TEST_F(ProcessStreamTest, WritesASnapshot) {
  std::string out = "x";
  const std::vector<Process> processes = {MakeProcess(1), MakeProcess(2)};
  AppendProcessSnapshot(processes, KeysOf("fields=memory,command_line"),
                        format(), kTime, out);
  EXPECT_EQ(
      out,
      "xevent: snapshot\n"
      R"(data: {"time":"2020-09-23T16:54:18.250+00:00","processes":[)"
      R"({"command_line":"worker --token=*** --level=info","memory":12349440,)"
      R"("pid":1,"start_time":"1970-01-01T00:00:01.005+00:00"},)"
      R"({"command_line":"worker --token=*** --level=info","memory":12349440,)"
      R"("pid":2,"start_time":"1970-01-01T00:00:02.005+00:00"}]})"
      "\n\n");
}

TEST_F(ProcessStreamTest, WritesADifference) {
  const std::vector<const ProcessKey*> keys = KeysOf("fields=memory,state");
  const std::vector<Process> before = {MakeProcess(1), MakeProcess(2),
                                       MakeProcess(3)};
  std::vector<Process> after = {MakeProcess(2), MakeProcess(3), MakeProcess(4)};
  after[0].resident_bytes = 5;
  std::string out;
  AppendProcessDifference(Compare(before, after, keys), keys, format(), kTime,
                          out);
  EXPECT_EQ(
      out,
      "event: difference\n"
      R"(data: {"time":"2020-09-23T16:54:18.250+00:00","entered":[)"
      R"({"state":"sleeping","memory":12349440,"pid":4,)"
      R"("start_time":"1970-01-01T00:00:04.005+00:00"}],"changed":[)"
      R"({"pid":2,"start_time":"1970-01-01T00:00:02.005+00:00","memory":5}],)"
      R"("gone":[{"pid":1,"start_time":"1970-01-01T00:00:01.005+00:00"}]})"
      "\n\n");
}

// A client that applies the differences has the list.
TEST_F(ProcessStreamTest, ADifferenceOfFewIsSmall) {
  constexpr int32_t kProcesses = 5000;
  const std::vector<const ProcessKey*> keys = KeysOf("");
  std::vector<Process> before;
  for (int32_t pid = 1; pid <= kProcesses; ++pid) {
    before.push_back(MakeProcess(pid));
  }
  std::vector<Process> after = before;
  for (size_t i = 0; i < after.size(); i += 100) {
    after[i].resident_bytes += 4096;
    after[i].peak_resident_bytes += 4096;
    after[i].state = platform::ProcessState::kRunning;
  }
  std::string list;
  AppendProcessSnapshot(before, keys, format(), kTime, list);
  std::string difference;
  AppendProcessDifference(Compare(before, after, keys), keys, format(), kTime,
                          difference);
  EXPECT_GT(difference.size(), 50u * 50u);
  EXPECT_LE(difference.size(), list.size() / 20);
}

TEST_F(ProcessStreamTest, NamesOfAnyBytesStayOnOneLine) {
  Process process = MakeProcess(1);
  process.name = "a\nb\r\xff";
  std::string out;
  const std::vector<Process> processes = {process};
  AppendProcessSnapshot(processes, KeysOf("fields=name"), format(), kTime, out);
  constexpr std::string_view kBegin = "event: snapshot\ndata: ";
  ASSERT_TRUE(absl::StartsWith(out, kBegin));
  EXPECT_EQ(out.find_first_of("\r\n", kBegin.size()), out.size() - 2);
  const auto data = nlohmann::json::parse(out.substr(kBegin.size()));
  EXPECT_EQ(data["processes"][0]["name"], "a\nb\r\xEF\xBF\xBD");
}

TEST(ParseWatchTest, ReadsIntervalsInBounds) {
  const auto parse = [](std::string_view text) {
    const auto interval =
        ParseWatch(Params::Parse(absl::StrCat("watch=", text)));
    CHECK_OK(interval.status());
    return **interval;
  };
  EXPECT_EQ(parse("2s"), absl::Seconds(2));
  EXPECT_EQ(parse("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(parse("0.5s"), absl::Milliseconds(500));
  EXPECT_EQ(parse("1m"), absl::Seconds(60));
  const auto absent = ParseWatch(Params::Parse("limit=1"));
  ASSERT_TRUE(absent.ok());
  EXPECT_FALSE(absent->has_value());
}

TEST(ParseWatchTest, RefusesOtherIntervals) {
  for (const std::string_view text :
       {"", "2", "x", "2 s", "499ms", "0", "-2s", "60001ms", "inf", "1h"}) {
    const absl::Status status =
        ParseWatch(Params::Parse(absl::StrCat("watch=", text))).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_EQ(status.message(),
              absl::StrCat("watch: \"", text,
                           "\" is not an interval from 500ms to 1m, such as "
                           "2s"));
  }
}

TEST(ParseWatchTest, AnOrderNeedsALimit) {
  const auto status = [](std::string_view query) {
    return ParseWatch(Params::Parse(query)).status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(status("watch=2s&sort=-memory")));
  EXPECT_THAT(status("watch=2s&sort=-memory").message(),
              HasSubstr("sort: a stream has no order; add limit"));
  EXPECT_TRUE(status("watch=2s&sort=-memory&limit=3").ok());
  EXPECT_TRUE(status("watch=2s&limit=3").ok());
  EXPECT_TRUE(status("sort=-memory").ok());
}

TEST(ToWatchQueryTest, ReadsWhatIdentifiesAProcess) {
  const auto query = ProcessListQuery::Parse(Params::Parse(
      "watch=2s&fields=memory&sort=-cpu_seconds&limit=3&pid=1,2"));
  ASSERT_TRUE(query.ok());
  const platform::ProcessQuery watched = ToWatchQuery(*query);
  EXPECT_EQ(watched.fields, platform::ProcessField::kResidentBytes |
                                platform::ProcessField::kCpuTime |
                                platform::ProcessField::kStartTime);
  EXPECT_EQ(watched.limit, 3u);
  EXPECT_TRUE(watched.pids.has_value());
}

// Watchers of one query share a scan, whatever they wrote as interval.
TEST(ToWatchQueryTest, TheIntervalIsNoPartOfTheQuery) {
  const auto of_two = ProcessListQuery::Parse(Params::Parse("watch=2s&pid=1"));
  const auto same =
      ProcessListQuery::Parse(Params::Parse("watch=2000ms&pid=1"));
  ASSERT_TRUE(of_two.ok() && same.ok());
  EXPECT_EQ(of_two->text(), same->text());
}

}  // namespace
}  // namespace tallyman::api
