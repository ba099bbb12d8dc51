#include "tally/stacks/apply_command.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/change_run.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/stacks/definition_file.h"
#include "tally/stacks/settle.h"
#include "tally/stacks/stack_plan.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

OptionSpec FileOption() {
  return {.name = "file",
          .letter = 'f',
          .value = "FILE",
          .help =
              "JSON with one stack, a list of stacks or {\"stacks\":[…]}; "
              "- is standard input",
          .completes = Completes::kFile};
}

// The plans of all stacks of the file, before anything changes.
absl::StatusOr<std::vector<StackPlan>> ReadPlans(Session& session) {
  const std::string path = session.arguments().ValueOr("file", "");
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "-f FILE is missing; it has the definitions of the stacks");
  }
  const absl::StatusOr<std::vector<StackFromFile>> definitions =
      ReadStackDefinitions(path);
  if (!definitions.ok()) return definitions.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  std::vector<StackPlan> plans;
  for (const StackFromFile& definition : *definitions) {
    absl::StatusOr<StackPlan> plan = MakePlan(**api, definition);
    if (!plan.ok()) return plan.status();
    plans.push_back(*std::move(plan));
  }
  return plans;
}

bool HaveChanges(const std::vector<StackPlan>& plans) {
  return absl::c_any_of(
      plans, [](const StackPlan& plan) { return plan.has_changes(); });
}

void ShowPlans(const std::vector<StackPlan>& plans, Output& out) {
  std::string text;
  for (const StackPlan& plan : plans) {
    absl::StrAppend(&text, RenderPlan(plan, out));
  }
  out.Print(text);
}

void PrintJson(const std::vector<Json>& items, Output& out) {
  out.Print(absl::StrCat(Json(items).dump(), "\n"));
}

std::vector<Json> PlansJson(const std::vector<StackPlan>& plans) {
  std::vector<Json> items;
  items.reserve(plans.size());
  for (const StackPlan& plan : plans) items.push_back(PlanJson(plan));
  return items;
}

// Creates or replaces the stack of the plan.
absl::StatusOr<StackRef> Put(Api& api, const StackPlan& plan) {
  ApiRequest request{
      .method = "POST", .path = "/api/3/stacks", .body = plan.wanted.body};
  if (plan.present) {
    request.method = "PUT";
    request.path = StackPath(*plan.present);
  }
  const absl::StatusOr<ApiAnswer> answer = api.Send(request);
  if (!answer.ok()) return answer.status();
  return StackRef{.uid = TextOf(MemberOf(answer->body, "response"), "uid"),
                  .name = plan.wanted.name,
                  .environment = plan.wanted.environment,
                  .label = plan.label()};
}

class Applier {
 public:
  Applier(Api& api, bool waits, absl::Duration timeout, Output& out)
      : api_(api), waits_(waits), timeout_(timeout), out_(out) {}

  // The exit code of one stack; adds to `results` what has become of it.
  absl::StatusOr<ExitCode> Apply(const StackPlan& plan,
                                 std::vector<Json>& results) {
    Json result = PlanJson(plan);
    if (!plan.has_changes()) {
      results.push_back(std::move(result));
      return ExitCode::kDone;
    }
    BeforeChange before;
    if (plan.present && waits_) {
      absl::StatusOr<BeforeChange> looked =
          LookBeforeChange(api_, *plan.present, plan.preview, plan.processes);
      if (!looked.ok()) return looked.status();
      before = *std::move(looked);
    }
    const absl::StatusOr<StackRef> stack = Put(api_, plan);
    if (!stack.ok()) return stack.status();
    result["uid"] = stack->uid;
    out_.Note(absl::StrCat(Printable(stack->label),
                           plan.present ? " is changed" : " is created"));
    absl::StatusOr<ExitCode> code = ExitCode::kDone;
    if (waits_ && plan.moves_instances()) {
      code = AwaitSettled(api_, *stack, before, timeout_, out_);
    }
    if (code.ok()) result["exit_code"] = static_cast<int>(*code);
    results.push_back(std::move(result));
    return code;
  }

 private:
  Api& api_;
  const bool waits_;
  const absl::Duration timeout_;
  Output& out_;
};

absl::StatusOr<ExitCode> RunApply(Session& session) {
  const Invocation& arguments = session.arguments();
  Output& out = session.out();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return timeout.status();
  const absl::StatusOr<std::vector<StackPlan>> plans = ReadPlans(session);
  if (!plans.ok()) return plans.status();
  if (!out.is_json()) ShowPlans(*plans, out);
  if (arguments.Has("dry-run")) {
    if (out.is_json()) PrintJson(PlansJson(*plans), out);
    return ExitCode::kDone;
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  // The first interrupt ends the waiting; its answer is the last request's.
  const ScopedInterrupt on_interrupt([] {});
  Applier applier(**api, !arguments.Has("detach"), *timeout, out);
  std::vector<Json> results;
  ExitCode worst = ExitCode::kDone;
  for (const StackPlan& plan : *plans) {
    const absl::StatusOr<ExitCode> code = applier.Apply(plan, results);
    if (!code.ok()) {
      // What has been done so far is worth knowing.
      if (out.is_json()) PrintJson(results, out);
      return code.status();
    }
    if (*code != ExitCode::kDone) worst = *code;
    if (*code == ExitCode::kInterrupted) break;
  }
  if (out.is_json()) PrintJson(results, out);
  return worst;
}

absl::StatusOr<ExitCode> RunDiff(Session& session) {
  const absl::StatusOr<std::vector<StackPlan>> plans = ReadPlans(session);
  if (!plans.ok()) return plans.status();
  Output& out = session.out();
  if (out.is_json()) {
    PrintJson(PlansJson(*plans), out);
  } else {
    ShowPlans(*plans, out);
  }
  return session.arguments().Has("check") && HaveChanges(*plans)
             ? ExitCode::kFailed
             : ExitCode::kDone;
}

}  // namespace

CommandSpec StacksApplyCommand() {
  return {
      .path = "stacks apply",
      .summary = "Create stacks, or replace what differs from a file",
      .details =
          "Shows the difference, makes it so, and waits until what it starts "
          "runs. All stacks of the file are checked before the first one "
          "changes. A stack is known by its name and environment. Applied "
          "again, a file changes nothing. Stacks that the file does not name "
          "stay as they are; so do the numbers of instances, which `tally "
          "scale` changes.\n\n"
          "A file for --stacks_file of the server fits: procfile_path in it "
          "is relative to the file. The server does not show the values of "
          "environments and other present settings, so only commands are "
          "compared by value.",
      .options = {FileOption(),
                  {.name = "dry-run",
                   .help = "show the difference, and change nothing"},
                  DetachOption(),
                  TimeoutOption()},
      .examples = {{"tally stacks apply -f stacks.json", "make it so"},
                   {"tally stacks apply -f - --dry-run < stacks.json",
                    "only show what would happen"}},
      .run = &RunApply};
}

CommandSpec StacksDiffCommand() {
  return {
      .path = "stacks diff",
      .summary = "Show how stacks differ from a file",
      .details =
          "+ is new, - would go, ~ changes. See `tally stacks apply "
          "--help` for the file.",
      .options = {FileOption(),
                  {.name = "check", .help = "exit with 1 if anything differs"}},
      .examples = {{"tally stacks diff -f stacks.json",
                    "what `tally stacks apply` would do"},
                   {"tally stacks diff -f stacks.json --check -q",
                    "for a script or a pipeline"}},
      .run = &RunDiff};
}

}  // namespace tallyman::tally
