// Linux: processes from proc(5).
//
// Of each process the files are read through a descriptor of its directory, in
// the order cmdline, io, stat, status. The descriptor ties them to one process,
// whatever becomes of its pid, and `status` comes last: if it can be read, the
// process was there all along and what was read before belongs to it; if it is
// gone, the process is left out.

#include "platform/process_lister.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/arena.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/linux/user_names.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// A thread is worth starting for about this many processes: reading one takes
// some ten microseconds, starting a thread some tens.
constexpr size_t kProcessesPerThread = 128;

// Processes that a thread takes at a time.
constexpr size_t kBatch = 32;

// How often to look for the arguments of a process that seems to be executing
// another program just now.
constexpr int kArgumentAttempts = 4;

// Fields by the file that holds them.
constexpr ProcessFields kStatusFields =
    ProcessFields(ProcessField::kName) | ProcessField::kNumThreads |
    ProcessField::kState | ProcessField::kResidentBytes |
    ProcessField::kPeakResidentBytes | ProcessField::kUser |
    ProcessField::kParentPid | ProcessField::kVirtualBytes;
constexpr ProcessFields kStatFields =
    ProcessField::kStartTime | ProcessField::kCpuTime;

bool IsGone(int error) { return error == ENOENT || error == ESRCH; }

// The argument vector as the file holds it, without the NULs at its end: the
// last argument's own, and what setproctitle(3) pads with.
std::string_view TrimArguments(std::string_view cmdline) {
  const size_t last = cmdline.find_last_not_of('\0');
  return last == std::string_view::npos ? std::string_view()
                                        : cmdline.substr(0, last + 1);
}

// One scan: what it looks for and what its threads share.
struct Scan {
  int proc_fd;
  ProcessFields fields;
  bool verify_leader;  // True if a pid may be that of a thread.
  int64_t ticks_per_second;
  std::optional<int64_t> boot_time;
  UserNames* user_names;

  std::vector<int32_t> pids;
  std::vector<Process> processes;  // By index of `pids`; pid 0: not there.
  std::atomic<size_t> next = 0;
  std::atomic<int> failure = 0;  // An errno that ends the scan.
};

// What one thread of a scan needs for itself.
class Worker {
 public:
  explicit Worker(Scan& scan) : scan_(scan) {}

  // Takes batches until none is left or the scan has failed.
  void Run() {
    while (scan_.failure.load(std::memory_order_relaxed) == 0) {
      const size_t begin = scan_.next.fetch_add(kBatch);
      if (begin >= scan_.pids.size()) return;
      const size_t end = std::min(begin + kBatch, scan_.pids.size());
      for (size_t i = begin; i < end; ++i) {
        const int error = ReadProcess(scan_.pids[i], scan_.processes[i]);
        if (error == 0) continue;
        scan_.processes[i] = Process();
        if (IsExhaustion(error)) scan_.failure.store(error);
      }
    }
  }

  Arena TakeStrings() { return std::move(strings_); }

 private:
  bool Wants(ProcessFields fields) const {
    return scan_.fields.Intersects(fields);
  }

  // Fills in `process`; or returns an errno, ESRCH if it is not there.
  int ReadProcess(int32_t pid, Process& process);

  // All files that are wanted, `status` last.
  int ReadFiles(int32_t pid, int dir, Process& process);
  // True for a process that has an address space but no arguments, as in the
  // middle of an execve(2). (Or because it wants it so: setproctitle(3).)
  bool IsInExec(const Process& process) const;

  int ReadArguments(int dir, Process& process);
  int ReadIo(int dir, Process& process);
  int ReadStat(int dir, Process& process);
  void SetFromStatus(const StatusText& status, Process& process);
  std::string_view UserName(uint32_t uid);

  Scan& scan_;
  ReadBuffer buffer_;
  Arena strings_;
  std::vector<std::pair<uint32_t, std::string_view>> users_;
};

int Worker::ReadProcess(int32_t pid, Process& process) {
  process.pid = pid;
  const bool wants_status = Wants(kStatusFields) || scan_.verify_leader;
  if (!wants_status && !Wants(kStatFields) &&
      !Wants(ProcessField::kArguments | ProcessField::kStorageIo)) {
    return 0;
  }
  char name[16];
  *std::to_chars(name, name + sizeof(name) - 1, pid).ptr = '\0';
  const FileDescriptor dir(
      openat(scan_.proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir.valid()) return errno;

  int error = ReadFiles(pid, dir.get(), process);
  for (int i = 1; i < kArgumentAttempts && error == 0 && IsInExec(process);
       ++i) {
    std::this_thread::yield();
    error = ReadFiles(pid, dir.get(), process);
  }
  return error;
}

bool Worker::IsInExec(const Process& process) const {
  return Wants(ProcessField::kArguments) && process.arguments.empty() &&
         process.virtual_bytes > 0;
}

int Worker::ReadFiles(int32_t pid, int dir, Process& process) {
  // An unreadable file costs its own fields only; whether the process is still
  // there is for the last file to say.
  int error = 0;
  if (Wants(ProcessField::kArguments)) error = ReadArguments(dir, process);
  if (IsExhaustion(error)) return error;
  if (Wants(ProcessField::kStorageIo)) error = ReadIo(dir, process);
  if (IsExhaustion(error)) return error;
  if (Wants(kStatFields)) error = ReadStat(dir, process);
  if (IsExhaustion(error)) return error;

  error = buffer_.ReadFile(dir, "status");
  if (IsGone(error) || IsExhaustion(error)) return error;
  const std::optional<StatusText> status =
      error == 0 ? ParseStatus(buffer_.text()) : std::nullopt;
  if (!status) return 0;  // Not readable: there, and little more is known.
  if (scan_.verify_leader && status->thread_group_id != pid) {
    return ESRCH;
  }
  SetFromStatus(*status, process);
  // What ended after its arguments were read has none any more: they go with
  // the address space, and a process is shown as it was at one moment.
  if (status->virtual_bytes == 0) process.arguments = {};
  return 0;
}

int Worker::ReadArguments(int dir, Process& process) {
  const int error = buffer_.ReadFile(dir, "cmdline");
  if (error == 0) {
    process.arguments = strings_.Copy(TrimArguments(buffer_.text()));
  }
  return error;
}

int Worker::ReadIo(int dir, Process& process) {
  const int error = buffer_.ReadFile(dir, "io");
  if (error != 0) return error;
  if (const std::optional<IoText> io = ParseIo(buffer_.text())) {
    process.storage_read_bytes = io->read_bytes;
    process.storage_written_bytes = io->written_bytes;
  }
  return 0;
}

int Worker::ReadStat(int dir, Process& process) {
  const int error = buffer_.ReadFile(dir, "stat");
  if (error != 0) return error;
  const std::optional<StatText> stat = ParseStat(buffer_.text());
  if (!stat) return 0;
  const int64_t per_second = scan_.ticks_per_second;
  process.cpu_time =
      (absl::Seconds(stat->user_ticks) + absl::Seconds(stat->system_ticks)) /
      per_second;
  process.start_ticks = stat->start_ticks;
  if (scan_.boot_time) {
    process.start_time = absl::FromUnixSeconds(*scan_.boot_time) +
                         absl::Seconds(stat->start_ticks) / per_second;
  }
  return 0;
}

void Worker::SetFromStatus(const StatusText& status, Process& process) {
  if (Wants(ProcessField::kName)) {
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
  if (Wants(ProcessField::kUser) && status.effective_uid) {
    process.user = UserName(*status.effective_uid);
  }
}

std::string_view Worker::UserName(uint32_t uid) {
  for (const auto& [known, name] : users_) {
    if (known == uid) return name;
  }
  return users_.emplace_back(uid, strings_.Copy(scan_.user_names->Name(uid)))
      .second;
}

class LinuxProcessLister : public ProcessLister {
 public:
  LinuxProcessLister(FileDescriptor proc, size_t max_threads,
                     UserNames::Lookup user_name)
      : proc_(std::move(proc)),
        max_threads_(max_threads),
        ticks_per_second_(sysconf(_SC_CLK_TCK)),
        user_names_(std::move(user_name)) {}

  absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const override;

 private:
  absl::StatusOr<std::vector<int32_t>> PidsOf(const ProcessQuery& query) const;

  const FileDescriptor proc_;
  const size_t max_threads_;
  const int64_t ticks_per_second_;
  mutable UserNames user_names_;
};

absl::StatusOr<std::vector<int32_t>> LinuxProcessLister::PidsOf(
    const ProcessQuery& query) const {
  if (!query.pids) return ReadPids(proc_.get());
  std::vector<int32_t> pids = *query.pids;
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::List(
    const ProcessQuery& query) const {
  const absl::Time taken_at = absl::Now();
  absl::StatusOr<std::vector<int32_t>> pids = PidsOf(query);
  if (!pids.ok()) return pids.status();

  Scan scan{.proc_fd = proc_.get(),
            .fields = query.fields,
            .verify_leader = query.pids.has_value(),
            .ticks_per_second = ticks_per_second_,
            .boot_time = std::nullopt,
            .user_names = &user_names_,
            .pids = *std::move(pids),
            .processes = {}};
  scan.processes.resize(scan.pids.size());
  if (query.fields.Intersects(ProcessField::kUser)) user_names_.Refresh();
  if (query.fields.Intersects(ProcessField::kStartTime)) {
    ReadBuffer buffer;
    const int error = buffer.ReadFile(proc_.get(), "stat");
    if (IsExhaustion(error)) return ListingError(error);
    if (error == 0) scan.boot_time = ParseBootTime(buffer.text());
  }

  const size_t num_workers = std::clamp<size_t>(
      scan.pids.size() / kProcessesPerThread, 1, max_threads_);
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < num_workers; ++i) {
    workers.push_back(std::make_unique<Worker>(scan));
  }
  {
    std::vector<std::jthread> threads;
    try {
      for (size_t i = 1; i < num_workers; ++i) {
        threads.emplace_back(&Worker::Run, workers[i].get());
      }
    } catch (const std::system_error&) {
      // No more threads to be had: those that run do it all.
    }
    workers[0]->Run();
  }
  if (const int failure = scan.failure.load(); failure != 0) {
    return ListingError(failure);
  }

  std::erase_if(scan.processes,
                [](const Process& process) { return process.pid == 0; });
  std::vector<Arena> storage;
  storage.reserve(workers.size());
  for (const std::unique_ptr<Worker>& worker : workers) {
    storage.push_back(worker->TakeStrings());
  }
  return ProcessSnapshot(std::move(scan.processes), std::move(storage),
                         taken_at);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options options) {
  FileDescriptor proc(
      open(options.proc_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot list processes: \"",
                                                   options.proc_root, "\""));
  }
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  const size_t max_threads = options.max_threads > 0
                                 ? static_cast<size_t>(options.max_threads)
                                 : processors;
  return std::make_unique<LinuxProcessLister>(std::move(proc), max_threads,
                                              std::move(options.user_name));
}

}  // namespace tallyman::platform
