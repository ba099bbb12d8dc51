#include "tally/commands/actions_list.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "tally/actions/action_view.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kDefaultLimit = "20";

std::string_view ResultOf(const ActionView& action) {
  if (!action.has_ended()) return "open";
  if (action.success) return "done";
  return action.is_superseded() ? "superseded" : "failed";
}

Style StyleOf(const ActionView& action) {
  if (!action.has_ended()) return Style::kYellow;
  if (action.success) return Style::kGreen;
  return action.is_superseded() ? Style::kDim : Style::kRed;
}

absl::StatusOr<ExitCode> ShowOne(Session& session, Api& api,
                                 const StackRef& stack, std::string_view id) {
  const absl::StatusOr<Json> answer =
      api.Get(StackPath(stack, absl::StrCat("/actions/", PathPart(id))));
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<ActionView> action = ParseActionAnswer(*answer);
  if (!action.ok()) return action.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(action->json.dump() + "\n");
    return ExitCode::kDone;
  }
  const std::pair<std::string_view, std::string> lines[] = {
      {"action", absl::StrCat(action->id)},
      {"kind", action->kind},
      {"user", action->user},
      {"started", action->started_at},
      {"finished", action->has_ended() ? action->finished_at : "-"},
      {"result", std::string(ResultOf(*action))},
      {"message", action->has_ended() ? action->message : "-"}};
  for (const auto& [name, value] : lines) {
    out.Print(absl::StrCat(name, ":", std::string(10 - name.size(), ' '),
                           Printable(value), "\n"));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  const std::string text = arguments.ValueOr("limit", kDefaultLimit);
  int32_t limit = 0;
  if (!absl::SimpleAtoi(text, &limit) || limit < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--limit: ", base::Quote(text), " is no number from 1 on"));
  }
  const std::optional<std::string> id = arguments.Value("ID");
  if (id && (id->empty() || !absl::c_all_of(*id, absl::ascii_isdigit))) {
    return absl::InvalidArgumentError(
        absl::StrCat("ID: ", base::Quote(*id), " is no id of an action"));
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<StackRef> stack = FindStack(session);
  if (!stack.ok()) return stack.status();
  if (id) return ShowOne(session, **api, *stack, *id);
  absl::StatusOr<std::vector<Json>> list = (*api)->List(
      StackPath(*stack, "/actions"), {}, static_cast<size_t>(limit));
  if (!list.ok()) return list.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(Json(*std::move(list)).dump() + "\n");
    return ExitCode::kDone;
  }
  if (list->empty()) {
    out.Note("There is no action.");
    return ExitCode::kDone;
  }
  Table table({{.title = "ID", .align = Align::kRight},
               {.title = "STARTED"},
               {.title = "ACTION"},
               {.title = "USER", .shrinks = true},
               {.title = "RESULT"},
               {.title = "MESSAGE", .shrinks = true}});
  for (const Json& json : *list) {
    const absl::StatusOr<ActionView> action = ParseAction(json);
    if (!action.ok()) return action.status();
    table.Add(
        {{.text = absl::StrCat(action->id)},
         {.text = action->started_at, .style = Style::kDim},
         {.text = action->kind},
         {.text = action->user},
         {.text = std::string(ResultOf(*action)), .style = StyleOf(*action)},
         {.text = action->message}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

}  // namespace

CommandSpec ActionsCommand() {
  return {.path = "actions",
          .summary = "List the requested changes of a stack and their results",
          .details = "Newest first. With ID, only that one.",
          .arguments = {{.name = "ID",
                         .help = "the id of one action",
                         .optional = true}},
          .options = {StackOption(),
                      {.name = "limit",
                       .value = "NUMBER",
                       .help = "at most so many; 20 unless given"}},
          .examples = {{.line = "tally actions -s shop --limit 5",
                        .explanation = "the last five"},
                       {.line = "tally actions 12",
                        .explanation = "the action 12"}},
          .run = &Run};
}

}  // namespace tallyman::tally
