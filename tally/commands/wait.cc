#include "tally/commands/wait.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "tally/actions/action_view.h"
#include "tally/actions/condition.h"
#include "tally/actions/goal.h"
#include "tally/actions/process_view.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/change_run.h"
#include "tally/commands/process_lookup.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

struct Target {
  StackRef stack;
  std::string process;  // "": all of the stack.
};

// Reads "STACK" or "STACK/NAME". Names of stacks may contain "/": a stack with
// the whole name wins.
absl::StatusOr<Target> FindTarget(Session& session, Api& api) {
  const std::optional<std::string> text = session.arguments().Value("TARGET");
  if (!text) {
    absl::StatusOr<StackRef> stack = FindStack(session);
    if (!stack.ok()) return stack.status();
    return Target{.stack = *std::move(stack)};
  }
  absl::StatusOr<StackRef> stack = FindStack(api, *text);
  if (stack.ok()) return Target{.stack = *std::move(stack)};
  const size_t slash = text->rfind('/');
  if (!absl::IsNotFound(stack.status()) || slash == std::string::npos ||
      slash == 0) {
    return stack.status();
  }
  stack = FindStack(api, std::string_view(*text).substr(0, slash));
  if (!stack.ok()) return stack.status();
  return Target{.stack = *std::move(stack), .process = text->substr(slash + 1)};
}

absl::StatusOr<ExitCode> AwaitAction(Session& session, const Target& target,
                                     std::string_view id,
                                     absl::Duration timeout, Api& api) {
  if (id.empty() || !absl::c_all_of(id, absl::ascii_isdigit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--action: ", base::Quote(id), " is no id of an action"));
  }
  const absl::StatusOr<Json> answer =
      api.Get(StackPath(target.stack, absl::StrCat("/actions/", PathPart(id))));
  if (!answer.ok()) return answer.status();
  absl::StatusOr<ActionView> action = ParseActionAnswer(*answer);
  if (!action.ok()) return action.status();
  ChangeRun run(session, target.stack, timeout, api);
  std::vector<Change> changes;
  changes.push_back({.title = action->kind, .action = *std::move(action)});
  return run.Finish(std::move(changes));
}

// The processes that the target names, as they are now.
absl::StatusOr<std::vector<ProcessView>> Read(Api& api, const Target& target) {
  absl::StatusOr<std::vector<ProcessView>> all =
      AllProcesses(api, target.stack);
  if (!all.ok() || target.process.empty()) return all;
  const auto found = absl::c_find_if(*all, [&](const ProcessView& process) {
    return process.name == target.process;
  });
  if (found != all->end()) return std::vector<ProcessView>{*found};
  absl::Status missing = FindProcess(*all, target.process).status();
  // An instance cannot be waited for.
  if (missing.ok()) {
    missing = absl::NotFoundError(
        absl::StrCat("no process ", base::Quote(target.process)));
  }
  return missing;
}

absl::StatusOr<ExitCode> AwaitProcesses(Session& session, const Target& target,
                                        const Condition& condition,
                                        absl::Duration timeout, Api& api) {
  ChangeRun run(session, target.stack, timeout, api);
  SettledCondition settled(condition);
  std::vector<ProcessView> now;
  const absl::Status waited =
      run.patience().Until([&]() -> absl::StatusOr<bool> {
        absl::StatusOr<std::vector<ProcessView>> read = Read(api, target);
        if (!read.ok()) return read.status();
        now = *std::move(read);
        if (settled.Look(now, run.patience().elapsed())) return true;
        std::vector<GoalProgress> progress;
        for (const ProcessView& process : now) {
          if (Holds(condition, process)) continue;
          GoalProgress part =
              Measure({.process = process.name,
                       .to = condition.kind == Condition::Kind::kRunning
                                 ? process.desired()
                                 : condition.count},
                      process);
          absl::StrAppend(&part.text, " ", process.state);
          progress.push_back(std::move(part));
        }
        run.Show(progress);
        return false;
      });
  Output& out = session.out();
  out.Progress("");
  std::string totals;
  Json document = Json::array();
  for (const ProcessView& process : now) {
    absl::StrAppend(&totals, totals.empty() ? "" : ", ", process.name, ": ",
                    DescribeCounts(process));
    document.push_back({{"name", process.name},
                        {"state", process.state},
                        {"desired", process.desired()},
                        {"running", process.running()}});
  }
  if (!waited.ok()) {
    if (totals.empty()) return waited;
    return absl::Status(waited.code(),
                        absl::StrCat(waited.message(), "; ", totals));
  }
  if (out.is_json()) {
    out.Print(document.dump() + "\n");
    return ExitCode::kDone;
  }
  for (const ProcessView& process : now) {
    out.Print(absl::StrCat(
        Printable(absl::StrCat(process.name, ": ", DescribeCounts(process))),
        "\n"));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return timeout.status();
  const absl::StatusOr<Condition> condition =
      ParseCondition(arguments.ValueOr("for", "running"));
  if (!condition.ok()) return condition.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<Target> target = FindTarget(session, **api);
  if (!target.ok()) return target.status();
  if (const std::optional<std::string> id = arguments.Value("action")) {
    return AwaitAction(session, *target, *id, *timeout, **api);
  }
  return AwaitProcesses(session, *target, *condition, *timeout, **api);
}

}  // namespace

CommandSpec WaitCommand() {
  return {
      .path = "wait",
      .summary = "Wait until processes run, or until an action has ended",
      .details =
          "Waits until all desired instances of a stack, or of one process, "
          "run and the same ones still do so a second later. While the server "
          "restarts, tally waits for it.",
      .arguments = {{.name = "TARGET",
                     .help = "STACK, or STACK/NAME for one process",
                     .completes = Completes::kStack,
                     .optional = true}},
      .options = {StackOption(),
                  {.name = "for",
                   .value = "CONDITION",
                   .help = "running (as many as desired, the default), stopped "
                           "(none is left) or count=N (so many run)"},
                  {.name = "action",
                   .value = "ID",
                   .help = "wait for the end of this action; exit with 1 if it "
                           "fails"},
                  TimeoutOption()},
      .examples = {{.line = "tally wait shop --timeout 5m",
                    .explanation = "until all of shop runs"},
                   {.line = "tally wait shop/worker --for count=4",
                    .explanation = "until four workers run"},
                   {.line = "tally wait -s shop --action 12",
                    .explanation = "until the action 12 has ended"}},
      .run = &Run};
}

}  // namespace tallyman::tally
