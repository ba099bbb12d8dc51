#include "api/host/host_envelope.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "api/host/process_owners.h"
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
                   std::string_view query_string,
                   const ProcessOwners& owners = ProcessOwners::None()) {
  const auto query = ProcessListQuery::Parse(Params::Parse(query_string));
  EXPECT_TRUE(query.ok()) << query.status();
  const auto redactor = Redactor::Create(DefaultSecretNames());
  return RenderProcesses(
      processes, query->keys(),
      {.redactor = **redactor, .zone = kZone, .owners = owners}, kGenerated);
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

TEST(RenderProcessesTest, WritesTheKeysOfWhatAProcessBelongsTo) {
  std::vector<Process> processes(1);
  processes[0].pid = 7;
  processes[0].session = 7;
  processes[0].start_ticks = 3;
  processes[0].nice = -1;
  processes[0].cgroup =
      "/system.slice/docker-"
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope";
  constexpr std::string_view kKeys =
      "fields=session,nice,unit,container,stack,process,instance";
  const ProcessOwners owners({{.stack_uid = "f00",
                               .process = "web",
                               .number = 2,
                               .pid = 7,
                               .start_ticks = 3}});
  EXPECT_EQ(
      Render(processes, kKeys, owners),
      R"({"status_code":200,"status_desc":"Ok","data":[{"session":7,)"
      R"("nice":-1,"unit":"docker-0123456789abcdef0123456789abcdef)"
      R"(0123456789abcdef0123456789abcdef.scope","container":)"
      R"("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",)"
      R"("stack":"f00","process":"web","instance":2}],)"
      R"("time_generated":"2020-09-23T10:54:18-06:00"})");
  EXPECT_EQ(Render(std::vector<Process>(1), kKeys),
            R"({"status_code":200,"status_desc":"Ok","data":[{"session":-1,)"
            R"("nice":null,"unit":"","container":"","stack":"","process":"",)"
            R"("instance":-1}],)"
            R"("time_generated":"2020-09-23T10:54:18-06:00"})");
}

TEST(RenderProcessDetailsTest, WritesAllKeysAndTheDetails) {
  const auto redactor = Redactor::Create(DefaultSecretNames());
  const ProcessFormat format = {.redactor = **redactor, .zone = kZone};
  Process process;
  process.pid = 7;
  process.arguments = "a\0--password=hunter2"sv;
  const auto known = nlohmann::json::parse(RenderProcessDetails(
      process,
      {.proportional_bytes = 4096,
       .open_descriptors = 3,
       .listening = {{{.protocol = "tcp", .address = "::", .port = 80},
                      {.protocol = "unix", .address = "@x"}}},
       .environment_names = {{"PATH", "HOME"}}},
      {8, 9}, format, kGenerated));
  const nlohmann::json& data = known["data"][0];
  EXPECT_EQ(data.size(), ProcessKeys().size() + 5);
  EXPECT_EQ(data["command_line"], "a --password=***");
  EXPECT_EQ(data["pss"], 4096);
  EXPECT_EQ(data["open_descriptors"], 3);
  EXPECT_EQ(data["listening"],
            nlohmann::json::parse(
                R"([{"protocol":"tcp","address":"::","port":80},)"
                R"({"protocol":"unix","address":"@x","port":null}])"));
  EXPECT_EQ(data["environment_names"],
            nlohmann::json::parse(R"(["PATH","HOME"])"));
  EXPECT_EQ(data["children"], nlohmann::json::parse("[8,9]"));

  const auto unknown = nlohmann::json::parse(
      RenderProcessDetails(process, {}, {}, format, kGenerated));
  EXPECT_EQ(unknown["data"][0]["pss"], -1);
  EXPECT_EQ(unknown["data"][0]["open_descriptors"], -1);
  EXPECT_TRUE(unknown["data"][0]["listening"].is_null());
  EXPECT_TRUE(unknown["data"][0]["environment_names"].is_null());
  EXPECT_EQ(unknown["data"][0]["children"], nlohmann::json::array());
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
