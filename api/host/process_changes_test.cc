#include "api/host/process_changes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::api {
namespace {

using platform::Process;
using platform::ProcessState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<const ProcessKey*> KeysOf(std::string_view query_string) {
  const auto query = ProcessListQuery::Parse(Params::Parse(query_string));
  CHECK_OK(query.status());
  return {query->keys().begin(), query->keys().end()};
}

Process MakeProcess(int32_t pid, int64_t start_ticks, int64_t memory = 0) {
  Process process;
  process.pid = pid;
  process.start_ticks = start_ticks;
  process.start_time = absl::FromUnixSeconds(start_ticks);
  process.resident_bytes = memory;
  return process;
}

// "+PID@START", "~PID@START KEY,KEY", "-PID@START".
std::vector<std::string> Show(const ProcessChanges& changes) {
  const auto id = [](const Process& process) {
    return absl::StrCat(process.pid, "@", process.start_ticks);
  };
  std::vector<std::string> shown;
  for (const Process* const process : changes.entered) {
    shown.push_back(absl::StrCat("+", id(*process)));
  }
  for (const ProcessChange& change : changes.changed) {
    shown.push_back(
        absl::StrCat("~", id(*change.process), " ",
                     absl::StrJoin(change.keys, ",",
                                   [](std::string* out, const ProcessKey* key) {
                                     absl::StrAppend(out, key->name);
                                   })));
  }
  for (const Process* const process : changes.gone) {
    shown.push_back(absl::StrCat("-", id(*process)));
  }
  return shown;
}

std::vector<std::string> Compare(const std::vector<Process>& before,
                                 const std::vector<Process>& after,
                                 std::string_view query = "") {
  return Show(CompareProcesses(before, ProcessOwners::None(), after,
                               ProcessOwners::None(), KeysOf(query)));
}

TEST(CompareProcessesTest, FindsWhatEnteredAndWhatIsGone) {
  const Process one = MakeProcess(1, 10);
  const Process two = MakeProcess(2, 20);
  const Process three = MakeProcess(3, 30);
  EXPECT_THAT(Compare({}, {}), IsEmpty());
  EXPECT_THAT(Compare({}, {one, two}), ElementsAre("+1@10", "+2@20"));
  EXPECT_THAT(Compare({one, two}, {}), ElementsAre("-1@10", "-2@20"));
  EXPECT_THAT(Compare({one, three}, {one, three}), IsEmpty());
  EXPECT_THAT(Compare({one, three}, {two, three}),
              ElementsAre("+2@20", "-1@10"));
  EXPECT_THAT(Compare({one, two}, {two, three}), ElementsAre("+3@30", "-1@10"));
}

TEST(CompareProcessesTest, APidThatIsUsedAgainIsAnotherProcess) {
  EXPECT_THAT(Compare({MakeProcess(7, 10, 5)}, {MakeProcess(7, 11, 6)}),
              ElementsAre("+7@11", "-7@10"));
  // Where the system does not show the start.
  EXPECT_THAT(Compare({MakeProcess(7, -1, 5)}, {MakeProcess(7, -1, 6)}),
              ElementsAre("~7@-1 memory"));
}

TEST(CompareProcessesTest, NamesTheKeysThatChanged) {
  Process before = MakeProcess(1, 10, 5);
  before.name = "sh";
  before.state = ProcessState::kSleeping;
  Process after = before;
  after.name = "cat";
  after.state = ProcessState::kRunning;
  after.resident_bytes = 6;
  // Not among the keys.
  after.parent_pid = 2;
  EXPECT_THAT(Compare({before}, {after}),
              ElementsAre("~1@10 name,state,memory"));
  EXPECT_THAT(Compare({before}, {after}, "fields=ppid,memory"),
              ElementsAre("~1@10 memory,ppid"));
  EXPECT_THAT(Compare({before}, {after}, "fields=user"), IsEmpty());
}

// Every key is compared: a new one needs no code here.
TEST(CompareProcessesTest, ComparesEveryKeyOfTheTable) {
  const Process before = MakeProcess(1, 10);
  const ProcessOwners owners({{.stack_uid = "uid",
                               .stack_name = "shop",
                               .process = "web",
                               .number = 3,
                               .pid = 1,
                               .start_ticks = 10}});
  Process after;
  after.pid = 1;
  after.start_ticks = 10;
  after.start_time = before.start_time + absl::Seconds(1);
  after.parent_pid = 5;
  after.name = "name";
  after.arguments = "arguments";
  after.user = "user";
  after.state = ProcessState::kZombie;
  after.num_threads = 3;
  after.resident_bytes = 4;
  after.peak_resident_bytes = 5;
  after.virtual_bytes = 6;
  after.storage_read_bytes = 7;
  after.storage_written_bytes = 8;
  after.cpu_time = absl::Milliseconds(9);
  after.session = 1;
  after.nice = 5;
  const std::string cgroup =
      absl::StrCat("/system.slice/docker-", std::string(64, 'a'), ".scope");
  after.cgroup = cgroup;
  std::vector<const ProcessKey*> keys;
  std::vector<std::string_view> others;  // Than those that identify a process.
  for (const ProcessKey& key : ProcessKeys()) {
    keys.push_back(&key);
    if (!IsIdentityKey(key)) others.push_back(key.name);
  }
  const std::vector<Process> old_list = {before};
  const std::vector<Process> new_list = {after};
  EXPECT_THAT(Show(CompareProcesses(old_list, ProcessOwners::None(), new_list,
                                    owners, keys)),
              ElementsAre(absl::StrCat("~1@10 ", absl::StrJoin(others, ","))));
}

// An instance may be known only after its process has been listed.
TEST(CompareProcessesTest, ComparesInstancesWithTheOwnersOfEachList) {
  const std::vector<Process> list = {MakeProcess(1, 10)};
  const auto keys = KeysOf("fields=name,stack");
  const ProcessOwners owners(
      {{.stack_uid = "uid", .process = "web", .pid = 1, .start_ticks = 10}});
  const ProcessOwners& none = ProcessOwners::None();
  EXPECT_THAT(Show(CompareProcesses(list, none, list, owners, keys)),
              ElementsAre("~1@10 stack"));
  EXPECT_THAT(Show(CompareProcesses(list, owners, list, none, keys)),
              ElementsAre("~1@10 stack"));
  EXPECT_THAT(Show(CompareProcesses(list, owners, list, owners, keys)),
              IsEmpty());
}

TEST(WithIdentityKeysTest, AddsPidAndStartInTheOrderOfTheOutput) {
  std::vector<std::string_view> names;
  for (const ProcessKey* const key :
       WithIdentityKeys(KeysOf("fields=virtual_memory,memory"))) {
    names.push_back(key->name);
  }
  EXPECT_THAT(names,
              ElementsAre("memory", "pid", "start_time", "virtual_memory"));
}

platform::ProcessSnapshot MakeSnapshot(std::vector<Process> processes,
                                       absl::Time taken_at) {
  return {std::move(processes), {}, taken_at};
}

TEST(WatchedProcessesTest, ComparesEachListWithTheOneBefore) {
  WatchedProcesses watched(KeysOf(""));
  EXPECT_THAT(watched.processes(), IsEmpty());
  Process one = MakeProcess(1, 10);
  one.name = "one";
  const absl::Time time = absl::FromUnixSeconds(1000);
  // In the order of a query, not of pids.
  EXPECT_THAT(
      Show(watched.Update(MakeSnapshot({MakeProcess(9, 90), one}, time))),
      ElementsAre("+1@10", "+9@90"));
  EXPECT_EQ(watched.taken_at(), time);
  EXPECT_THAT(Show(watched.Update(MakeSnapshot({one, MakeProcess(9, 90)},
                                               time + absl::Seconds(1)))),
              IsEmpty());
  EXPECT_EQ(watched.taken_at(), time + absl::Seconds(1));
  const ProcessChanges& changes =
      watched.Update(MakeSnapshot({MakeProcess(9, 90)}, time));
  ASSERT_THAT(Show(changes), ElementsAre("-1@10"));
  EXPECT_EQ(changes.gone[0]->name, "one");
  ASSERT_EQ(watched.processes().size(), 1u);
  EXPECT_EQ(watched.processes()[0].pid, 9);
}

TEST(WatchedProcessesTest, AStartTimeStaysWhenTheClockIsSet) {
  WatchedProcesses watched(KeysOf("fields=memory,start_time"));
  watched.Update(MakeSnapshot({MakeProcess(1, 10)}, absl::UnixEpoch()));
  const absl::Time first = watched.processes()[0].start_time;
  for (int i = 1; i <= 2; ++i) {
    Process moved = MakeProcess(1, 10);
    moved.start_time += i * absl::Hours(1);
    EXPECT_THAT(Show(watched.Update(MakeSnapshot({moved}, absl::UnixEpoch()))),
                IsEmpty());
    EXPECT_EQ(watched.processes()[0].start_time, first);
  }
  Process gone_next = MakeProcess(1, 10);
  gone_next.start_time += absl::Hours(3);
  watched.Update(MakeSnapshot({gone_next}, absl::UnixEpoch()));
  const ProcessChanges& changes =
      watched.Update(MakeSnapshot({}, absl::UnixEpoch()));
  ASSERT_EQ(changes.gone.size(), 1u);
  EXPECT_EQ(changes.gone[0]->start_time, first);
}

}  // namespace
}  // namespace tallyman::api
