#include "platform/macos/macos_process_lister.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/arena.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"
#include "platform/macos/process_filler.h"
#include "platform/macos/process_table.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/process_selection.h"

namespace tallyman::platform {
namespace {

// The fields of a ProcessRecord. The user is not among them: its name may take
// a lookup. Neither is the state: that of most processes takes a call.
constexpr ProcessFields kTableFields =
    ProcessFields(ProcessField::kName) | ProcessField::kParentPid |
    ProcessField::kStartTime | ProcessField::kNice;

Process FromRecord(const ProcessRecord& record) {
  Process process;
  process.pid = record.pid;
  process.parent_pid = record.parent_pid;
  process.name = record.name;
  process.nice = record.nice;
  process.start_ticks = record.start_microseconds;
  if (record.start_microseconds >= 0) {
    process.start_time = absl::FromUnixMicros(record.start_microseconds);
  }
  return process;
}

class MacosProcessLister : public ProcessLister {
 public:
  MacosProcessLister(std::unique_ptr<MacosSystem> system, Options options)
      : system_(std::move(system)), user_name_(std::move(options.user_name)) {}

  absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const override;

  int64_t kept_descriptors() const override { return 0; }
  bool CloseKeptDescriptors() const override { return false; }

 private:
  const std::unique_ptr<const MacosSystem> system_;
  const ProcessFiller::UserNameLookup user_name_;
  // The size of the table at the last list: a hint for the next buffer.
  mutable std::atomic<size_t> num_processes_ = 0;
};

absl::StatusOr<ProcessSnapshot> MacosProcessLister::List(
    const ProcessQuery& query) const {
  const absl::Time taken_at = absl::Now();
  const absl::StatusOr<ProcessTable> table = ProcessTable::Read(
      *system_, num_processes_.load(std::memory_order_relaxed));
  if (!table.ok()) return table.status();
  const size_t num_processes = table->records().size();
  num_processes_.store(num_processes, std::memory_order_relaxed);

  std::vector<Process> all;
  all.reserve(num_processes);
  for (const ProcessRecord& record : table->records()) {
    all.push_back(FromRecord(record));
  }
  std::vector<Arena> storage(1);
  Arena& strings = storage[0];
  ProcessFiller filler(*system_, user_name_, *table, strings);
  const auto fill_in = [&filler](Process& process, ProcessFields fields) {
    return filler.Fill(process, fields);
  };
  std::vector<Process> found =
      SelectProcesses(query, std::move(all), kTableFields, fill_in);
  // The names point into the table.
  for (Process& process : found) process.name = strings.Copy(process.name);
  return ProcessSnapshot(std::move(found), std::move(storage), taken_at);
}

}  // namespace

std::unique_ptr<ProcessLister> MakeMacosProcessLister(
    std::unique_ptr<MacosSystem> system, ProcessLister::Options options) {
  return std::make_unique<MacosProcessLister>(std::move(system),
                                              std::move(options));
}

}  // namespace tallyman::platform
