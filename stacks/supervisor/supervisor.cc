#include "stacks/supervisor/supervisor.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "platform/cgroup.h"
#include "platform/process_handle.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/journal.h"
#include "stacks/supervisor/supervisor_core.h"

namespace tallyman::stacks {
namespace {

// Removes the cgroups that an earlier server made for launches that were never
// recorded. A cgroup that still has processes stays.
void RemoveUnknownCgroups(const platform::CgroupParent& cgroups,
                          const std::vector<InstanceRecord>& records) {
  std::set<std::string> known;
  for (const InstanceRecord& record : records) {
    if (record.launch) known.insert(record.launch->launch);
  }
  for (const std::string& name : cgroups.List()) {
    if (!known.contains(name)) cgroups.Remove(name).IgnoreError();
  }
}

// Null if cgroups can't or shall not be used.
std::unique_ptr<platform::CgroupParent> OpenCgroups(
    const Supervisor::Options& options,
    const std::vector<InstanceRecord>& records) {
  if (!options.use_cgroups) return nullptr;
  const auto notify = [&](std::string_view event, std::string_view what) {
    if (options.notices) options.notices({.event = event, .what = what});
  };
  auto cgroups = platform::CgroupParent::Open(
      absl::StrCat("tallyman-", options.server_uid));
  if (!cgroups.ok()) {
    notify("cgroups_not_used", cgroups.status().message());
    return nullptr;
  }
  RemoveUnknownCgroups(**cgroups, records);
  notify("cgroups_used", (*cgroups)->path());
  return *std::move(cgroups);
}

absl::StatusOr<std::unique_ptr<OutputWatcher>> StartOutputWatcher(
    const OutputLogs& logs, const NoticeSink& notices) {
  return OutputWatcher::Start(logs,
                              {.on_error = [notices](const absl::Status& why) {
                                if (!notices) return;
                                notices({.severity = Notice::Severity::kError,
                                         .event = "output_not_rotated",
                                         .what = why.message()});
                              }});
}

class ThreadSupervisor final : public Supervisor {
 public:
  ThreadSupervisor(Options options, const Parts& parts,
                   std::unique_ptr<base::EventLoop> loop,
                   std::unique_ptr<platform::CgroupParent> cgroups,
                   std::unique_ptr<OutputWatcher> watcher,
                   std::vector<InstanceRecord> records, int64_t last_signal)
      : cgroups_(std::move(cgroups)),
        watcher_(std::move(watcher)),
        status_(std::make_shared<const StatusSnapshot>(
            StatusSnapshot{.server_uid = options.server_uid})),
        loop_(std::move(loop)),
        journal_(parts.database, parts.events, options.server_uid),
        core_(CoreOptions(std::move(options), last_signal),
              {.loop = *loop_,
               .registry = parts.registry,
               .journal = journal_,
               .logs = parts.logs,
               .lister = parts.lister}) {
    core_.Recover(std::move(records));
    core_.Round();
    watch_ = parts.registry.Watch([this] { loop_->Wake(); });
    loop_->Wake();  // For changes before the watch.
    thread_.emplace(*loop_, [this] {
      core_.Round();
      rounds_.fetch_add(1, std::memory_order_relaxed);
    });
  }

  ~ThreadSupervisor() override {
    watch_.reset();
    thread_.reset();
    if (cgroups_ != nullptr) cgroups_->RemoveIfEmpty();
  }

  std::shared_ptr<const StatusSnapshot> Status() const override {
    const absl::MutexLock lock(&mutex_);
    return status_;
  }

  uint64_t CountRounds() const override {
    const uint64_t rounds = rounds_.load(std::memory_order_relaxed);
    loop_->Wake();
    return rounds;
  }

 private:
  SupervisorCore::Options CoreOptions(Options options, int64_t last_signal) {
    return {.server_uid = std::move(options.server_uid),
            .boot_id = std::move(options.boot_id),
            .directory = std::move(options.directory),
            .program = std::move(options.program),
            .backoff = options.backoff,
            .settle_time = options.settle_time,
            .action_deadline = options.action_deadline,
            .default_open_files = options.default_open_files,
            .last_signal = last_signal,
            .cgroups = cgroups_.get(),
            .output_watcher = watcher_.get(),
            .notices = std::move(options.notices),
            .publish = [this, on_change = std::move(options.on_change)](
                           std::shared_ptr<const StatusSnapshot> status) {
              {
                const absl::MutexLock lock(&mutex_);
                status_ = std::move(status);
              }
              if (on_change) on_change();
            }};
  }

  const std::unique_ptr<platform::CgroupParent> cgroups_;
  const std::unique_ptr<OutputWatcher> watcher_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const StatusSnapshot> status_ ABSL_GUARDED_BY(mutex_);
  const std::unique_ptr<base::EventLoop> loop_;
  std::atomic<uint64_t> rounds_ = 0;
  // The thread's while it runs.
  Journal journal_;
  SupervisorCore core_;
  std::unique_ptr<RegistryWatch> watch_;
  std::optional<base::LoopThread> thread_;  // Last: it uses all of the above.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Start(
    Options options, const Parts& parts) {
  if (options.boot_id.empty()) {
    absl::StatusOr<std::string> boot_id = platform::BootId();
    if (!boot_id.ok()) return boot_id.status();
    options.boot_id = *std::move(boot_id);
  }
  absl::StatusOr<std::vector<InstanceRecord>> records = parts.instances.List();
  if (!records.ok()) return records.status();
  const absl::StatusOr<int64_t> last_signal = parts.instances.LastSignal();
  if (!last_signal.ok()) return last_signal.status();
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  absl::StatusOr<std::unique_ptr<OutputWatcher>> watcher =
      StartOutputWatcher(parts.logs, options.notices);
  if (!watcher.ok()) return watcher.status();
  std::unique_ptr<platform::CgroupParent> cgroups =
      OpenCgroups(options, *records);
  return std::make_unique<ThreadSupervisor>(
      std::move(options), parts, *std::move(loop), std::move(cgroups),
      *std::move(watcher), *std::move(records), *last_signal);
}

}  // namespace tallyman::stacks
