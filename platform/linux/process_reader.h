// Reads one process from proc(5): which files that takes, and in which order.

#ifndef TALLYMAN_PLATFORM_LINUX_PROCESS_READER_H_
#define TALLYMAN_PLATFORM_LINUX_PROCESS_READER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/arena.h"
#include "platform/linux/proc_file_cache.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/linux/user_names.h"
#include "platform/process.h"

namespace tallyman::platform {

// The files to read for a set of fields. `status` costs the most by far, so
// `stat` and `statm` serve the fields that they have too; only `status` has the
// peak of the memory and the effective user.
class ReadPlan {
 public:
  // With `may_be_thread` the pid may be that of a thread other than a process's
  // first; only `status` shows that.
  ReadPlan(ProcessFields fields, bool may_be_thread);

  bool empty() const { return files_ == 0; }
  bool Has(ProcFile file) const { return (files_ & Bit(file)) != 0; }
  friend bool operator==(const ReadPlan& a, const ReadPlan& b) {
    return a.files_ == b.files_ && a.witness_ == b.witness_ &&
           a.checks_leader_ == b.checks_leader_ &&
           a.wants_name_ == b.wants_name_ && a.wants_user_ == b.wants_user_ &&
           a.wants_stat_ == b.wants_stat_ &&
           a.remembers_start_ == b.remembers_start_;
  }

  // The file that is opened first and read last: if that read succeeds, the
  // process existed throughout, so the other files are of the same process.
  ProcFile witness() const { return witness_; }
  bool checks_leader() const { return checks_leader_; }
  bool wants_arguments() const { return Has(ProcFile::kArguments); }
  bool wants_name() const { return wants_name_; }
  bool wants_user() const { return wants_user_; }
  bool wants_stat() const { return wants_stat_; }
  // `stat` is read for the start only, and so once for a process in the cache.
  bool remembers_start() const { return remembers_start_; }

 private:
  static constexpr uint32_t Bit(ProcFile file) {
    return 1u << static_cast<uint32_t>(file);
  }

  uint32_t files_ = 0;
  ProcFile witness_ = ProcFile::kStatus;
  bool checks_leader_ = false;
  bool wants_name_ = false;
  bool wants_user_ = false;
  bool wants_stat_ = false;
  bool remembers_start_ = false;
};

// Shared by the readers of one scan. All pointers are borrowed.
struct ReadContext {
  int proc_fd;
  int64_t ticks_per_second;
  int64_t page_bytes;
  std::optional<int64_t> boot_time;  // Unix seconds; nullopt: not read.
  UserNames* user_names;
  ProcFileCache* cache;  // Null: no file is cached.
};

// Not thread-safe: each thread has its own.
class ProcessReader {
 public:
  // `context` must outlive the reader.
  explicit ProcessReader(const ReadContext& context) : context_(context) {}

  // Fills in `process`. Uses and fills `cached`, the cache's entry of the
  // process; null reads without the cache. Returns 0 or an errno: ENOENT or
  // ESRCH if there is no such process, one of IsExhaustion() if the caller's
  // limits prevent the reading. `process` is unspecified after an error.
  int Read(const ReadPlan& plan, int32_t pid, CachedFiles* cached,
           Process& process);

  // The memory that all processes read so far point into.
  Arena TakeStrings() { return std::move(strings_); }

 private:
  class OpenFile;

  // ReadFiles(), again while the process is in the middle of an execve(2).
  int ReadAfterExec(const ReadPlan& plan, int32_t pid, CachedFiles* cached,
                    Process& process);
  int ReadFiles(const ReadPlan& plan, int32_t pid, CachedFiles* cached,
                Process& process);
  int ReadWitness(const ReadPlan& plan, int32_t pid, const OpenFile& file,
                  CachedFiles* cached, Process& process);

  void SetArguments(Process& process);
  void SetIo(Process& process) const;
  void SetOnlyInStat(const StatText& stat, Process& process) const;
  void SetStart(int64_t start_ticks, Process& process) const;
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
