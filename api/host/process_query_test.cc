#include "api/host/process_query.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using platform::Process;
using platform::ProcessField;
using platform::ProcessState;

std::vector<Process> SomeProcesses() {
  std::vector<Process> processes(4);
  processes[0] = {.pid = 1, .name = "init", .user = "root"};
  processes[0].state = ProcessState::kSleeping;
  processes[0].resident_bytes = 300;
  processes[1] = {.pid = 20, .name = "nginx", .user = "www"};
  processes[1].state = ProcessState::kRunning;
  processes[1].resident_bytes = 100;
  processes[2] = {.pid = 21, .name = "nginx", .user = "www"};
  processes[2].state = ProcessState::kSleeping;
  processes[2].resident_bytes = 200;
  processes[3] = {.pid = 30, .name = "sh", .user = "1000"};
  processes[3].state = ProcessState::kZombie;
  processes[3].resident_bytes = 100;
  processes[1].cgroup = "/system.slice/nginx.service";
  processes[2].cgroup = "/system.slice/nginx.service";
  processes[3].cgroup = "/user.slice/session-3.scope";
  processes[2].session = 20;
  processes[1].start_ticks = 7;
  processes[2].start_ticks = 8;
  return processes;
}

// The subset of the given processes that the platform lists.
std::vector<int32_t> Select(std::string_view query_string) {
  const auto query = ProcessListQuery::Parse(Params::Parse(query_string));
  EXPECT_TRUE(query.ok()) << query.status();
  if (!query.ok()) return {};
  const auto owners = std::make_shared<const ProcessOwners>(
      std::vector<RunningInstance>{{.stack_uid = "f00",
                                    .stack_name = "shop",
                                    .process = "web",
                                    .number = 1,
                                    .pid = 20,
                                    .start_ticks = 7}});
  const platform::ProcessQuery desired = query->ToPlatform(owners);
  std::vector<Process> processes = SomeProcesses();
  if (desired.condition) {
    std::erase_if(processes, [&](const Process& process) {
      return !desired.condition(process);
    });
  }
  if (desired.order) {
    std::stable_sort(processes.begin(), processes.end(), desired.order);
  }
  std::vector<int32_t> pids;
  for (const Process& process : processes) {
    if (pids.size() < desired.limit) pids.push_back(process.pid);
  }
  return pids;
}

TEST(ProcessListQueryTest, TheDefaultIsAllProcessesByPid) {
  EXPECT_THAT(Select(""), ElementsAre(1, 20, 21, 30));
  EXPECT_THAT(Select("token=x&_=1600000000"), ElementsAre(1, 20, 21, 30));
}

TEST(ProcessListQueryTest, Filters) {
  EXPECT_THAT(Select("name=nginx"), ElementsAre(20, 21));
  EXPECT_THAT(Select("name=^n|h%24"), ElementsAre(20, 21, 30));
  EXPECT_THAT(Select("user=www"), ElementsAre(20, 21));
  EXPECT_THAT(Select("user=root,1000"), ElementsAre(1, 30));
  EXPECT_THAT(Select("state=sleeping"), ElementsAre(1, 21));
  EXPECT_THAT(Select("state=running,zombie"), ElementsAre(20, 30));
  EXPECT_THAT(Select("name=nginx&state=sleeping&user=www"), ElementsAre(21));
  EXPECT_THAT(Select("unit=nginx"), ElementsAre(20, 21));
  EXPECT_THAT(Select("unit=x,session-3.scope"), ElementsAre(30));
  EXPECT_THAT(Select("unit="), IsEmpty());
  EXPECT_THAT(Select("stack=shop"), ElementsAre(20, 21));
  EXPECT_THAT(Select("stack=f00,x"), ElementsAre(20, 21));
  EXPECT_THAT(Select("stack=f0"), IsEmpty());
  EXPECT_THAT(Select("min_memory=200"), ElementsAre(1, 21));
  EXPECT_THAT(Select("min_memory=1K"), IsEmpty());
}

TEST(ProcessListQueryTest, SortsAndLimits) {
  EXPECT_THAT(Select("sort=memory"), ElementsAre(20, 30, 21, 1));
  EXPECT_THAT(Select("sort=-memory"), ElementsAre(1, 21, 20, 30));
  EXPECT_THAT(Select("sort=-memory&limit=2"), ElementsAre(1, 21));
  EXPECT_THAT(Select("sort=-pid"), ElementsAre(30, 21, 20, 1));
  EXPECT_THAT(Select("sort=name"), ElementsAre(1, 20, 21, 30));
  EXPECT_THAT(Select("sort=-stack"), ElementsAre(20, 21, 1, 30));
  EXPECT_THAT(Select("sort=unit&user=root,www"), ElementsAre(1, 20, 21));
  EXPECT_THAT(Select("sort=state"), ElementsAre(20, 1, 21, 30));
  EXPECT_THAT(Select("limit=1"), ElementsAre(1));
  EXPECT_THAT(Select("limit=9223372036854775807"), ElementsAre(1, 20, 21, 30));
  EXPECT_THAT(Select("sort=memory&limit=3&user=www"), ElementsAre(20, 21));
}

TEST(ProcessListQueryTest, AsksThePlatformForTheNeededFields) {
  const auto fields = [](std::string_view text) {
    return ProcessListQuery::Parse(Params::Parse(text))->ToPlatform().fields;
  };
  EXPECT_EQ(fields("fields=pid"), platform::ProcessFields());
  EXPECT_EQ(fields("fields=pid,name"), ProcessField::kName);
  EXPECT_EQ(fields("fields=pid&sort=-memory&user=x&state=idle&name=x"),
            ProcessField::kResidentBytes | ProcessField::kUser |
                ProcessField::kState | ProcessField::kName);
  EXPECT_FALSE(fields("").Intersects(ProcessField::kStartTime));
  EXPECT_TRUE(fields("").Intersects(ProcessField::kStorageIo));
  EXPECT_FALSE(fields("").Intersects(ProcessOwners::kFields));
  EXPECT_FALSE(fields("").Intersects(ProcessField::kNice));
  EXPECT_EQ(fields("fields=unit,container,cgroup"), ProcessField::kCgroup);
  EXPECT_EQ(fields("fields=pid&unit=x"), ProcessField::kCgroup);
  EXPECT_EQ(fields("fields=pid&min_memory=1"), ProcessField::kResidentBytes);
  EXPECT_EQ(fields("fields=instance"), ProcessOwners::kFields);
  EXPECT_EQ(fields("fields=pid&stack=x"), ProcessOwners::kFields);
  const auto query = ProcessListQuery::Parse(Params::Parse("pid=3,1"));
  EXPECT_THAT(*query->ToPlatform().pids, ElementsAre(3, 1));
}

TEST(ProcessListQueryTest, AsksForInstancesOnlyIfTheyMatter) {
  const auto needs = [](std::string_view text) {
    return ProcessListQuery::Parse(Params::Parse(text))->needs_owners();
  };
  EXPECT_FALSE(needs(""));
  EXPECT_FALSE(needs("fields=unit,session&unit=x&min_memory=1"));
  EXPECT_TRUE(needs("fields=pid,stack"));
  EXPECT_TRUE(needs("sort=-instance"));
  EXPECT_TRUE(needs("stack=x"));
}

TEST(ProcessListQueryTest, WithoutInstancesNoProcessBelongsToAStack) {
  const auto query = ProcessListQuery::Parse(Params::Parse("stack=shop"));
  EXPECT_FALSE(query->ToPlatform().condition(SomeProcesses()[1]));
}

TEST(ProcessListQueryTest, AnUnknownSizeIsNotLarge) {
  const auto query = ProcessListQuery::Parse(Params::Parse("min_memory=0"));
  EXPECT_FALSE(query->ToPlatform().condition(Process()));
  EXPECT_TRUE(query->ToPlatform().condition(SomeProcesses()[1]));
}

TEST(ProcessListQueryTest, WritesKeysInTheDocumentedOrder) {
  const auto names = [](std::string_view text) {
    std::vector<std::string_view> names;
    const auto query = ProcessListQuery::Parse(Params::Parse(text));
    for (const ProcessKey* key : query->keys()) names.push_back(key->name);
    return names;
  };
  EXPECT_THAT(names(""),
              ElementsAre("name", "command_line", "num_threads", "state",
                          "memory", "peak_memory", "pid", "user",
                          "io_bytes_read", "io_bytes_written"));
  EXPECT_THAT(names("fields=cpu_seconds,pid,ppid,name,pid"),
              ElementsAre("name", "pid", "ppid", "cpu_seconds"));
}

TEST(ProcessListQueryTest, ErrorsNameTheParameterAndThePosition) {
  const auto error = [](std::string_view text) {
    const auto query = ProcessListQuery::Parse(Params::Parse(text));
    EXPECT_EQ(query.status().code(), absl::StatusCode::kInvalidArgument)
        << text;
    return std::string(query.status().message());
  };
  EXPECT_THAT(error("name=ab(c"),
              HasSubstr("name: bad regular expression at position 3: "));
  EXPECT_THAT(error("name=x)y"), HasSubstr("at position 2: "));
  EXPECT_THAT(error("name=(a)\\([(]b(c"), HasSubstr("at position 10: "));
  EXPECT_THAT(error("name=[])](a"), HasSubstr("at position 5: "));
  EXPECT_THAT(error("name=ab\\"), HasSubstr("at position 3: "));
  EXPECT_THAT(error("name=abc[z-a]"), HasSubstr("at position 5"));
  EXPECT_THAT(error("name=abc[z-a]"), HasSubstr("z-a"));
  EXPECT_THAT(error("name=" + std::string(1001, 'x')), HasSubstr("1000"));
  EXPECT_THAT(error("sort=memry"),
              HasSubstr("sort: unknown key \"memry\" at position 1"));
  EXPECT_THAT(error("sort=-memry"), HasSubstr("at position 2"));
  EXPECT_THAT(error("fields=pid,foo,name"),
              HasSubstr("fields: unknown key \"foo\" at position 5"));
  EXPECT_THAT(error("fields="), HasSubstr("unknown key \"\" at position 1"));
  EXPECT_THAT(error("state=sleeping,asleep"),
              HasSubstr("state: unknown state \"asleep\" at position 10"));
  EXPECT_THAT(error("pid=1,2x"),
              HasSubstr("pid: bad process id \"2x\" at position 3"));
  EXPECT_THAT(error("pid=99999999999"), HasSubstr("position 1"));
  EXPECT_THAT(error("pid=%ff%0a"), HasSubstr(R"("\xff\n" at position 1)"));
  EXPECT_THAT(error("name=%0a["), HasSubstr(R"(missing ]: "[")"));
  EXPECT_LT(error("state=" + std::string(100000, 'x')).size(), 300);
  EXPECT_LT(error("name=(" + std::string(999, 'x')).size(), 300);
  EXPECT_THAT(error("min_memory=1.5G"),
              HasSubstr("min_memory: \"1.5G\" is not a number of bytes"));
  EXPECT_THAT(error("limit=0"), HasSubstr("limit: \"0\""));
  EXPECT_THAT(error("limit=-5"), HasSubstr("limit: \"-5\""));
}

}  // namespace
}  // namespace tallyman::api
