// Examples of process_lister.h and process.h.

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::platform {
namespace {

// Every process with all its fields.
absl::StatusOr<int64_t> BytesOfUser(const ProcessLister& lister,
                                    const std::string& user) {
  absl::StatusOr<ProcessSnapshot> snapshot = lister.List({});
  if (!snapshot.ok()) return snapshot.status();
  int64_t bytes = 0;
  for (const Process& process : snapshot->processes()) {
    // -1 is unknown, as for a process of another user on some systems.
    if (process.user == user && process.resident_bytes > 0) {
      bytes += process.resident_bytes;
    }
  }
  return bytes;
}

// Reads a part only: names and memory, of the ten processes with the most.
absl::StatusOr<ProcessSnapshot> Largest(const ProcessLister& lister) {
  ProcessQuery query;
  query.fields = ProcessField::kName | ProcessField::kResidentBytes;
  query.order = [](const Process& a, const Process& b) {
    return a.resident_bytes > b.resident_bytes;
  };
  query.order_fields = ProcessField::kResidentBytes;
  query.limit = 10;
  return lister.List(query);
}

// One process; an empty list if it has ended.
absl::StatusOr<ProcessSnapshot> Find(const ProcessLister& lister, int32_t pid) {
  ProcessQuery query;
  query.pids = {pid};
  return lister.List(query);
}

TEST(ProcessListerExample, ListsProcesses) {
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create({});
  ASSERT_TRUE(lister.ok()) << lister.status();

  const absl::StatusOr<ProcessSnapshot> self = Find(**lister, getpid());
  ASSERT_TRUE(self.ok()) << self.status();
  ASSERT_EQ(self->processes().size(), 1u);
  const Process& process = self->processes()[0];
  EXPECT_EQ(process.state, ProcessState::kRunning);
  EXPECT_EQ(process.parent_pid, getppid());
  EXPECT_LE(process.start_time, self->taken_at() + absl::Seconds(1));
  EXPECT_NE(CommandLine(process).find("example_test"), std::string::npos);

  const absl::StatusOr<int64_t> bytes =
      BytesOfUser(**lister, std::string(process.user));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_GT(*bytes, 0);

  const absl::StatusOr<ProcessSnapshot> largest = Largest(**lister);
  ASSERT_TRUE(largest.ok()) << largest.status();
  ASSERT_FALSE(largest->processes().empty());
  EXPECT_LE(largest->processes().size(), 10u);
  EXPECT_GE(largest->processes().front().resident_bytes,
            largest->processes().back().resident_bytes);
}

}  // namespace
}  // namespace tallyman::platform
