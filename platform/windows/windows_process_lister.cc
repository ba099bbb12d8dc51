#include "platform/windows/windows_process_lister.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/arena.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/process_selection.h"
#include "platform/windows/account_names.h"
#include "platform/windows/detail_reader.h"
#include "platform/windows/process_table.h"
#include "platform/windows/utf16.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

// The first table of a lister: about 1000 processes with 10 threads each.
constexpr size_t kFirstTableBytes = size_t{1} << 20;
// A table of ten million processes; larger sizes are an error of the system.
constexpr size_t kMaxTableBytes = size_t{1} << 32;
// The table may grow between two calls.
constexpr int kTableAttempts = 8;

constexpr ProcessFields kDetails =
    ProcessField::kArguments | ProcessField::kUser;

constexpr absl::Duration kTick = absl::Nanoseconds(100);
// 1601-01-01 to 1970-01-01.
constexpr int64_t kUnixEpochTicks = 116'444'736'000'000'000;

// Room for processes and threads that start before the next call.
size_t WithRoom(size_t table_bytes) {
  return table_bytes + table_bytes / 8 + (size_t{64} << 10);
}

// The bytes of the table, at the address to which the system wrote them.
struct TableBytes {
  std::unique_ptr<char[]> buffer;
  size_t size = 0;

  std::string_view view() const { return {buffer.get(), size}; }
  uint64_t address() const { return reinterpret_cast<uintptr_t>(buffer.get()); }
};

// The value as a pid; -1 if it is none.
int32_t ToPid(int64_t value) {
  const bool fits = value >= 0 && value <= std::numeric_limits<int32_t>::max();
  return fits ? static_cast<int32_t>(value) : -1;
}

// The fields of the table besides the name.
Process ToProcess(const ProcessEntry& entry) {
  Process process;
  process.pid = ToPid(entry.pid);
  process.parent_pid = ToPid(entry.parent_pid);
  process.num_threads = entry.num_threads;
  process.session = ToPid(entry.session);
  process.resident_bytes = entry.working_set_bytes;
  process.peak_resident_bytes = entry.peak_working_set_bytes;
  process.virtual_bytes = entry.virtual_bytes;
  process.storage_read_bytes = entry.read_bytes;
  process.storage_written_bytes = entry.written_bytes;
  if (entry.creation_time > 0) {
    process.start_ticks = entry.creation_time;
    process.start_time =
        absl::UnixEpoch() + kTick * (entry.creation_time - kUnixEpochTicks);
  }
  if (entry.user_time >= 0 && entry.kernel_time >= 0) {
    process.cpu_time = kTick * entry.user_time + kTick * entry.kernel_time;
  }
  return process;
}

// Sets the parent to -1 where a process that started later has its pid. The
// processes are sorted by pid. Where the clock of the machine was set back in
// between, a parent may seem to have started later.
void DropReusedParents(std::vector<Process>& processes) {
  for (Process& process : processes) {
    const auto parent = std::lower_bound(
        processes.begin(), processes.end(), process.parent_pid,
        [](const Process& a, int32_t pid) { return a.pid < pid; });
    if (parent == processes.end() || parent->pid != process.parent_pid) {
      continue;
    }
    if (process.start_ticks >= 0 && parent->start_ticks > process.start_ticks) {
      process.parent_pid = -1;
    }
  }
}

class WindowsProcessLister : public ProcessLister {
 public:
  explicit WindowsProcessLister(std::unique_ptr<WindowsSystem> system)
      : system_(std::move(system)), account_names_(*system_) {}

  absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const override;

  int64_t kept_descriptors() const override { return 0; }
  bool CloseKeptDescriptors() const override { return false; }

 private:
  absl::StatusOr<TableBytes> ReadTable() const;

  const std::unique_ptr<WindowsSystem> system_;
  mutable AccountNames account_names_;
  mutable SystemFeatures features_;
  // The size of the next buffer, a guess from the last table.
  mutable std::atomic<size_t> next_table_bytes_{kFirstTableBytes};
};

absl::StatusOr<TableBytes> WindowsProcessLister::ReadTable() const {
  size_t capacity = next_table_bytes_.load(std::memory_order_relaxed);
  for (int i = 0; i < kTableAttempts; ++i) {
    TableBytes table;
    if (capacity <= kMaxTableBytes) {
      table.buffer.reset(new (std::nothrow) char[capacity]);
    }
    if (!table.buffer) {
      return absl::UnavailableError(
          absl::StrCat("cannot list processes: no memory for a table of ",
                       capacity, " bytes"));
    }
    const CallResult result =
        system_->ReadProcessTable({table.buffer.get(), capacity}, table.size);
    if (result == CallResult::kExhausted) {
      return absl::UnavailableError(
          "cannot list processes: the system is out of resources");
    }
    if (result == CallResult::kTooSmall) {
      capacity = WithRoom(std::max(capacity, table.size));
      continue;
    }
    if (result != CallResult::kOk || table.size > capacity) {
      return absl::InternalError(
          "cannot list processes: the system returns no process table");
    }
    next_table_bytes_.store(std::max(kFirstTableBytes, WithRoom(table.size)),
                            std::memory_order_relaxed);
    return table;
  }
  return absl::UnavailableError(
      absl::StrCat("cannot list processes: the process table grew during each "
                   "of ",
                   kTableAttempts, " reads"));
}

absl::StatusOr<ProcessSnapshot> WindowsProcessLister::List(
    const ProcessQuery& query) const {
  const ProcessFields fields = query.fields | DecisiveFields(query);
  const absl::Time taken_at = absl::Now();
  const absl::StatusOr<TableBytes> bytes = ReadTable();
  if (!bytes.ok()) return bytes.status();

  std::vector<Arena> storage(1);
  Arena& strings = storage.front();
  std::vector<Process> processes;
  ProcessTable table(bytes->view(), bytes->address());
  ProcessEntry entry;
  std::string name;
  while (table.Next(entry)) {
    const Process& process = processes.emplace_back(ToProcess(entry));
    if (process.pid < 0) {
      // No pid of Windows is that large.
      return absl::InternalError(absl::StrCat(
          "cannot list processes: the process table has the pid ", entry.pid));
    }
    if (!fields.Intersects(ProcessField::kName)) continue;
    SetUtf8(entry.utf16_name, name);
    processes.back().name = process.pid == 0 && name.empty()
                                ? std::string_view("System Idle Process")
                                : strings.Copy(name);
  }
  if (table.malformed()) {
    return absl::InternalError(absl::StrCat(
        "cannot list processes: the process table is malformed after the "
        "first ",
        processes.size(), " entries"));
  }
  std::sort(processes.begin(), processes.end(),
            [](const Process& a, const Process& b) { return a.pid < b.pid; });
  if (fields.Intersects(ProcessField::kParentPid)) {
    DropReusedParents(processes);
  }

  if (fields.Intersects(ProcessField::kUser)) account_names_.Refresh();
  DetailReader details(*system_, features_, account_names_, strings);
  std::vector<Process> found = SelectProcesses(
      query, std::move(processes), ProcessFields::All().Without(kDetails),
      [&details](Process& process, ProcessFields wanted) {
        return details.FillIn(process, wanted);
      });
  if (details.exhausted()) {
    return absl::UnavailableError(
        "cannot list processes: out of memory or handles");
  }
  return ProcessSnapshot(std::move(found), std::move(storage), taken_at);
}

}  // namespace

std::unique_ptr<ProcessLister> MakeWindowsProcessLister(
    std::unique_ptr<WindowsSystem> system) {
  return std::make_unique<WindowsProcessLister>(std::move(system));
}

}  // namespace tallyman::platform
