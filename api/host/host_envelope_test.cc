#include "api/host/host_envelope.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using namespace std::string_view_literals;
using platform::Process;
using platform::ProcessState;

const absl::Time kGenerated = absl::FromUnixSeconds(1600880058);
const absl::TimeZone kZone = absl::FixedTimeZone(-6 * 3600);

std::string Render(const std::vector<Process>& processes,
                   std::string_view query_string) {
  const auto query = ProcessListQuery::Parse(Params::Parse(query_string));
  EXPECT_TRUE(query.ok()) << query.status();
  const auto redactor = Redactor::Create(DefaultSecretNames());
  return RenderProcesses(processes, query->keys(),
                         {.redactor = **redactor, .zone = kZone}, kGenerated);
}

// The values of the documented sample, and the forms of unknown values.
TEST(RenderProcessesTest, WritesTheDocumentedResponse) {
  std::vector<Process> processes(2);
  processes[0].name = "System Idle Process";
  processes[0].num_threads = 8;
  processes[0].resident_bytes = 8192;
  processes[0].peak_resident_bytes = 8192;
  processes[1].pid = 6020;
  processes[1].name = "svchost";
  processes[1].arguments = "svchost\0-k\0UnistackSvcGroup"sv;
  processes[1].num_threads = 16;
  processes[1].state = ProcessState::kDiskSleep;
  processes[1].resident_bytes = 2203555188736;
  processes[1].peak_resident_bytes = 2203578392576;
  processes[1].user = "jblow";
  processes[1].storage_read_bytes = 4096;
  processes[1].storage_written_bytes = 0;
  EXPECT_EQ(
      Render(processes, ""),
      R"({"status_code":200,"status_desc":"Ok","data":[)"
      R"({"name":"System Idle Process","command_line":"","num_threads":8,)"
      R"("state":"","memory":8192,"peak_memory":8192,"pid":0,"user":"",)"
      R"("io_bytes_read":-1,"io_bytes_written":-1},)"
      R"({"name":"svchost","command_line":"svchost -k UnistackSvcGroup",)"
      R"("num_threads":16,"state":"disk-sleep","memory":2203555188736,)"
      R"("peak_memory":2203578392576,"pid":6020,"user":"jblow",)"
      R"("io_bytes_read":4096,"io_bytes_written":0}],)"
      R"("time_generated":"2020-09-23T10:54:18-06:00"})");
}

TEST(RenderProcessesTest, NoProcessesAreAnEmptyList) {
  EXPECT_EQ(Render({}, ""),
            R"({"status_code":200,"status_desc":"Ok","data":[],)"
            R"("time_generated":"2020-09-23T10:54:18-06:00"})");
}

TEST(RenderProcessesTest, WritesTheOptionalKeys) {
  std::vector<Process> processes(1);
  processes[0].pid = 7;
  processes[0].parent_pid = 1;
  processes[0].virtual_bytes = 4096;
  processes[0].cpu_time = absl::Milliseconds(12340);
  processes[0].start_ticks = 100;
  processes[0].start_time = absl::FromUnixMillis(1600877658370);
  constexpr std::string_view kKeys =
      "fields=ppid,start_time,cpu_seconds,virtual_memory";
  EXPECT_EQ(Render(processes, kKeys),
            R"({"status_code":200,"status_desc":"Ok","data":[{"ppid":1,)"
            R"("start_time":"2020-09-23T10:14:18.370-06:00",)"
            R"("cpu_seconds":12.34,"virtual_memory":4096}],)"
            R"("time_generated":"2020-09-23T10:54:18-06:00"})");
  EXPECT_EQ(Render(std::vector<Process>(1), kKeys),
            R"({"status_code":200,"status_desc":"Ok","data":[{"ppid":-1,)"
            R"("start_time":"","cpu_seconds":-1,"virtual_memory":-1}],)"
            R"("time_generated":"2020-09-23T10:54:18-06:00"})");
}

TEST(RenderProcessesTest, HidesSecretsAndIsAlwaysValid) {
  std::vector<Process> processes(1);
  processes[0].name = "a) \"\n\\\xff";
  processes[0].arguments = "\xc3\0--password=hunter2\0\xed\xa0\x80"sv;
  const std::string text = Render(processes, "");
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["data"][0]["name"], "a) \"\n\\\uFFFD");
  EXPECT_EQ(json["data"][0]["command_line"],
            "\uFFFD --password=*** \uFFFD\uFFFD\uFFFD");
}

TEST(RenderHostErrorTest, UsesTheSameEnvelope) {
  EXPECT_EQ(RenderHostError({ErrorKind::kBadRequest, "sort: unknown key \"x\""},
                            kGenerated, kZone),
            R"({"status_code":400,"status_desc":"sort: unknown key \"x\"",)"
            R"("data":[],"time_generated":"2020-09-23T10:54:18-06:00"})");
  EXPECT_EQ(RenderHostError({ErrorKind::kNotFound, ""}, kGenerated, kZone),
            R"({"status_code":404,"status_desc":"There is no such resource.",)"
            R"("data":[],"time_generated":"2020-09-23T10:54:18-06:00"})");
}

}  // namespace
}  // namespace tallyman::api
