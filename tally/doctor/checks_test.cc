#include "tally/doctor/checks.h"

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/doctor/facts.h"

namespace tallyman::tally {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kGiB = int64_t{1} << 30;

// A machine on which all is well.
Facts Healthy() {
  Facts facts;
  facts.server = {.url = "http://127.0.0.1:8880",
                  .source = "--url",
                  .version = "1.2.3",
                  .client_version = "1.2.3",
                  .clock_offset = absl::Seconds(1)};
  facts.process = ServerProcessFacts{
      .pid = 812,
      .uid = 0,
      .capabilities = 0,
      .limits = {{"Max open files", {.soft = 524288, .hard = 524288}},
                 {"Max processes", {}},
                 {"Max core file size", {.soft = 0, .hard = -1}}},
      .open_files = 30,
      .cgroup = "/system.slice/tallyman.service",
      .listening = std::vector<ListeningAddress>{
          {.address = "127.0.0.1", .port = 8880}}};
  facts.cgroups = {
      .mount = "/sys/fs/cgroup", .owner = 0, .has_kill = true, .max_tasks = -1};
  facts.unit = {.name = "tallyman.service",
                .properties = {{"KillMode", "process"},
                               {"Delegate", "yes"},
                               {"OOMPolicy", "continue"}}};
  facts.data_dir = DirectoryFacts{.path = "/var/lib/tallyman",
                                  .owner = 0,
                                  .mode = 040700,
                                  .free_bytes = 50 * kGiB,
                                  .all_bytes = 100 * kGiB,
                                  .free_files = 1000};
  facts.proc_options = "rw,nosuid";
  facts.kernel_release = "6.1.0-28-amd64";
  facts.is_synchronized = true;
  facts.config_path = "/root/.config/tally/config.json";
  return facts;
}

TEST(ChecksTest, AHealthyMachineHasNoFinding) {
  for (const Finding& finding : Examine(Healthy())) {
    EXPECT_EQ(finding.verdict, Verdict::kOk)
        << finding.check << ": " << finding.text;
    EXPECT_THAT(finding.text, Not(IsEmpty())) << finding.check;
    EXPECT_THAT(finding.remedy, IsEmpty()) << finding.check;
  }
}

TEST(ChecksTest, WhatIsWrongHasARemedy) {
  Facts facts = Healthy();
  facts.server.reached = absl::UnavailableError("no server answers there");
  facts.kernel_release = "4.19.0";
  facts.data_dir->error = ENOENT;
  facts.config = absl::FailedPreconditionError("others may use it");
  for (const Finding& finding : Examine(facts)) {
    const bool is_wrong = finding.verdict == Verdict::kWarning ||
                          finding.verdict == Verdict::kProblem;
    EXPECT_EQ(finding.remedy.empty(), !is_wrong) << finding.check;
  }
  EXPECT_EQ(CheckServer(facts).verdict, Verdict::kProblem);
  EXPECT_EQ(CheckToken(facts).verdict, Verdict::kSkipped);
  EXPECT_EQ(CheckDataDirectory(facts).verdict, Verdict::kProblem);
  EXPECT_THAT(CheckConfiguration(facts).remedy, HasSubstr("chmod 600"));
}

TEST(ChecksTest, AnotherMachineIsSkipped) {
  Facts facts = Healthy();
  facts.not_local = "the server is not on this machine";
  int skipped = 0;
  for (const Finding& finding : Examine(facts)) {
    if (finding.verdict != Verdict::kSkipped) continue;
    ++skipped;
    EXPECT_EQ(finding.text, facts.not_local) << finding.check;
  }
  EXPECT_EQ(skipped, 11);
}

TEST(ChecksTest, AnUnknownProcessIsSkippedWithTheReason) {
  Facts facts = Healthy();
  facts.process.reset();
  facts.no_process = "no server uses /x";
  EXPECT_EQ(CheckRights(facts).text, "no server uses /x");
  EXPECT_EQ(CheckUnit(facts).verdict, Verdict::kSkipped);
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kSkipped);
  EXPECT_EQ(CheckKernel(facts).verdict, Verdict::kOk);
}

TEST(ChecksTest, VersionsDiffer) {
  Facts facts = Healthy();
  facts.server.client_version = "1.3.0";
  EXPECT_EQ(CheckServer(facts).verdict, Verdict::kWarning);
}

TEST(ChecksTest, ATokenThatIsRefused) {
  Facts facts = Healthy();
  facts.server.token = absl::UnauthenticatedError("the token is wrong");
  EXPECT_EQ(CheckToken(facts).verdict, Verdict::kProblem);
}

TEST(ChecksTest, Clock) {
  Facts facts = Healthy();
  facts.server.clock_offset = absl::Seconds(-10);
  EXPECT_EQ(CheckClock(facts).verdict, Verdict::kWarning);
  EXPECT_THAT(CheckClock(facts).text, HasSubstr("10s behind"));
  facts.server.clock_offset = absl::Minutes(2);
  EXPECT_EQ(CheckClock(facts).verdict, Verdict::kProblem);
  EXPECT_THAT(CheckClock(facts).text, HasSubstr("ahead of"));
  facts.server.clock_offset.reset();
  EXPECT_EQ(CheckClock(facts).text, "synchronized");
  facts.is_synchronized = false;
  EXPECT_EQ(CheckClock(facts).verdict, Verdict::kWarning);
  facts.is_synchronized.reset();
  EXPECT_EQ(CheckClock(facts).verdict, Verdict::kSkipped);
}

TEST(ChecksTest, Kernel) {
  Facts facts = Healthy();
  const std::pair<const char*, Verdict> cases[] = {
      {"5.2.21", Verdict::kProblem},   {"5.3", Verdict::kWarning},
      {"5.13.0-x", Verdict::kWarning}, {"5.14-rc1", Verdict::kOk},
      {"6.0.1", Verdict::kOk},         {"strange", Verdict::kSkipped}};
  for (const auto& [release, verdict] : cases) {
    facts.kernel_release = release;
    EXPECT_EQ(CheckKernel(facts).verdict, verdict) << release;
  }
}

TEST(ChecksTest, RightsOfAnotherUser) {
  Facts facts = Healthy();
  facts.process->uid = 990;
  EXPECT_EQ(CheckRights(facts).verdict, Verdict::kWarning);
  facts.process->capabilities = uint64_t{1} << 19;
  EXPECT_EQ(CheckRights(facts).verdict, Verdict::kOk);
}

TEST(ChecksTest, Hidepid) {
  Facts facts = Healthy();
  facts.proc_options = "rw,hidepid=invisible,gid=5";
  EXPECT_EQ(CheckHidepid(facts).verdict, Verdict::kOk);
  facts.process->uid = 990;
  EXPECT_EQ(CheckHidepid(facts).verdict, Verdict::kWarning);
  facts.proc_options = "rw,hidepid=0";
  EXPECT_EQ(CheckHidepid(facts).verdict, Verdict::kOk);
}

TEST(ChecksTest, Cgroups) {
  Facts facts = Healthy();
  facts.process->uid = 990;
  EXPECT_EQ(CheckCgroups(facts).remedy, "Delegate=yes in the unit");
  facts.cgroups.owner = 990;
  EXPECT_EQ(CheckCgroups(facts).verdict, Verdict::kOk);
  facts.cgroups.has_kill = false;
  EXPECT_EQ(CheckCgroups(facts).verdict, Verdict::kWarning);
  facts.cgroups.is_read_only = true;
  EXPECT_THAT(CheckCgroups(facts).text, HasSubstr("read-only"));
  facts.cgroups.mount = "";
  EXPECT_THAT(CheckCgroups(facts).text, HasSubstr("not mounted"));
}

TEST(ChecksTest, Unit) {
  Facts facts = Healthy();
  facts.unit.properties["KillMode"] = "control-group";
  facts.unit.properties["Delegate"] = "no";
  const Finding finding = CheckUnit(facts);
  EXPECT_EQ(finding.verdict, Verdict::kProblem);
  EXPECT_THAT(finding.remedy, HasSubstr("KillMode=process Delegate=yes"));
  facts.unit.properties["KillMode"] = "process";
  EXPECT_EQ(CheckUnit(facts).verdict, Verdict::kWarning);
  facts.unit.failure = "`systemctl show` fails";
  EXPECT_EQ(CheckUnit(facts).verdict, Verdict::kSkipped);
  facts.unit = {.name = "session-3.scope"};
  EXPECT_EQ(CheckUnit(facts).verdict, Verdict::kSkipped);
}

TEST(ChecksTest, Descriptors) {
  Facts facts = Healthy();
  Limit& limit = facts.process->limits["Max open files"];
  limit.soft = 1024;
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kProblem);
  limit.soft = 20000;
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kWarning);
  limit.soft = 100000;
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kOk);
  facts.process->open_files = 95000;
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kProblem);
  limit.soft = -1;
  EXPECT_EQ(CheckDescriptors(facts).verdict, Verdict::kOk);
}

TEST(ChecksTest, Tasks) {
  Facts facts = Healthy();
  facts.cgroups.max_tasks = 4915;
  facts.cgroups.tasks = 4800;
  EXPECT_EQ(CheckTasks(facts).verdict, Verdict::kProblem);
  facts.cgroups.tasks = 100;
  EXPECT_EQ(CheckTasks(facts).verdict, Verdict::kOk);
  facts.process->limits["Max processes"].soft = 100;
  EXPECT_EQ(CheckTasks(facts).verdict, Verdict::kOk);  // Root is not bound.
  facts.process->uid = 990;
  EXPECT_EQ(CheckTasks(facts).verdict, Verdict::kWarning);
}

TEST(ChecksTest, CoreFiles) {
  Facts facts = Healthy();
  facts.process->limits["Max core file size"].soft = -1;
  EXPECT_EQ(CheckCoreFiles(facts).verdict, Verdict::kWarning);
}

TEST(ChecksTest, ListensBeyondThisMachineWithoutTls) {
  Facts facts = Healthy();
  facts.process->listening->push_back({.address = "::", .port = 8443});
  EXPECT_EQ(CheckListening(facts).verdict, Verdict::kOk);
  facts.process->listening->back().answers_clear_text = true;
  EXPECT_EQ(CheckListening(facts).verdict, Verdict::kProblem);
  EXPECT_THAT(CheckListening(facts).text, HasSubstr("[::]:8443"));
  facts.process->listening.reset();
  EXPECT_EQ(CheckListening(facts).verdict, Verdict::kSkipped);
}

TEST(ChecksTest, DataDirectory) {
  Facts facts = Healthy();
  facts.data_dir->mode = 040750;
  EXPECT_THAT(CheckDataDirectory(facts).text, HasSubstr("mode 0750"));
  facts.data_dir->owner = 7;
  EXPECT_THAT(CheckDataDirectory(facts).remedy, HasSubstr("chown -R 0 "));
  facts.data_dir->error = EACCES;
  EXPECT_EQ(CheckDataDirectory(facts).verdict, Verdict::kSkipped);
}

TEST(ChecksTest, DiskSpace) {
  Facts facts = Healthy();
  facts.data_dir->free_files = 0;
  EXPECT_EQ(CheckDiskSpace(facts).verdict, Verdict::kProblem);
  facts.data_dir->free_files.reset();
  facts.data_dir->free_bytes = kGiB / 2;
  EXPECT_EQ(CheckDiskSpace(facts).verdict, Verdict::kWarning);
  facts.data_dir->free_bytes = 1 << 20;
  EXPECT_EQ(CheckDiskSpace(facts).verdict, Verdict::kProblem);
  facts.data_dir->free_bytes = 50 * kGiB;
  facts.data_dir->is_read_only = true;
  EXPECT_THAT(CheckDiskSpace(facts).text, HasSubstr("read-only"));
}

}  // namespace
}  // namespace tallyman::tally
