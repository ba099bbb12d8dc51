#include "platform/linux/process_reader.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>

#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/cgroup_text.h"
#include "platform/linux/proc_file_cache.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// How often to read a process that seems to be in the middle of an execve(2),
// when it has no arguments.
constexpr int kArgumentAttempts = 4;

// Fields that only one file has, and fields that two files have. `status`,
// `stat` and `statm` all have the sizes of the memory; arguments, io and
// cgroup have files of their own.
constexpr ProcessFields kOnlyInStatus =
    ProcessField::kPeakResidentBytes | ProcessField::kUser;
constexpr ProcessFields kOnlyInStat =
    ProcessFields(ProcessField::kStartTime) | ProcessField::kCpuTime |
    ProcessField::kSession | ProcessField::kNice;
constexpr ProcessFields kInStatusAndStat =
    ProcessFields(ProcessField::kName) | ProcessField::kNumThreads |
    ProcessField::kState | ProcessField::kParentPid;

// By ProcFile.
constexpr std::array<std::string_view, kNumProcFiles> kFileNames = {
    "/cmdline", "/io", "/stat", "/statm", "/status", "/cgroup"};

// A cached file is of an earlier process with the pid, or of an earlier owner.
constexpr int kOutOfDate = ESTALE;

bool IsGone(int error) { return error == ENOENT || error == ESRCH; }

// The argument vector without the NULs at its end: the terminator of the last
// argument, and the padding of setproctitle(3).
std::string_view TrimArguments(std::string_view cmdline) {
  const size_t last = cmdline.find_last_not_of('\0');
  return last == std::string_view::npos ? std::string_view()
                                        : cmdline.substr(0, last + 1);
}

// True for a process that has an address space but no arguments: in the middle
// of an execve(2), or after it cleared them itself (setproctitle(3)).
bool IsInExec(const ReadPlan& plan, const Process& process) {
  return plan.wants_arguments() && process.arguments.empty() &&
         process.virtual_bytes > 0;
}

}  // namespace

ReadPlan::ReadPlan(ProcessFields fields, bool may_be_thread)
    : wants_name_(fields.Intersects(ProcessField::kName)),
      wants_user_(fields.Intersects(ProcessField::kUser)),
      wants_stat_(fields.Intersects(kOnlyInStat)) {
  if (fields.empty() && !may_be_thread) return;
  checks_leader_ = may_be_thread;
  if (fields.Intersects(ProcessField::kArguments)) {
    files_ |= Bit(ProcFile::kArguments);
  }
  if (fields.Intersects(ProcessField::kStorageIo)) files_ |= Bit(ProcFile::kIo);
  if (fields.Intersects(ProcessField::kCgroup)) {
    files_ |= Bit(ProcFile::kCgroup);
  }
  if (wants_stat_) files_ |= Bit(ProcFile::kStat);
  if (may_be_thread || fields.Intersects(kOnlyInStatus)) {
    witness_ = ProcFile::kStatus;
  } else if (fields.Intersects(kOnlyInStat | kInStatusAndStat)) {
    witness_ = ProcFile::kStat;
  } else {
    // The cheapest, and it shows whether there is an address space, without
    // which there are no arguments.
    witness_ = ProcFile::kStatm;
  }
  files_ |= Bit(witness_);
  remembers_start_ =
      wants_stat_ && witness_ != ProcFile::kStat &&
      !fields.Intersects(kOnlyInStat.Without(ProcessField::kStartTime));
  // The resident size in `stat` is an estimate (proc_pid_stat(5)), up to some
  // hundred KiB from the others.
  if (witness_ == ProcFile::kStat &&
      fields.Intersects(ProcessField::kResidentBytes)) {
    files_ |= Bit(ProcFile::kStatm);
  }
}

// An open file of a process, which the cache or this object owns.
class ProcessReader::OpenFile {
 public:
  OpenFile(const ReadContext& context, int32_t pid, ProcFile file,
           CachedFiles* cached) {
    const auto index = static_cast<size_t>(file);
    if (cached != nullptr && cached->fds[index] >= 0) {
      fd_ = cached->fds[index];
      from_cache_ = true;
      return;
    }
    std::array<char, 32> path;
    char* const end =
        std::to_chars(path.data(), path.data() + path.size(), pid).ptr;
    std::memcpy(end, kFileNames[index].data(), kFileNames[index].size());
    end[kFileNames[index].size()] = '\0';
    owned_ = base::UniqueFd(
        openat(context.proc_fd, path.data(), O_RDONLY | O_CLOEXEC));
    if (!owned_.valid()) {
      error_ = errno;
      return;
    }
    fd_ = owned_.get();
    if (cached != nullptr && context.cache->Add(file, fd_, *cached)) {
      owned_.release();
    }
  }

  // 0, or the errno of open(2).
  int error() const { return error_; }

  // Whether an earlier scan opened the file.
  bool from_cache() const { return from_cache_; }

  // 0 or an errno; kOutOfDate if the file was in the cache and its process is
  // gone.
  int Read(ReadBuffer& buffer) const {
    if (error_ != 0) return error_;
    const int error = buffer.ReadFrom(fd_);
    return from_cache_ && IsGone(error) ? kOutOfDate : error;
  }

 private:
  base::UniqueFd owned_;  // Invalid if the cache owns the file.
  int fd_ = -1;
  int error_ = 0;
  bool from_cache_ = false;
};

int ProcessReader::Read(const ReadPlan& plan, int32_t pid, CachedFiles* cached,
                        Process& process) {
  process.pid = pid;
  if (plan.empty()) return 0;
  int error = ReadAfterExec(plan, pid, cached, process);
  if (error == kOutOfDate) {
    // Another process may have the pid: open the files anew.
    context_.cache->Evict(*cached);
    process = Process();
    process.pid = pid;
    error = ReadAfterExec(plan, pid, cached, process);
    // That process has ended as well, or its owner changed again.
    if (error == kOutOfDate) error = ESRCH;
  }
  if (error != 0 && cached != nullptr) context_.cache->Evict(*cached);
  return error;
}

int ProcessReader::ReadAfterExec(const ReadPlan& plan, int32_t pid,
                                 CachedFiles* cached, Process& process) {
  int error = ReadFiles(plan, pid, cached, process);
  for (int i = 1;
       i < kArgumentAttempts && error == 0 && IsInExec(plan, process); ++i) {
    std::this_thread::yield();
    error = ReadFiles(plan, pid, cached, process);
  }
  return error;
}

int ProcessReader::ReadFiles(const ReadPlan& plan, int32_t pid,
                             CachedFiles* cached, Process& process) {
  const OpenFile witness(context_, pid, plan.witness(), cached);
  if (IsGone(witness.error()) || IsExhaustion(witness.error())) {
    return witness.error();
  }
  for (const ProcFile file :
       {ProcFile::kArguments, ProcFile::kIo, ProcFile::kStat, ProcFile::kStatm,
        ProcFile::kCgroup}) {
    if (!plan.Has(file) || file == plan.witness()) continue;
    const bool is_start = file == ProcFile::kStat && plan.remembers_start();
    if (is_start && witness.from_cache() && cached->start_ticks >= 0) {
      // The witness shows that it is still the same process.
      SetStart(cached->start_ticks, process);
      continue;
    }
    // An unreadable file costs its own fields only; the witness shows whether
    // the process still exists.
    const int error = OpenFile(context_, pid, file, is_start ? nullptr : cached)
                          .Read(buffer_);
    if (IsExhaustion(error) || error == kOutOfDate) return error;
    if (error != 0) continue;
    if (file == ProcFile::kArguments) {
      SetArguments(process);
    } else if (file == ProcFile::kIo) {
      SetIo(process);
    } else if (file == ProcFile::kStatm) {
      SetFromStatm(process);
    } else if (file == ProcFile::kCgroup) {
      process.cgroup = strings_.Copy(FindProcessCgroup(buffer_.text()));
    } else if (const auto stat = ParseStat(buffer_.text())) {
      SetOnlyInStat(*stat, process);
      if (cached != nullptr && cached->has_any) {
        cached->start_ticks = stat->start_ticks;
      }
    }
  }
  return ReadWitness(plan, pid, witness, cached, process);
}

int ProcessReader::ReadWitness(const ReadPlan& plan, int32_t pid,
                               const OpenFile& file, CachedFiles* cached,
                               Process& process) {
  const int error = file.Read(buffer_);
  if (IsGone(error) || IsExhaustion(error) || error == kOutOfDate) return error;
  // The process exists, but the caller may not read this file (hidepid).
  if (error != 0) return 0;
  if (plan.witness() == ProcFile::kStatus) {
    const std::optional<StatusText> status = ParseStatus(buffer_.text());
    if (!status) return 0;
    if (plan.checks_leader() && status->thread_group_id != pid) return ESRCH;
    if (cached != nullptr && cached->has_any) {
      // The permission to open the files depends on the owner.
      if (!cached->owner) cached->owner = status->effective_uid;
      if (cached->owner != status->effective_uid) return kOutOfDate;
    }
    SetFromStatus(plan, *status, process);
  } else if (plan.witness() == ProcFile::kStat) {
    const std::optional<StatText> stat = ParseStat(buffer_.text());
    if (!stat) return 0;
    SetFromStat(plan, *stat, process);
    if (plan.wants_stat()) SetOnlyInStat(*stat, process);
  } else {
    SetFromStatm(process);
  }
  // The process gave up its address space, and with it its arguments, after
  // they were read. All fields are to be of one moment.
  if (process.virtual_bytes == 0) process.arguments = {};
  return 0;
}

void ProcessReader::SetArguments(Process& process) {
  process.arguments = strings_.Copy(TrimArguments(buffer_.text()));
}

void ProcessReader::SetIo(Process& process) const {
  if (const std::optional<IoText> io = ParseIo(buffer_.text())) {
    process.storage_read_bytes = io->read_bytes;
    process.storage_written_bytes = io->written_bytes;
  }
}

void ProcessReader::SetOnlyInStat(const StatText& stat,
                                  Process& process) const {
  const int64_t per_second = context_.ticks_per_second;
  process.cpu_time =
      (absl::Seconds(stat.user_ticks) + absl::Seconds(stat.system_ticks)) /
      per_second;
  process.session = stat.session;
  process.nice = stat.nice;
  SetStart(stat.start_ticks, process);
}

void ProcessReader::SetStart(int64_t start_ticks, Process& process) const {
  process.start_ticks = start_ticks;
  if (context_.boot_time) {
    process.start_time = absl::FromUnixSeconds(*context_.boot_time) +
                         absl::Seconds(start_ticks) / context_.ticks_per_second;
  }
}

// The fields that SetFromStatus() would set the same.
void ProcessReader::SetFromStat(const ReadPlan& plan, const StatText& stat,
                                Process& process) {
  if (plan.wants_name()) process.name = strings_.Copy(stat.name);
  process.state = stat.state;
  process.parent_pid = stat.parent_pid;
  process.num_threads = stat.num_threads;
  process.virtual_bytes = stat.virtual_bytes;
  // It was read in between, and the address space may be gone since.
  if (stat.virtual_bytes == 0) process.resident_bytes = 0;
}

void ProcessReader::SetFromStatm(Process& process) const {
  if (const std::optional<StatmText> statm = ParseStatm(buffer_.text())) {
    process.virtual_bytes = statm->virtual_pages * context_.page_bytes;
    process.resident_bytes = statm->resident_pages * context_.page_bytes;
  }
}

void ProcessReader::SetFromStatus(const ReadPlan& plan,
                                  const StatusText& status, Process& process) {
  if (plan.wants_name()) {
    const std::string_view escaped = strings_.Copy(status.escaped_name);
    // The copy is this scan's own and unescaping never makes it longer.
    process.name =
        escaped.find('\\') == std::string_view::npos
            ? escaped
            : UnescapeName(escaped, const_cast<char*>(escaped.data()));
  }
  process.state = status.state;
  process.parent_pid = status.parent_pid;
  process.num_threads = status.num_threads;
  process.resident_bytes = status.resident_bytes;
  process.peak_resident_bytes = status.peak_resident_bytes;
  process.virtual_bytes = status.virtual_bytes;
  if (plan.wants_user() && status.effective_uid) {
    process.user = UserName(*status.effective_uid);
  }
}

std::string_view ProcessReader::UserName(uint32_t uid) {
  for (const auto& [known, name] : users_) {
    if (known == uid) return name;
  }
  return users_.emplace_back(uid, strings_.Copy(context_.user_names->Name(uid)))
      .second;
}

}  // namespace tallyman::platform
