#include "tally/stacks/stacks_commands.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/input_file.h"
#include "tally/client/json_fields.h"
#include "tally/commands/change_run.h"
#include "tally/commands/health.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/stacks/definition_file.h"
#include "tally/stacks/settle.h"
#include "tally/stacks/stack_plan.h"
#include "tally/terminal/confirm.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

absl::StatusOr<ExitCode> RunCreate(Session& session) {
  const Invocation& arguments = session.arguments();
  Output& out = session.out();
  const std::string path = arguments.ValueOr("file", "");
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "-f FILE is missing; it is a Procfile, lines such as \"web: bin/web\"");
  }
  const absl::StatusOr<std::string> procfile = ReadInput(path);
  if (!procfile.ok()) return procfile.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  StackFromFile wanted{.place = path == "-" ? "standard input" : path,
                       .name = arguments.ValueOr("NAME", ""),
                       .environment = arguments.ValueOr("environment", "")};
  wanted.body = {{"name", wanted.name},
                 {"environment", wanted.environment},
                 {"procfile", *procfile}};
  ApiRequest request{
      .method = "POST", .path = "/api/3/stacks", .body = wanted.body};
  if (arguments.Has("dry-run")) request.query = {{"dry_run", "1"}};
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(request);
  if (!answer.ok()) return answer.status();
  const Json& made = MemberOf(answer->body, "response");
  if (out.is_json()) {
    out.Print(absl::StrCat(made.dump(), "\n"));
  } else if (arguments.Has("dry-run")) {
    out.Print(RenderPlan({.wanted = wanted, .preview = made}, out));
  } else {
    out.Print(absl::StrCat(TextOf(made, "uid"), "\n"));
    out.Note(absl::StrCat(
        Printable(wanted.name),
        " is created. Nothing runs yet: `tally scale` starts instances."));
  }
  return ExitCode::kDone;
}

std::string LocalTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return Printable(text);
  }
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

// The stack of the argument, or of -s.
absl::StatusOr<StackRef> ChosenStack(Session& session) {
  if (const auto name = session.arguments().Value("STACK")) {
    absl::StatusOr<Api*> api = session.api();
    if (!api.ok()) return api.status();
    return FindStack(**api, *name);
  }
  return FindStack(session);
}

std::string RenderStack(const Json& stack, const std::vector<Json>& processes,
                        const Output& out) {
  std::string text;
  const auto add = [&](std::string_view title, std::string_view value) {
    absl::StrAppend(&text, out.In(Style::kBold, title),
                    std::string(13 - title.size(), ' '), value, "\n");
  };
  const HealthWord health = HealthOf(NumberOf(stack, "health").value_or(0));
  add("name", Printable(TextOf(stack, "name")));
  add("environment", Printable(TextOf(stack, "environment")));
  add("uid", Printable(TextOf(stack, "uid")));
  add("health", out.In(health.style, health.word));
  add("created", LocalTime(TextOf(stack, "created_at")));
  add("changed", LocalTime(TextOf(stack, "updated_at")));
  if (processes.empty()) return text;
  Table table({{.title = "PROCESS"},
               {.title = "RUNNING", .align = Align::kRight},
               {.title = "DESIRED", .align = Align::kRight},
               {.title = "STATE"},
               {.title = "COMMAND", .shrinks = true}});
  for (const Json& process : processes) {
    const std::string state = TextOf(process, "state");
    table.Add({{.text = TextOf(process, "name"), .style = Style::kBold},
               {.text = absl::StrCat(SumOf(process, "servers"))},
               {.text = absl::StrCat(SumOf(process, "desired"))},
               {.text = state,
                .style = state == "running"   ? Style::kGreen
                         : state == "stopped" ? Style::kDim
                                              : Style::kYellow},
               {.text = TextOf(process, "command")}});
  }
  absl::StrAppend(&text, "\n", table.Render(out));
  return text;
}

absl::StatusOr<ExitCode> RunShow(Session& session) {
  const absl::StatusOr<StackRef> ref = ChosenStack(session);
  if (!ref.ok()) return ref.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<Json> stack = (*api)->GetOne(StackPath(*ref));
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<std::vector<Json>> processes =
      (*api)->List(StackPath(*ref, "/processes"));
  if (!processes.ok()) return processes.status();
  Output& out = session.out();
  if (out.is_json()) {
    Json all = *stack;
    all["processes"] = *processes;
    out.Print(absl::StrCat(all.dump(), "\n"));
  } else {
    out.Print(RenderStack(*stack, *processes, out));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunDelete(Session& session) {
  const Invocation& arguments = session.arguments();
  Output& out = session.out();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<StackRef> stack =
      FindStack(**api, arguments.ValueOr("STACK", ""));
  if (!stack.ok()) return stack.status();
  ApiRequest request{.method = "DELETE",
                     .path = StackPath(*stack),
                     .query = {{"dry_run", "1"}}};
  const absl::StatusOr<ApiAnswer> preview = (*api)->Send(request);
  if (!preview.ok()) return preview.status();
  const Json& plan = MemberOf(preview->body, "response");
  if (arguments.Has("dry-run")) {
    out.Print(out.is_json()
                  ? absl::StrCat(plan.dump(), "\n")
                  : absl::StrCat("- ", Printable(stack->label), ": stops ",
                                 NumberOf(plan, "stop").value_or(0), "\n"));
    return ExitCode::kDone;
  }
  if (!arguments.Has("yes")) {
    absl::Status confirmed =
        Confirm(absl::StrCat("Delete ", stack->label, ", and stop its ",
                             NumberOf(plan, "stop").value_or(0), " instances?"),
                out);
    if (!confirmed.ok()) return confirmed;
  }
  request.query.clear();
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(request);
  if (!answer.ok()) return answer.status();
  Json action = MemberOf(answer->body, "response");
  absl::StatusOr<ExitCode> code = ExitCode::kDone;
  if (!arguments.Has("detach")) {
    const ScopedInterrupt on_interrupt([] {});
    code = AwaitAction(**api, *stack, action, *timeout, out);
    if (!code.ok()) return code;
  }
  if (out.is_json()) {
    out.Print(absl::StrCat(action.dump(), "\n"));
  } else if (*code == ExitCode::kDone) {
    out.Note(absl::StrCat(Printable(stack->label), arguments.Has("detach")
                                                       ? " is being deleted"
                                                       : " is deleted"));
  }
  return code;
}

}  // namespace

CommandSpec StacksCreateCommand() {
  return {
      .path = "stacks create",
      .summary = "Create a stack from a Procfile",
      .details =
          "Prints the uid of the new stack. Nothing runs until `tally "
          "scale` says how many. `tally stacks apply` takes JSON with "
          "directories, environments and limits too.",
      .arguments = {{.name = "NAME", .help = "of the new stack"}},
      .options = {{.name = "environment",
                   .letter = 'e',
                   .value = "ENVIRONMENT",
                   .help = "such as production; stacks of one name differ "
                           "by it"},
                  {.name = "file",
                   .letter = 'f',
                   .value = "PROCFILE",
                   .help = "lines NAME: COMMAND; - is standard input",
                   .completes = Completes::kFile},
                  {.name = "dry-run", .help = "check it, and create nothing"}},
      .examples = {{"tally stacks create shop -e production -f Procfile",
                    "a stack with the processes of a Procfile"},
                   {"tally stacks create shop -f -",
                    "the same from standard input"}},
      .run = &RunCreate};
}

CommandSpec StacksShowCommand() {
  return {.path = "stacks show",
          .summary = "Show a stack and its processes",
          .arguments = {{.name = "STACK",
                         .help = "its name, NAME@ENVIRONMENT or its uid; "
                                 "without it that of -s",
                         .completes = Completes::kStack,
                         .optional = true}},
          .options = {StackOption()},
          .examples = {{"tally stacks show shop", "the stack shop"},
                       {"tally stacks show shop@staging --json",
                        "for programs, all that the server says"}},
          .run = &RunShow};
}

CommandSpec StacksDeleteCommand() {
  return {.path = "stacks delete",
          .summary = "Stop all instances of a stack, and remove it",
          .details =
              "Asks first. Where nobody can answer, -y is necessary. The "
              "stack's actions and events stay.",
          .arguments = {{.name = "STACK",
                         .help = "its name, NAME@ENVIRONMENT or its uid",
                         .completes = Completes::kStack}},
          .options = {{.name = "yes", .letter = 'y', .help = "do not ask"},
                      {.name = "dry-run",
                       .help = "say how many instances would stop"},
                      DetachOption(),
                      TimeoutOption()},
          .examples = {{"tally stacks delete shop", "after a question"},
                       {"tally stacks delete shop@staging -y", "in a script"}},
          .run = &RunDelete};
}

}  // namespace tallyman::tally
