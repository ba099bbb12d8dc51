#include "platform/macos/process_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"

namespace tallyman::platform {
namespace {

// Processes that the first buffer has room for. A page that the system does not
// write costs no memory.
constexpr size_t kMinCapacity = 1024;

// More than there are pids: PID_MAX of XNU's bsd/sys/proc_internal.h is 99,999.
constexpr size_t kMaxCapacity = size_t{1} << 17;

constexpr size_t kGrowth = 4;

}  // namespace

absl::StatusOr<ProcessTable> ProcessTable::Read(const MacosSystem& system,
                                                size_t expected) {
  // Room for processes that start between two lists.
  size_t capacity =
      std::clamp(expected + expected / 8, kMinCapacity, kMaxCapacity);
  while (true) {
    const size_t bytes = capacity * KinfoProcLayout::kSize;
    std::unique_ptr<char[]> buffer(new char[bytes]);
    const absl::StatusOr<size_t> size =
        system.ReadProcessTable(absl::MakeSpan(buffer.get(), bytes));
    if (size.ok() && *size <= bytes) return Parse(std::move(buffer), *size);
    if (!absl::IsResourceExhausted(size.status())) {
      return absl::InternalError(
          absl::StrCat("cannot list processes: ",
                       size.ok() ? "the process table is larger than its buffer"
                                 : size.status().message()));
    }
    if (capacity == kMaxCapacity) {
      return absl::UnavailableError(
          absl::StrCat("cannot list processes: the process table does not fit "
                       "into ",
                       bytes, " bytes"));
    }
    capacity = std::min(capacity * kGrowth, kMaxCapacity);
  }
}

absl::StatusOr<ProcessTable> ProcessTable::Parse(std::unique_ptr<char[]> bytes,
                                                 size_t size) {
  constexpr size_t kSize = KinfoProcLayout::kSize;
  // The system writes whole records only: another size is another layout.
  if (size % kSize != 0) {
    return absl::InternalError(
        absl::StrCat("cannot list processes: a process table of ", size,
                     " bytes is no array of records of ", kSize, " bytes"));
  }
  std::vector<ProcessRecord> records;
  records.reserve(size / kSize);
  for (size_t at = 0; at < size; at += kSize) {
    const std::optional<ProcessRecord> record =
        ParseProcessRecord(std::string_view(bytes.get() + at, kSize));
    if (record) records.push_back(*record);
  }
  if (records.empty()) {
    return absl::InternalError(
        "cannot list processes: the process table is empty");
  }
  std::sort(records.begin(), records.end(),
            [](const ProcessRecord& a, const ProcessRecord& b) {
              return a.pid < b.pid;
            });
  records.erase(std::unique(records.begin(), records.end(),
                            [](const ProcessRecord& a, const ProcessRecord& b) {
                              return a.pid == b.pid;
                            }),
                records.end());
  return ProcessTable(std::move(bytes), std::move(records));
}

const ProcessRecord* ProcessTable::Find(int32_t pid) const {
  const auto found =
      std::lower_bound(records_.begin(), records_.end(), pid,
                       [](const ProcessRecord& record, int32_t key) {
                         return record.pid < key;
                       });
  return found != records_.end() && found->pid == pid ? &*found : nullptr;
}

}  // namespace tallyman::platform
