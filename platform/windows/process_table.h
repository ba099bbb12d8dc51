// Parses the table of all processes that NtQuerySystemInformation() returns for
// SystemProcessInformation (windows_layout.h).
//
//   ProcessTable table(bytes, address);
//   ProcessEntry entry;
//   while (table.Next(entry)) Use(entry);
//   if (table.malformed()) return Error();

#ifndef TALLYMAN_PLATFORM_WINDOWS_PROCESS_TABLE_H_
#define TALLYMAN_PLATFORM_WINDOWS_PROCESS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallyman::platform {

// One process. Numbers that do not fit, such as sizes from 2^63 on, are -1.
struct ProcessEntry {
  int64_t pid = -1;
  int64_t parent_pid = -1;
  // The image name in UTF-16, a part of the table; empty for pid 0, and if its
  // bytes are not in the table.
  std::string_view utf16_name;
  int64_t num_threads = -1;
  uint32_t session = 0;
  // 100 ns since 1601; 0 if the process has none (pid 0).
  int64_t creation_time = 0;
  // Processor time in 100 ns; -1 if unknown.
  int64_t user_time = -1;
  int64_t kernel_time = -1;
  // Bytes.
  int64_t virtual_bytes = -1;
  int64_t working_set_bytes = -1;
  int64_t peak_working_set_bytes = -1;
  // Bytes of all reads and writes of the process: of files, pipes, sockets and
  // devices, from caches and disks (IO_COUNTERS in Microsoft's documentation).
  int64_t read_bytes = -1;
  int64_t written_bytes = -1;
};

// Reads the entries from first to last, and nothing outside of the bytes.
// Not thread-safe.
class ProcessTable {
 public:
  // The first byte of the table had `address` when the system wrote it.
  // `bytes` must outlive the object and the names of the entries.
  ProcessTable(std::string_view bytes, uint64_t address)
      : bytes_(bytes), address_(address) {}

  // False after the last entry, and if the rest is malformed.
  bool Next(ProcessEntry& entry);

  // True if the table ends within an entry or its offsets are wrong: there may
  // be processes that Next() did not return.
  bool malformed() const { return malformed_; }

 private:
  const std::string_view bytes_;
  const uint64_t address_;
  size_t next_ = 0;  // The offset of the next entry.
  bool at_end_ = false;
  bool malformed_ = false;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_PROCESS_TABLE_H_
