// Reads one process from proc(5): which files that takes, and in which order.

#ifndef TALLYMAN_PLATFORM_LINUX_PROCESS_READER_H_
#define TALLYMAN_PLATFORM_LINUX_PROCESS_READER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/arena.h"
#include "platform/linux/kept_files.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/linux/user_names.h"
#include "platform/process.h"

namespace tallyman::platform {

// The files that hold some fields. `status` is by far the dearest to read, so
// `stat` and `statm` are read for what they hold as well; it is the only one
// with the peak of the memory and the effective user.
class ReadPlan {
 public:
  // Where `may_be_thread` the pid may be one of a thread that leads no process,
  // which only `status` tells.
  ReadPlan(ProcessFields fields, bool may_be_thread);

  bool empty() const { return files_ == 0; }
  bool Has(ProcFile file) const { return (files_ & Bit(file)) != 0; }
  bool operator==(const ReadPlan& other) const = default;

  // The file that is opened first and read last: if it can be read, the process
  // was there all along, and what was read in between belongs to it.
  ProcFile witness() const { return witness_; }
  bool checks_leader() const { return checks_leader_; }
  bool wants_arguments() const { return Has(ProcFile::kArguments); }
  bool wants_name() const { return wants_name_; }
  bool wants_user() const { return wants_user_; }
  bool wants_times() const { return wants_times_; }

 private:
  static constexpr uint32_t Bit(ProcFile file) {
    return 1u << static_cast<uint32_t>(file);
  }

  uint32_t files_ = 0;
  ProcFile witness_ = ProcFile::kStatus;
  bool checks_leader_ = false;
  bool wants_name_ = false;
  bool wants_user_ = false;
  bool wants_times_ = false;
};

// What the readers of one scan have in common.
struct ReadContext {
  int proc_fd;
  int64_t ticks_per_second;
  int64_t page_bytes;
  std::optional<int64_t> boot_time;
  UserNames* user_names;
  KeptFileTable* kept;
};

// Not thread-safe: each thread has its own.
class ProcessReader {
 public:
  // `context` must outlive the reader.
  explicit ProcessReader(const ReadContext& context) : context_(context) {}

  // Fills in `process`; 0, or an errno: ENOENT or ESRCH if it is not there,
  // IsExhaustion() if that can't be said. Uses and adds to what is kept of it;
  // null: keeps nothing. `process` is unspecified after an error.
  int Read(const ReadPlan& plan, int32_t pid, KeptFiles* kept,
           Process& process);

  // The strings of all processes that were read.
  Arena TakeStrings() { return std::move(strings_); }

 private:
  class OpenFile;

  int ReadPatiently(const ReadPlan& plan, int32_t pid, KeptFiles* kept,
                    Process& process);
  int ReadFiles(const ReadPlan& plan, int32_t pid, KeptFiles* kept,
                Process& process);
  int ReadWitness(const ReadPlan& plan, int32_t pid, const OpenFile& file,
                  KeptFiles* kept, Process& process);

  void SetArguments(Process& process);
  void SetIo(Process& process) const;
  void SetTimes(const StatText& stat, Process& process) const;
  void SetFromStat(const ReadPlan& plan, const StatText& stat,
                   Process& process);
  void SetFromStatm(Process& process) const;
  void SetFromStatus(const ReadPlan& plan, const StatusText& status,
                     Process& process);
  std::string_view UserName(uint32_t uid);

  const ReadContext& context_;
  ReadBuffer buffer_;
  Arena strings_;
  std::vector<std::pair<uint32_t, std::string_view>> users_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PROCESS_READER_H_
