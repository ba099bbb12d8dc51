#include "stacks/supervisor/signaller.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/fault_injection.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/signal_table.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {
namespace {

std::string InstanceOf(int64_t number, std::string_view process) {
  return absl::StrCat("instance ", number, " of ", process);
}

// Why the instance gets no signal; "" if it gets one.
std::string Obstacle(const Instance& instance, std::string_view signal) {
  const std::string name =
      InstanceOf(instance.key().number, instance.key().process);
  if (!instance.runs() || !instance.handle) {
    return absl::StrCat(name, " does not run now");
  }
  // It would run, and be shown as paused.
  if (signal == "CONT" && instance.record.paused) {
    return absl::StrCat(name, " is paused; resume it instead");
  }
  return "";
}

}  // namespace

void Signaller::Apply(const RegistrySnapshot& snapshot) {
  std::map<int64_t, std::shared_ptr<const Action>> open;
  for (const std::shared_ptr<const Action>& action : snapshot.open) {
    if (action->kind != ActionKind::kProcessSignal) continue;
    open.emplace(action->id, action);
    if (applied_.contains(action->id)) continue;
    for (const ActionTarget& target : action->targets) {
      if (target.server_uid != server_uid_ || target.success) continue;
      if (action->id <= last_signal_) {
        End(action->id, target.process,
            {.message =
                 absl::StrCat("the server ended while it sent ", action->signal,
                              " to ", target.process,
                              ": whether it arrived is not known, and it "
                              "is not sent again")});
      } else {
        Apply(*action, target);
      }
    }
  }
  applied_ = std::move(open);
  std::erase_if(results_, [&](const auto& result) {
    return !applied_.contains(result.first.first);
  });
}

void Signaller::Apply(const Action& action, const ActionTarget& target) {
  const InstanceGroup* const group =
      table_.Find({action.stack_uid, target.process});
  std::vector<Recipient> recipients;
  std::vector<std::string> obstacles;
  if (group != nullptr) {
    for (Instance* const instance : group->Staying()) {
      if (target.instance != 0 && instance->key().number != target.instance) {
        continue;
      }
      std::string obstacle = Obstacle(*instance, action.signal);
      if (!obstacle.empty()) {
        obstacles.push_back(std::move(obstacle));
        continue;
      }
      recipients.push_back({.instance = instance, .launch = instance->launch});
      journal_.AddEvent(EventKind::kSignalled, instance->record,
                        absl::StrCat(action.signal, ", action ", action.id));
    }
  }
  if (recipients.empty()) {
    if (obstacles.empty()) {
      obstacles.push_back(
          target.instance == 0
              ? absl::StrCat("no instance of ", target.process, " runs")
              : absl::StrCat("there is no ",
                             InstanceOf(target.instance, target.process)));
    }
    End(action.id, target.process, {.message = absl::StrJoin(obstacles, "; ")});
    return;
  }
  journal_.PutLastSignal(action.id);
  journal_.AfterCommit(
      [this, action, target, recipients] { Send(action, target, recipients); });
}

void Signaller::Send(const Action& action, const ActionTarget& target,
                     const std::vector<Recipient>& recipients) {
  base::FaultPoint("signal.durable");
  const int number = ProgramSignalNumber(action.signal).value_or(0);
  std::vector<std::string> sent;
  std::vector<std::string> failed;
  for (const Recipient& recipient : recipients) {
    const Instance& instance = *recipient.instance;
    const int64_t n = instance.key().number;
    absl::Status signalled = instance.runs() && instance.handle &&
                                     instance.launch == recipient.launch
                                 ? instance.handle->Signal(number)
                                 : absl::NotFoundError("its process has ended");
    if (signalled.ok()) {
      // A stopped process handles no signal but SIGKILL, signal(7).
      sent.push_back(absl::StrCat(
          n, instance.record.paused && action.signal != "KILL"
                 ? " (paused: it handles the signal when it is resumed)"
                 : ""));
    } else {
      failed.push_back(absl::StrCat(InstanceOf(n, target.process), ": ",
                                    signalled.message()));
    }
  }
  base::FaultPoint("signal.sent");
  std::vector<std::string> parts;
  if (!sent.empty()) {
    parts.push_back(absl::StrCat(action.signal, " was sent to ",
                                 sent.size() == 1 ? "instance " : "instances ",
                                 absl::StrJoin(sent, ", "), " of ",
                                 target.process));
  }
  parts.insert(parts.end(), failed.begin(), failed.end());
  End(action.id, target.process,
      {.success = failed.empty(), .message = absl::StrJoin(parts, "; ")});
}

void Signaller::End(int64_t action_id, const std::string& process,
                    SignalResult result) {
  results_[{action_id, process}] = std::move(result);
  table_.MarkActionsChanged();
}

}  // namespace tallyman::stacks
