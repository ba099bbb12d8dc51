// Linux: processes from proc(5). See linux/process_reader.h for how one of them
// is read and linux/kept_files.h for what is kept in between; here is which of
// them are read, and how much of them.

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
#include "platform/linux/kept_files.h"
#include "platform/linux/proc_files.h"
#include "platform/linux/proc_text.h"
#include "platform/linux/process_reader.h"
#include "platform/linux/scan.h"
#include "platform/linux/user_names.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

// Of those that meet a condition few may be wanted, and few may meet it: so
// many are read at a time, at least.
constexpr size_t kChunk = 256;

// A list of fewer needs neither all pids nor what is kept of the processes.
constexpr size_t kFewProcesses = 256;

// What decides which processes are listed, and in which order.
ProcessFields DecisiveFields(const ProcessQuery& query) {
  ProcessFields fields;
  if (query.condition) fields |= query.condition_fields;
  if (query.order) fields |= query.order_fields;
  return fields;
}

// Reads the processes that a query asks for, and of them no more than it takes.
class Selection {
 public:
  Selection(const ProcessQuery& query, Scan& scan, size_t num_pids)
      : query_(query),
        scan_(scan),
        num_pids_(num_pids),
        limit_(query.limit),
        plan_(query.fields | DecisiveFields(query), query.pids.has_value()) {}

  // An errno if IsExhaustion(), else 0.
  int Run() {
    std::vector<size_t> all(num_pids_);
    std::iota(all.begin(), all.end(), size_t{0});
    if (query_.order && limit_ < num_pids_) return ReadBest(all);
    const ReadPlan test(query_.condition_fields, query_.pids.has_value());
    const bool tests = query_.condition && !(test == plan_);
    if (const int error = ReadFirst(all, tests ? &test : nullptr)) return error;
    if (query_.order) Sort(found_);
    return 0;
  }

  std::vector<Process> TakeFound() { return std::move(found_); }

 private:
  // Reads all that the query asks for, until there is enough. Where `test` is
  // set, that comes first and most processes are not expected to pass.
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

  // Reads of all processes only what decides which come first, and then
  // everything of these. What is listed was read at one moment, the second.
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

// What the lister knows of the system; the same for all scans.
struct Place {
  base::UniqueFd proc;
  bool is_proc = false;  // And not a recorded tree.
  size_t max_threads;
  int64_t ticks_per_second;
  int64_t page_bytes;
};

class LinuxProcessLister : public ProcessLister {
 public:
  LinuxProcessLister(Place place, Options options)
      : place_(std::move(place)),
        max_kept_(options.max_kept_descriptors),
        user_names_(std::move(options.user_name)),
        unused_(options.keep_for, [this] { CloseUnused(); }) {}

  absl::StatusOr<ProcessSnapshot> List(
      const ProcessQuery& query) const override;

  int64_t kept_descriptors() const override { return kept_.size(); }
  bool CloseKeptDescriptors() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // `keeps`: may use and add to what is kept.
  absl::StatusOr<ProcessSnapshot> ListOnce(const ProcessQuery& query,
                                           bool keeps) const;
  absl::StatusOr<ProcessSnapshot> ListAll(const ProcessQuery& query,
                                          bool keeps) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The first ones by pid, at a cost that does not depend on how many there
  // are.
  absl::StatusOr<ProcessSnapshot> ListFirst(const ProcessQuery& query,
                                            bool keeps) const;
  // `kept` may be null.
  absl::StatusOr<ProcessSnapshot> ListPids(const ProcessQuery& query,
                                           const std::vector<int32_t>& pids,
                                           KeptFileTable* kept,
                                           absl::Time taken_at) const;
  // False if nothing was kept.
  bool CloseKept() const ABSL_LOCKS_EXCLUDED(mutex_);
  void CloseUnused() const ABSL_LOCKS_EXCLUDED(mutex_);
  KeepLimits CurrentLimits() const;

  const Place place_;
  const int64_t max_kept_;
  mutable UserNames user_names_;

  // Held for the time of a list of all processes.
  mutable absl::Mutex mutex_;
  mutable KeptFileTable kept_;  // Changed under the lock; its size is atomic.
  // Last, as its calls use what stands before it.
  mutable base::IdleTimer unused_;
};

// Others in the program must always find a descriptor.
KeepLimits LinuxProcessLister::CurrentLimits() const {
  rlimit limit;
  if (!place_.is_proc || getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const rlim_t most = std::numeric_limits<int>::max();
  return {.below = static_cast<int>(std::min(limit.rlim_cur, most) / 5 * 4),
          .at_most = max_kept_};
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::List(
    const ProcessQuery& query) const {
  absl::StatusOr<ProcessSnapshot> snapshot = ListOnce(query, /*keeps=*/true);
  // What is kept must not be what is missing.
  if (absl::IsUnavailable(snapshot.status()) && CloseKept()) {
    snapshot = ListOnce(query, /*keeps=*/false);
  }
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListOnce(
    const ProcessQuery& query, bool keeps) const {
  if (query.pids) {
    std::vector<int32_t> pids = *query.pids;
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return ListPids(query, pids, nullptr, absl::Now());
  }
  const bool wants_first = query.limit < kFewProcesses && !query.condition &&
                           !query.order && place_.is_proc;
  return wants_first ? ListFirst(query, keeps) : ListAll(query, keeps);
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListFirst(
    const ProcessQuery& query, bool keeps) const {
  const absl::Time taken_at = absl::Now();
  // Some may be gone when they are read.
  const size_t enough = query.limit * 2;
  const absl::StatusOr<std::vector<int32_t>> pids =
      ReadPids(place_.proc.get(), enough);
  if (!pids.ok()) return pids.status();
  absl::StatusOr<ProcessSnapshot> snapshot =
      ListPids(query, *pids, nullptr, taken_at);
  if (snapshot.ok() && snapshot->processes().size() < query.limit &&
      pids->size() >= enough) {
    return ListAll(query, keeps);
  }
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListAll(
    const ProcessQuery& query, bool keeps) const {
  const absl::MutexLock lock(&mutex_);
  const absl::Time taken_at = absl::Now();
  const absl::StatusOr<std::vector<int32_t>> pids = ReadPids(place_.proc.get());
  if (!pids.ok()) return pids.status();
  const KeepLimits limits = CurrentLimits();
  if (!keeps || limits.at_most <= 0 || limits.below <= 0) {
    return ListPids(query, *pids, nullptr, taken_at);
  }
  kept_.SetLimits(limits);
  kept_.Align(*pids);
  absl::StatusOr<ProcessSnapshot> snapshot =
      ListPids(query, *pids, &kept_, taken_at);
  // If nobody closes them later, they are closed now.
  if (kept_.size() > 0 && !unused_.Restart()) kept_.CloseAll();
  return snapshot;
}

absl::StatusOr<ProcessSnapshot> LinuxProcessLister::ListPids(
    const ProcessQuery& query, const std::vector<int32_t>& pids,
    KeptFileTable* kept, absl::Time taken_at) const {
  const ProcessFields fields = query.fields | DecisiveFields(query);
  ReadContext context = {.proc_fd = place_.proc.get(),
                         .ticks_per_second = place_.ticks_per_second,
                         .page_bytes = place_.page_bytes,
                         .boot_time = std::nullopt,
                         .user_names = &user_names_,
                         .kept = kept};
  if (fields.Intersects(ProcessField::kUser)) user_names_.Refresh();
  if (fields.Intersects(ProcessField::kStartTime)) {
    ReadBuffer buffer;
    const int error = buffer.ReadFile(place_.proc.get(), "stat");
    if (IsExhaustion(error)) return ListingError(error);
    if (error == 0) context.boot_time = ParseBootTime(buffer.text());
  }
  Scan scan(context, pids, place_.max_threads);
  Selection selection(query, scan, pids.size());
  if (const int error = selection.Run()) return ListingError(error);
  std::vector<Process> found = selection.TakeFound();
  return ProcessSnapshot(std::move(found), scan.TakeStrings(), taken_at);
}

bool LinuxProcessLister::CloseKeptDescriptors() const {
  if (!mutex_.TryLock()) return false;
  const bool has_any = kept_.CloseAll();
  mutex_.Unlock();
  return has_any;
}

bool LinuxProcessLister::CloseKept() const {
  const absl::MutexLock lock(&mutex_);
  return kept_.CloseAll();
}

void LinuxProcessLister::CloseUnused() const {
  const absl::MutexLock lock(&mutex_);
  // Another list may have come first.
  if (unused_.IsIdle()) kept_.CloseAll();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options options) {
  Place place;
  place.proc = base::UniqueFd(
      open(options.proc_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place.proc.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot list processes: \"",
                                                   options.proc_root, "\""));
  }
  struct statfs file_system {};
  place.is_proc = fstatfs(place.proc.get(), &file_system) == 0 &&
                  file_system.f_type == PROC_SUPER_MAGIC;
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  place.max_threads = options.max_threads > 0
                          ? static_cast<size_t>(options.max_threads)
                          : processors;
  place.ticks_per_second = sysconf(_SC_CLK_TCK);
  place.page_bytes = sysconf(_SC_PAGESIZE);
  return std::make_unique<LinuxProcessLister>(std::move(place),
                                              std::move(options));
}

}  // namespace tallyman::platform
