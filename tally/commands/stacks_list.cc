#include "tally/commands/stacks_list.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {
namespace {

absl::StatusOr<ExitCode> Run(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  absl::StatusOr<std::vector<Json>> stacks = (*api)->List("/api/3/stacks");
  if (!stacks.ok()) return stacks.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(Json(*std::move(stacks)).dump() + "\n");
    return ExitCode::kDone;
  }
  if (stacks->empty()) {
    out.Note(
        "There is no stack. `tally stacks create NAME -f Procfile` makes one.");
    return ExitCode::kDone;
  }
  Table table({{.title = "NAME", .shrinks = true},
               {.title = "ENVIRONMENT", .shrinks = true},
               {.title = "HEALTH"},
               {.title = "UID"}});
  for (const Json& stack : *stacks) {
    const int health = stack.value("health", 0);
    table.Add({{.text = stack.value("name", ""), .style = Style::kBold},
               {.text = stack.value("environment", "")},
               {.text = health == 3   ? "healthy"
                        : health == 2 ? "impaired"
                        : health == 4 ? "failed"
                        : health == 1 ? "building"
                                      : "unknown",
                .style = health == 3   ? Style::kGreen
                         : health == 1 ? Style::kPlain
                                       : Style::kYellow},
               {.text = stack.value("uid", ""), .style = Style::kDim}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

}  // namespace

CommandSpec StacksListCommand() {
  return {.path = "stacks list",
          .summary = "List the stacks",
          .examples = {{.line = "tally stacks", .explanation = "all stacks"},
                       {.line = "tally stacks list --json",
                        .explanation = "the same for programs"}},
          .alias = "stacks",
          .run = &Run};
}

}  // namespace tallyman::tally
