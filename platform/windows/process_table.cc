#include "platform/windows/process_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/little_endian.h"
#include "platform/windows/windows_layout.h"

namespace tallyman::platform {
namespace {

using Layout = ProcessEntryLayout;

// The number at `offset`; -1 if it is negative or too large.
int64_t CountAt(std::string_view bytes, size_t offset) {
  return std::max(LoadLittleEndian<int64_t>(bytes, offset), int64_t{-1});
}

}  // namespace

bool ProcessTable::Next(ProcessEntry& entry) {
  if (at_end_ || malformed_) return false;
  if (bytes_.size() - next_ < Layout::kSize) {
    malformed_ = true;
    return false;
  }
  const std::string_view bytes = bytes_.substr(next_);
  entry.pid = CountAt(bytes, Layout::kUniqueProcessId);
  entry.parent_pid = CountAt(bytes, Layout::kInheritedFromUniqueProcessId);
  entry.utf16_name =
      UnicodeStringAt(bytes_, address_, next_ + Layout::kImageName)
          .value_or(std::string_view());
  entry.num_threads =
      LoadLittleEndian<uint32_t>(bytes, Layout::kNumberOfThreads);
  entry.session = LoadLittleEndian<uint32_t>(bytes, Layout::kSessionId);
  entry.creation_time = std::max(
      LoadLittleEndian<int64_t>(bytes, Layout::kCreateTime), int64_t{0});
  entry.user_time = CountAt(bytes, Layout::kUserTime);
  entry.kernel_time = CountAt(bytes, Layout::kKernelTime);
  entry.virtual_bytes = CountAt(bytes, Layout::kVirtualSize);
  entry.working_set_bytes = CountAt(bytes, Layout::kWorkingSetSize);
  entry.peak_working_set_bytes = CountAt(bytes, Layout::kPeakWorkingSetSize);
  entry.read_bytes = CountAt(bytes, Layout::kReadTransferCount);
  entry.written_bytes = CountAt(bytes, Layout::kWriteTransferCount);

  const size_t step =
      LoadLittleEndian<uint32_t>(bytes, Layout::kNextEntryOffset);
  if (step == 0) {
    at_end_ = true;
  } else if (step < Layout::kSize || step > bytes.size()) {
    // The entry itself is whole; the next call finds no other.
    malformed_ = true;
  } else {
    next_ += step;
  }
  return true;
}

}  // namespace tallyman::platform
