#include "tools/chaos/ledger.h"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {

std::vector<std::string> EventLedger::Add(const harness::ApiEvent& event,
                                          bool had_crash) {
  last_id_ = event.id;
  ++count_;
  if (event.action_id != 0) {
    ActionEvents& action = actions_[event.action_id];
    if (event.kind == "action_started") ++action.started;
    if (event.kind == "action_finished") ++action.finished;
  }
  if (event.process.empty() || event.instance == 0) return {};
  std::vector<std::string> problems;
  const Instance instance(event.process, event.instance);
  const auto found = running_.find(instance);
  const pid_t before = found == running_.end() ? 0 : found->second;
  const auto expect = [&](bool holds, std::string_view expected) {
    if (holds) return;
    problems.push_back(absl::StrCat(
        "event ", event.id, ", \"", event.kind, "\" of ", event.process, ".",
        event.instance, " with pid ", event.pid, " and the cause \"",
        event.cause, "\": expected ", expected, ", but by the events ",
        before == 0 ? std::string("it has no process")
                    : absl::StrCat("pid ", before, " runs")));
  };

  if (event.kind == "started" || event.kind == "restarted") {
    ++starts_;
    expect(before == 0, "the end of its predecessor first");
    expect(event.pid > 0, "a pid");
    running_[instance] = event.pid;
  } else if (event.kind == "exited" || event.kind == "stopped" ||
             event.kind == "lost") {
    if (event.kind == "lost") ++losses_;
    if (before == 0) {
      ++missing_starts_;
      // An instance that is stopped between its release and execve(2) has no
      // event of its start, even without a crash.
      expect(had_crash || event.kind == "stopped", "its start first");
    } else {
      expect(before == event.pid, "the end of the running pid");
    }
    running_.erase(instance);
  } else if (event.kind == "adopted") {
    ++adoptions_;
    // An instance whose keeper ends before execve(2) is adopted before the
    // event of its start.
    expect(before == 0 || before == event.pid,
           "the adoption of the running pid");
  } else if (event.kind == "start_failed") {
    ++start_failures_;
    expect(before == 0, "no running process");
  }
  return problems;
}

}  // namespace tallyman::chaos
