// Linux: processes from proc(5). This file decides which processes a query
// reads, and which of their fields; process_reader.h reads one process, and
// proc_file_cache.h keeps files open between scans.

#include "platform/process_lister.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/idle_timer.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/proc_file_cache.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/linux/process_reader.h"
#include "platform/linux/scan.h"
#include "platform/linux/user_names.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// The least processes that one step of a query with a condition and a limit
// reads: few processes may meet the condition.
constexpr size_t kChunk = 256;

// A list of fewer processes reads only the pids that it needs, and leaves the
// cache of open files alone.
constexpr size_t kFewProcesses = 256;

// Reads the processes that a query asks for, and as little of the others as
// possible.
class Selection {
 public:
  Selection(const ProcessQuery& query, Scan& scan, size_t num_pids)
      : query_(query),
        scan_(scan),
        num_pids_(num_pids),
        limit_(query.limit),
        plan_(query.fields | DecisiveFields(query), query.pids.has_value()) {}

  // 0, or an errno for which IsExhaustion() is true.
  int Run() {
    std::vector<size_t> all(num_pids_);
    std::iota(all.begin(), all.end(), size_t{0});
    if (query_.order && limit_ < num_pids_) return ReadBest(all);
    const ReadPlan test(query_.condition_fields, query_.pids.has_value());
    const bool test_first = query_.condition && !(test == plan_);
    if (const int error = ReadFirst(all, test_first ? &test : nullptr)) {
      return error;
    }
    if (query_.order) Sort(found_);
    return 0;
  }

  std::vector<Process> TakeFound() { return std::move(found_); }

 private:
  // Reads every field of the query, of processes in order, until the limit is
  // reached. With `test`, reads the fields of the condition first: most
  // processes are expected to fail it.
  int ReadFirst(absl::Span<const size_t> indices, const ReadPlan* test) {
    const Scan::Pass pass = {
        .plan = plan_, .condition = Condition(), .test = test};
    while (!indices.empty() && found_.size() < limit_) {
      size_t count = limit_ - found_.size();
      if (query_.condition) count = std::max(count, kChunk);
      const absl::Span<const size_t> next = indices.subspan(0, count);
      if (const int error = scan_.Read(pass, next, found_)) return error;
      indices.remove_prefix(next.size());
    }
    if (found_.size() > limit_) found_.resize(limit_);
    return 0;
  }

  // Reads the decisive fields of all processes, and then every field of those
  // that come first. The list shows only the second reading, so the fields of a
  // process are of one moment.
  int ReadBest(absl::Span<const size_t> all) {
    const ReadPlan rank(DecisiveFields(query_), query_.pids.has_value());
    std::vector<Process> ranked;
    const Scan::Pass pass = {.plan = rank, .condition = Condition()};
    if (const int error = scan_.Read(pass, all, ranked)) return error;
    Sort(ranked);
    if (rank == plan_) {
      found_ = std::move(ranked);
      if (found_.size() > limit_) found_.resize(limit_);
      return 0;
    }
    const int error = ReadFirst(scan_.IndicesOf(ranked), nullptr);
    Sort(found_);
    return error;
  }

  const std::function<bool(const Process&)>* Condition() const {
    return query_.condition ? &query_.condition : nullptr;
  }

  void Sort(std::vector<Process>& processes) const {
    std::sort(processes.begin(), processes.end(),
              [this](const Process& a, const Process& b) {
                if (query_.order(a, b)) return true;
                if (query_.order(b, a)) return false;
                return a.pid < b.pid;
              });
  }

  const ProcessQuery& query_;
  Scan& scan_;
  const size_t num_pids_;
  const size_t limit_;
  const ReadPlan plan_;
  std::vector<Process> found_;
};

// The root of proc(5) and constants of the system, the same for all scans.
struct SystemInfo {
  base::UniqueFd proc_root;
  bool is_live = false;  // False for a recorded tree.
  size_t max_threads;
  int64_t ticks_per_second;
  int64_t page_bytes;
};

class LinuxProcessLister : public ProcessLister {
 public:
  LinuxProcessLister(SystemInfo system, Options options)
      : system_(std::move(system)),
        max_cached_files_(options.max_kept_descriptors),
        user_names_(std::move(options.user_name)),
        cache_idle_(options.keep_for, [this] { ClearIdleCache(); }) {}

  absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const override;

  int64_t kept_descriptors() const override { return cache_.size(); }
  bool CloseKeptDescriptors() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // With `use_cache`, uses and fills the cache of open files.
  absl::StatusOr<ProcessSnapshot> ListOnce(const ProcessQuery& query,
                                           bool use_cache) const;
  absl::StatusOr<ProcessSnapshot> ListAll(const ProcessQuery& query,
                                          bool use_cache) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The first processes by pid. The cost depends on the limit of the query, not
  // on the number of processes.
  absl::StatusOr<ProcessSnapshot> ListFirst(const ProcessQuery& query,
                                            bool use_cache) const;
  // `cache` may be null.
  absl::StatusOr<ProcessSnapshot> ListPids(const ProcessQuery& query,
                                           const std::vector<int32_t>& pids,
                                           ProcFileCache* cache,
                                           absl::Time taken_at) const;
  // Waits for a list in progress. False if the cache was empty.
  bool ClearCache() const ABSL_LOCKS_EXCLUDED(mutex_);
  void ClearIdleCache() const ABSL_LOCKS_EXCLUDED(mutex_);
  CacheLimits CurrentLimits() const;

  const SystemInfo system_;
  const int64_t max_cached_files_;
  mutable UserNames user_names_;

  // Held during a list of all processes.
  mutable absl::Mutex mutex_;
  mutable ProcFileCache cache_;  // Changed under the lock; its size is atomic.
  // Last: its thread uses all of the above.
  mutable base::IdleTimer cache_idle_;
};

// A fifth of the descriptors stays free for the rest of the program.
CacheLimits LinuxProcessLister::CurrentLimits() const {
  rlimit limit;
  if (!system_.is_live || getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const rlim_t most = std::numeric_limits<int>::max();
  return {.fd_limit = static_cast<int>(std::min(limit.rlim_cur, most) / 5 * 4),
          .max_files = max_cached_files_};
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::List(
    const ProcessQuery& query) const {
  absl::StatusOr<ProcessSnapshot> snapshot =
      ListOnce(query, /*use_cache=*/true);
  // Out of descriptors: drop the cached ones and retry.
  if (absl::IsUnavailable(snapshot.status()) && ClearCache()) {
    snapshot = ListOnce(query, /*use_cache=*/false);
  }
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListOnce(
    const ProcessQuery& query, bool use_cache) const {
  if (query.pids) {
    std::vector<int32_t> pids = *query.pids;
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return ListPids(query, pids, nullptr, absl::Now());
  }
  const bool first_pids_suffice = query.limit < kFewProcesses &&
                                  !query.condition && !query.order &&
                                  system_.is_live;
  return first_pids_suffice ? ListFirst(query, use_cache)
                            : ListAll(query, use_cache);
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListFirst(
    const ProcessQuery& query, bool use_cache) const {
  const absl::Time taken_at = absl::Now();
  // Some processes may end before they are read.
  const size_t enough = query.limit * 2;
  const absl::StatusOr<std::vector<int32_t>> pids =
      ReadPids(system_.proc_root.get(), enough);
  if (!pids.ok()) return pids.status();
  absl::StatusOr<ProcessSnapshot> snapshot =
      ListPids(query, *pids, nullptr, taken_at);
  if (snapshot.ok() && snapshot->processes().size() < query.limit &&
      pids->size() >= enough) {
    return ListAll(query, use_cache);
  }
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListAll(
    const ProcessQuery& query, bool use_cache) const {
  const absl::MutexLock lock(&mutex_);
  const absl::Time taken_at = absl::Now();
  const absl::StatusOr<std::vector<int32_t>> pids =
      ReadPids(system_.proc_root.get());
  if (!pids.ok()) return pids.status();
  const CacheLimits limits = CurrentLimits();
  if (!use_cache || limits.max_files <= 0 || limits.fd_limit <= 0) {
    return ListPids(query, *pids, nullptr, taken_at);
  }
  cache_.SetLimits(limits);
  cache_.Align(*pids);
  absl::StatusOr<ProcessSnapshot> snapshot =
      ListPids(query, *pids, &cache_, taken_at);
  // Without a timer to close the files later, close them now.
  if (cache_.size() > 0 && !cache_idle_.Restart()) cache_.Clear();
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListPids(
    const ProcessQuery& query, const std::vector<int32_t>& pids,
    ProcFileCache* cache, absl::Time taken_at) const {
  const ProcessFields fields = query.fields | DecisiveFields(query);
  ReadContext context = {.proc_fd = system_.proc_root.get(),
                         .ticks_per_second = system_.ticks_per_second,
                         .page_bytes = system_.page_bytes,
                         .boot_time = std::nullopt,
                         .user_names = &user_names_,
                         .cache = cache};
  if (fields.Intersects(ProcessField::kUser)) user_names_.Refresh();
  if (fields.Intersects(ProcessField::kStartTime)) {
    ReadBuffer buffer;
    const int error = buffer.ReadFile(system_.proc_root.get(), "stat");
    if (IsExhaustion(error)) return ListingError(error);
    if (error == 0) context.boot_time = ParseBootTime(buffer.text());
  }
  Scan scan(context, pids, system_.max_threads);
  Selection selection(query, scan, pids.size());
  if (const int error = selection.Run()) return ListingError(error);
  std::vector<Process> found = selection.TakeFound();
  return ProcessSnapshot(std::move(found), scan.TakeStrings(), taken_at);
}

bool LinuxProcessLister::CloseKeptDescriptors() const {
  if (!mutex_.TryLock()) return false;
  const bool has_any = cache_.Clear();
  mutex_.Unlock();
  return has_any;
}

bool LinuxProcessLister::ClearCache() const {
  const absl::MutexLock lock(&mutex_);
  return cache_.Clear();
}

void LinuxProcessLister::ClearIdleCache() const {
  const absl::MutexLock lock(&mutex_);
  // A list may have restarted the timer while this call waited for the lock.
  if (cache_idle_.IsIdle()) cache_.Clear();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options options) {
  SystemInfo system;
  system.proc_root = base::UniqueFd(
      open(options.proc_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!system.proc_root.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot list processes: \"",
                                                   options.proc_root, "\""));
  }
  struct statfs file_system {};
  system.is_live = fstatfs(system.proc_root.get(), &file_system) == 0 &&
                   file_system.f_type == PROC_SUPER_MAGIC;
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  system.max_threads = options.max_threads > 0
                           ? static_cast<size_t>(options.max_threads)
                           : processors;
  system.ticks_per_second = sysconf(_SC_CLK_TCK);
  system.page_bytes = sysconf(_SC_PAGESIZE);
  return std::make_unique<LinuxProcessLister>(std::move(system),
                                              std::move(options));
}

}  // namespace tallyman::platform
