#include "stacks/supervisor/supervisor_core.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "stacks/model/event.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/desired_state.h"
#include "stacks/supervisor/instance.h"
#include "stacks/supervisor/launcher.h"

namespace tallyman::stacks {
namespace {

// The delay after a write that failed (a full disk, say).
constexpr absl::Duration kWriteRetryDelay = absl::Seconds(1);

}  // namespace

SupervisorCore::SupervisorCore(Options options, const Parts& parts)
    : options_(std::move(options)),
      parts_(parts),
      snapshot_(std::make_shared<const RegistrySnapshot>()),
      launcher_({.directory = options_.directory,
                 .program = options_.program,
                 .boot_id = options_.boot_id,
                 .cgroups = options_.cgroups},
                LauncherCallbacks(), parts.loop, parts.logs),
      stopper_(parts.loop, options_.cgroups,
               [this](Instance& i) { lifecycle_.OnGone(i); }),
      lifecycle_({.backoff = options_.backoff,
                  .settle_time = options_.settle_time,
                  .default_open_files = options_.default_open_files,
                  .output_watcher = options_.output_watcher},
                 {.loop = parts.loop,
                  .table = table_,
                  .journal = parts.journal,
                  .launcher = launcher_,
                  .stopper = stopper_,
                  .logs = parts.logs}),
      reconciler_(options_.server_uid, table_, lifecycle_, launcher_),
      signaller_(options_.server_uid, options_.last_signal, table_,
                 parts.journal),
      recovery_({.boot_id = options_.boot_id,
                 .cgroups = options_.cgroups,
                 .output_watcher = options_.output_watcher},
                {.loop = parts.loop,
                 .table = table_,
                 .journal = parts.journal,
                 .launcher = launcher_,
                 .lister = parts.lister}),
      publisher_(options_.server_uid, options_.publish),
      reporter_({.server_uid = options_.server_uid,
                 .deadline = options_.action_deadline},
                {.loop = parts.loop,
                 .registry = parts.registry,
                 .table = table_,
                 .logs = parts.logs},
                options_.notices) {}

SupervisorCore::~SupervisorCore() {
  if (!parts_.journal.empty()) parts_.journal.Commit().IgnoreError();
}

Launcher::Callbacks SupervisorCore::LauncherCallbacks() {
  return {.held = [this](Instance& i) { lifecycle_.OnHeld(i); },
          .running = [this](Instance& i) { lifecycle_.OnRunning(i); },
          .ended = [this](Instance& i) { lifecycle_.OnEnded(i); },
          .failed =
              [this](Instance& i, const absl::Status& why) {
                lifecycle_.OnStartFailed(i, why);
              },
          .unstarted = [this](Instance& i) { lifecycle_.OnUnstarted(i); },
          .orphaned =
              [this](Instance& i) {
                parts_.journal.AddEvent(EventKind::kAdopted, i.record,
                                        "its keeper has ended");
              },
          .keeper_lost =
              [this](const absl::Status& why) {
                parts_.journal.AddServerEvent(EventKind::kKeeperLost,
                                              std::string(why.message()));
              },
          .notices = [this](const Notice& notice) { Notify(notice); }};
}

void SupervisorCore::Round() {
  RefreshDesiredState();
  reconciler_.ApplyPauses(*snapshot_);
  signaller_.Apply(*snapshot_);
  reconciler_.Reconcile();
  stopper_.Round();
  Commit();
  publisher_.Publish(table_);
  if (!write_retry_.active()) {
    const absl::Status reported =
        reporter_.Report(*snapshot_, signaller_.results());
    if (!reported.ok()) RetryLater("actions_not_written", reported);
  }
  // The consequences of the commit are for the next round.
  if (table_.has_to_reconcile() ||
      (!parts_.journal.empty() && !write_retry_.active())) {
    parts_.loop.Wake();
  }
}

void SupervisorCore::RefreshDesiredState() {
  std::shared_ptr<const RegistrySnapshot> now = parts_.registry.Snapshot();
  if (now->revision == snapshot_->revision) return;
  snapshot_ = std::move(now);
  table_.MarkActionsChanged();
  ApplyDesiredState(*snapshot_, options_.server_uid, table_);
}

void SupervisorCore::Commit() {
  if (parts_.journal.empty() || write_retry_.active()) return;
  if (absl::Status committed = parts_.journal.Commit(); !committed.ok()) {
    RetryLater("instances_not_written", committed);
  }
}

void SupervisorCore::RetryLater(std::string_view event,
                                const absl::Status& why) {
  Notify({.severity = Notice::Severity::kError,
          .event = event,
          .what = why.message()});
  write_retry_ =
      parts_.loop.RunAfter(kWriteRetryDelay, [this] { write_retry_.reset(); });
}

void SupervisorCore::Notify(const Notice& notice) const {
  if (options_.notices) options_.notices(notice);
}

}  // namespace tallyman::stacks
