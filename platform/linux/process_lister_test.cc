// The lister with trees that the test writes, or that were recorded.
// process_lister_live_test.cc lists real processes.

#include "platform/process_lister.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/process.h"
#include "platform/testing/listing.h"
#include "platform/testing/proc_tree.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using namespace std::string_view_literals;

TEST(ProcessListerTest, FillsInEveryField) {
  const ProcTree tree;
  tree.Write("stat", "cpu  1 2 3\nbtime 1700000000\n");
  tree.Add(42, OrdinaryProcess(42, "worker", "worker\0-v\0"sv));
  const ProcessSnapshot snapshot = ListAt(tree.root());
  ASSERT_EQ(snapshot.processes().size(), 1u);
  const Process& process = snapshot.processes()[0];
  EXPECT_EQ(process.pid, 42);
  EXPECT_EQ(process.parent_pid, 1);
  EXPECT_EQ(process.name, "worker");
  EXPECT_EQ(process.arguments, "worker\0-v"sv);
  EXPECT_EQ(CommandLine(process), "worker -v");
  EXPECT_EQ(process.user, "jblow");
  EXPECT_EQ(process.state, ProcessState::kSleeping);
  EXPECT_EQ(process.num_threads, 2);
  EXPECT_EQ(process.resident_bytes, 8 << 20);
  EXPECT_EQ(process.peak_resident_bytes, 9 << 20);
  EXPECT_EQ(process.virtual_bytes, 16 << 20);
  EXPECT_EQ(process.storage_read_bytes, 4096);
  EXPECT_EQ(process.storage_written_bytes, 8192);
  EXPECT_EQ(process.start_ticks, 500);
  const int64_t per_second = sysconf(_SC_CLK_TCK);
  EXPECT_EQ(process.start_time, absl::FromUnixSeconds(1700000000) +
                                    absl::Seconds(500) / per_second);
  EXPECT_EQ(process.cpu_time, absl::Seconds(200) / per_second);
  EXPECT_EQ(process.session, 1);
  EXPECT_EQ(process.nice, 0);
  EXPECT_EQ(process.cgroup, "/system.slice/ordinary.service");
}

TEST(ProcessListerTest, ReadsARecordedTree) {
  const ProcessSnapshot snapshot = ListAt("testdata/proc");
  EXPECT_THAT(Pids(snapshot), ElementsAre(2, 4388, 4389, 4392, 4433));

  const Process& kernel_thread = snapshot.processes()[0];
  EXPECT_EQ(kernel_thread.name, "kthreadd");
  EXPECT_EQ(kernel_thread.arguments, "");
  EXPECT_EQ(kernel_thread.resident_bytes, 0);
  EXPECT_EQ(kernel_thread.peak_resident_bytes, 0);
  EXPECT_EQ(kernel_thread.parent_pid, 0);

  const Process& awkward = snapshot.processes()[2];
  EXPECT_EQ(awkward.name, "a) R (b\n\\\xff");
  EXPECT_EQ(awkward.state, ProcessState::kSleeping);
  EXPECT_EQ(awkward.arguments, "./worker\0--queue\0high priority\0\0-v"sv);
  EXPECT_EQ(CommandLine(awkward), "./worker --queue high priority  -v");
  EXPECT_EQ(awkward.start_ticks, 107959);

  EXPECT_EQ(snapshot.processes()[3].user, "65534");  // Has no name here.

  const Process& zombie = snapshot.processes()[4];
  EXPECT_EQ(zombie.name, "python3");
  EXPECT_EQ(zombie.state, ProcessState::kZombie);
  EXPECT_EQ(zombie.arguments, "");
  EXPECT_EQ(zombie.resident_bytes, 0);
  EXPECT_EQ(zombie.parent_pid, 4388);
}

TEST(ProcessListerTest, SortsByPidAndSkipsOtherEntries) {
  const ProcTree tree;
  for (const int32_t pid : {4194304, 10, 9, 100}) {
    tree.Add(pid, OrdinaryProcess(pid, "p", "p\0"sv));
  }
  tree.Write("self/status", "Name:\tself\n");
  tree.Write("4194305/status", "Name:\tno pid\n");
  tree.Write("007/status", "Name:\tno pid\n");
  tree.Write("uptime", "1 2\n");
  EXPECT_THAT(Pids(ListAt(tree.root())), ElementsAre(9, 10, 100, 4194304));
}

TEST(ProcessListerTest, LeavesOutVanishedProcesses) {
  const ProcTree tree;
  tree.Add(1, OrdinaryProcess(1, "stays", "stays\0"sv));
  ProcFiles gone = OrdinaryProcess(2, "gone", "gone\0"sv);
  gone.status.reset();
  tree.Add(2, gone);
  EXPECT_THAT(Pids(ListAt(tree.root())), ElementsAre(1));
}

TEST(ProcessListerTest, AMissingFileCostsItsOwnFields) {
  const ProcTree tree;
  ProcFiles files = OrdinaryProcess(7, "p", "p\0"sv);
  files.io.reset();  // As in a kernel without CONFIG_TASK_IO_ACCOUNTING.
  files.stat = "cut off";
  tree.Add(7, files);
  const ProcessSnapshot snapshot = ListAt(tree.root());
  ASSERT_EQ(snapshot.processes().size(), 1u);
  const Process& process = snapshot.processes()[0];
  EXPECT_EQ(process.storage_read_bytes, -1);
  EXPECT_EQ(process.storage_written_bytes, -1);
  EXPECT_EQ(process.start_ticks, -1);
  EXPECT_EQ(process.start_time, absl::InfinitePast());
  EXPECT_LT(process.cpu_time, absl::ZeroDuration());
  EXPECT_EQ(process.resident_bytes, 8 << 20);
}

// Takes from the calling thread, and from the threads that it starts, root's
// right to read files in spite of their modes. The destructor gives it back.
class ObeyFileModes {
 public:
  ObeyFileModes() {
    CHECK_EQ(syscall(SYS_capget, &header_, before_), 0);
    __user_cap_data_struct reduced[2] = {before_[0], before_[1]};
    reduced[0].effective &=
        ~((1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH));
    CHECK_EQ(syscall(SYS_capset, &header_, reduced), 0);
  }
  ~ObeyFileModes() { CHECK_EQ(syscall(SYS_capset, &header_, before_), 0); }
  ObeyFileModes(const ObeyFileModes&) = delete;
  ObeyFileModes& operator=(const ObeyFileModes&) = delete;

 private:
  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3,
                                   .pid = 0};
  __user_cap_data_struct before_[2]{};
};

TEST(ProcessListerTest, AForbiddenFileCostsItsOwnFields) {
  const ProcTree tree;
  tree.Add(7, OrdinaryProcess(7, "p", "p\0"sv));
  CHECK_EQ(chmod(absl::StrCat(tree.root(), "/7/io").c_str(), 0), 0);
  const ObeyFileModes obey;
  const ProcessSnapshot snapshot = ListAt(tree.root());
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].storage_read_bytes, -1);
  EXPECT_EQ(snapshot.processes()[0].storage_written_bytes, -1);
  EXPECT_EQ(snapshot.processes()[0].name, "p");
  EXPECT_EQ(snapshot.processes()[0].arguments, "p");
}

// With proc mounted with hidepid=1 the directories of other users' processes
// exist, and nothing in them can be read.
TEST(ProcessListerTest, AClosedDirectoryIsAProcessWithUnknownFields) {
  const ProcTree tree;
  tree.Add(7, OrdinaryProcess(7, "p", "p\0"sv));
  const std::string directory = absl::StrCat(tree.root(), "/7");
  CHECK_EQ(chmod(directory.c_str(), 0), 0);
  {
    const ObeyFileModes obey;
    const ProcessSnapshot snapshot = ListAt(tree.root());
    ASSERT_EQ(snapshot.processes().size(), 1u);
    const Process& process = snapshot.processes()[0];
    EXPECT_EQ(process.pid, 7);
    EXPECT_EQ(process.name, "");
    EXPECT_EQ(process.arguments, "");
    EXPECT_EQ(process.user, "");
    EXPECT_EQ(process.state, ProcessState::kUnknown);
    EXPECT_EQ(process.num_threads, -1);
    EXPECT_EQ(process.resident_bytes, -1);
    EXPECT_EQ(process.peak_resident_bytes, -1);
    EXPECT_EQ(process.storage_read_bytes, -1);
  }
  CHECK_EQ(chmod(directory.c_str(), 0700), 0);
}

TEST(ProcessListerTest, ArgumentsOfAnyLengthArriveWhole) {
  const ProcTree tree;
  std::string arguments;
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppend(&arguments, "argument-", i, "\0"sv);
  }
  ASSERT_GT(arguments.size(), 64u << 10);
  const std::string exact(size_t{8} << 10, 'x');  // The reader's first buffer.
  tree.Add(1, OrdinaryProcess(1, "long", arguments));
  tree.Add(2, OrdinaryProcess(2, "exact", exact));
  tree.Add(3, OrdinaryProcess(3, "none", ""));
  tree.Add(4, OrdinaryProcess(4, "blank", "\0\0\0"sv));
  // setproctitle(3): one text without a NUL of its own, padded with NULs.
  tree.Add(5, OrdinaryProcess(5, "title", "nginx: worker process\0\0\0\0"sv));
  const ProcessSnapshot snapshot = ListAt(tree.root());
  ASSERT_EQ(snapshot.processes().size(), 5u);
  EXPECT_EQ(snapshot.processes()[0].arguments,
            std::string_view(arguments).substr(0, arguments.size() - 1));
  EXPECT_EQ(snapshot.processes()[1].arguments, exact);
  EXPECT_EQ(snapshot.processes()[2].arguments, "");
  EXPECT_EQ(snapshot.processes()[3].arguments, "");
  EXPECT_EQ(snapshot.processes()[4].arguments, "nginx: worker process");
}

TEST(ProcessListerTest, AZombieHasNoArguments) {
  const ProcTree tree;
  ProcFiles files = OrdinaryProcess(5, "p", "read before it ended\0"sv);
  files.status =
      "Name:\tp\nState:\tZ (zombie)\nTgid:\t5\nPPid:\t1\nUid:\t0\t0\t0\t0\n"
      "Threads:\t1\n";
  tree.Add(5, files);
  const ProcessSnapshot snapshot = ListAt(tree.root());
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].arguments, "");
  EXPECT_EQ(snapshot.processes()[0].resident_bytes, 0);
}

TEST(ProcessListerTest, ReadsOnlyRequestedFields) {
  const ProcTree tree;
  ProcFiles files = OrdinaryProcess(5, "p", "p\0"sv);
  tree.Add(5, files);
  const ProcessSnapshot pids_only =
      ListAt(tree.root(), {.fields = ProcessFields(), .pids = {}});
  ASSERT_EQ(pids_only.processes().size(), 1u);
  EXPECT_EQ(pids_only.processes()[0].name, "");
  EXPECT_EQ(pids_only.processes()[0].resident_bytes, -1);

  const ProcessSnapshot names =
      ListAt(tree.root(), {.fields = ProcessField::kName, .pids = {}});
  EXPECT_EQ(names.processes()[0].name, "p");
  EXPECT_EQ(names.processes()[0].arguments, "");
  EXPECT_EQ(names.processes()[0].storage_read_bytes, -1);
  EXPECT_EQ(names.processes()[0].start_ticks, -1);
}

TEST(ProcessListerTest, ListsChosenPids) {
  const ProcTree tree;
  for (int32_t pid = 1; pid <= 20; ++pid) {
    tree.Add(pid, OrdinaryProcess(pid, "p", "p\0"sv));
  }
  // /proc/TID can be opened for a thread too, although proc does not list it.
  ProcFiles thread = OrdinaryProcess(19, "p", "p\0"sv);
  tree.Add(20, thread);
  EXPECT_THAT(Pids(ListAt(tree.root(), {.pids = {{7, 3, 7, 9999, 20}}})),
              ElementsAre(3, 7));
  EXPECT_THAT(Pids(ListAt(tree.root(),
                          {.fields = ProcessFields(), .pids = {{20, 21, 3}}})),
              ElementsAre(3));
  EXPECT_THAT(Pids(ListAt(tree.root(), {.pids = std::vector<int32_t>()})),
              ElementsAre());
}

TEST(ProcessListerTest, EveryNumberOfThreadsListsTheSame) {
  const ProcTree tree;
  constexpr int32_t kProcesses = 700;
  for (int32_t pid = 1; pid <= kProcesses; ++pid) {
    tree.Add(pid, OrdinaryProcess(pid, absl::StrCat("name-", pid),
                                  absl::StrCat("argument-", pid)));
  }
  for (const int threads : {1, 2, 8}) {
    const ProcessSnapshot snapshot = ListAt(tree.root(), {}, threads);
    ASSERT_EQ(snapshot.processes().size(), static_cast<size_t>(kProcesses));
    for (int32_t i = 0; i < kProcesses; ++i) {
      const Process& process = snapshot.processes()[i];
      ASSERT_EQ(process.pid, i + 1);
      ASSERT_EQ(process.name, absl::StrCat("name-", i + 1));
      ASSERT_EQ(process.arguments, absl::StrCat("argument-", i + 1));
      ASSERT_EQ(process.user, "jblow");
    }
  }
}

// For the life of the object this process can open only `room` more
// descriptors.
class FewDescriptors {
 public:
  explicit FewDescriptors(size_t room) {
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit lower = {.rlim_cur = 64, .rlim_max = before_.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
    for (int fd = dup(STDIN_FILENO); fd >= 0; fd = dup(STDIN_FILENO)) {
      taken_.emplace_back(fd);
    }
    CHECK_GE(taken_.size(), room);
    taken_.resize(taken_.size() - room);
  }
  ~FewDescriptors() { CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<base::UniqueFd> taken_;
};

TEST(ProcessListerTest, ThousandsOfProcessesNeedFewDescriptors) {
  const ProcTree tree;
  constexpr int32_t kProcesses = 2000;
  for (int32_t pid = 1; pid <= kProcesses; ++pid) {
    tree.Add(pid, OrdinaryProcess(pid, "p", "p\0"sv));
  }
  // The root, and two for each of the two threads.
  const FewDescriptors few(5);
  const ProcessSnapshot snapshot = ListAt(tree.root(), {}, 2);
  EXPECT_EQ(snapshot.processes().size(), static_cast<size_t>(kProcesses));
}

TEST(ProcessListerTest, RunningOutOfDescriptorsIsAnErrorNotAShorterList) {
  const ProcTree tree;
  tree.Add(1, OrdinaryProcess(1, "p", "p\0"sv));
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create({.proc_root = tree.root()});
  ASSERT_TRUE(lister.ok()) << lister.status();
  // With one descriptor the list of pids can be read, and then one file, but
  // not a second one beside it.
  for (const size_t room : {0, 1}) {
    const absl::StatusOr<ProcessSnapshot> snapshot = [&] {
      const FewDescriptors few(room);
      return (*lister)->List({});
    }();
    EXPECT_EQ(snapshot.status().code(), absl::StatusCode::kUnavailable) << room;
    EXPECT_THAT(snapshot.status().message(), HasSubstr("open files")) << room;
  }
}

TEST(ProcessListerTest, AMissingRootIsNamed) {
  const absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create({.proc_root = "/no/such/proc"});
  EXPECT_EQ(lister.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(lister.status().message(), HasSubstr("\"/no/such/proc\""));
}

}  // namespace
}  // namespace tallyman::platform
