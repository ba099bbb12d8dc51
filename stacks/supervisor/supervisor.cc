#include "stacks/supervisor/supervisor.h"

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/process_handle.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_watcher.h"
#include "stacks/supervisor/instance_manager.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/journal.h"

namespace tallyman::stacks {
namespace {

// Removes what an earlier server made for launches that never came to be. What
// still has processes stays.
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

class ThreadSupervisor final : public Supervisor {
 public:
  ThreadSupervisor(Options options, const Parts& parts,
                   std::unique_ptr<platform::CgroupParent> cgroups,
                   std::unique_ptr<OutputWatcher> watcher,
                   std::vector<InstanceRecord> records)
      : registry_(parts.registry),
        cgroups_(std::move(cgroups)),
        watcher_(std::move(watcher)),
        journal_(parts.database, parts.events),
        manager_(ManagerOptions(std::move(options)),
                 {.loop = loop_,
                  .registry = parts.registry,
                  .journal = journal_,
                  .logs = parts.logs,
                  .lister = parts.lister}) {
    manager_.Recover(std::move(records));
    manager_.Round();
    watch_ = registry_.Watch([this] { loop_.Wake(); });
    loop_.Wake();  // For what changed before it watched.
    thread_ = std::thread([this] { Run(); });
  }

  ~ThreadSupervisor() override {
    watch_.reset();
    stop_.store(true);
    loop_.Wake();
    thread_.join();
    if (cgroups_ != nullptr) cgroups_->RemoveIfEmpty();
  }

  std::shared_ptr<const StatusSnapshot> Status() const override {
    const absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  InstanceManager::Options ManagerOptions(Options options) {
    status_ = std::make_shared<const StatusSnapshot>(
        StatusSnapshot{.server_uid = options.server_uid});
    return {.server_uid = std::move(options.server_uid),
            .boot_id = std::move(options.boot_id),
            .directory = std::move(options.directory),
            .program = std::move(options.program),
            .backoff = options.backoff,
            .settle_time = options.settle_time,
            .action_deadline = options.action_deadline,
            .default_open_files = options.default_open_files,
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

  void Run() {
    while (!stop_.load()) {
      loop_.RunOnce();
      manager_.Round();
    }
  }

  Registry& registry_;
  const std::unique_ptr<platform::CgroupParent> cgroups_;
  const std::unique_ptr<OutputWatcher> watcher_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const StatusSnapshot> status_ ABSL_GUARDED_BY(mutex_);
  // Of the thread, but for Wake().
  base::EventLoop loop_;
  Journal journal_;
  InstanceManager manager_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<RegistryWatch> watch_;
  std::thread thread_;
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

  const auto tell = [&](std::string_view event, std::string_view what) {
    if (options.notices) options.notices({.event = event, .what = what});
  };
  std::unique_ptr<platform::CgroupParent> cgroups;
  if (options.use_cgroups) {
    auto opened = platform::CgroupParent::Open(
        absl::StrCat("tallyman-", options.server_uid));
    if (opened.ok()) {
      cgroups = *std::move(opened);
      RemoveUnknownCgroups(*cgroups, *records);
      tell("cgroups_used", cgroups->path());
    } else {
      tell("cgroups_not_used", opened.status().message());
    }
  }
  absl::StatusOr<std::unique_ptr<OutputWatcher>> watcher = OutputWatcher::Start(
      parts.logs,
      {.on_error = [notices = options.notices](const absl::Status& why) {
        if (!notices) return;
        notices({.severity = Notice::Severity::kError,
                 .event = "output_not_rotated",
                 .what = why.message()});
      }});
  if (!watcher.ok()) return watcher.status();
  return std::make_unique<ThreadSupervisor>(
      std::move(options), parts, std::move(cgroups), *std::move(watcher),
      *std::move(records));
}

}  // namespace tallyman::stacks
