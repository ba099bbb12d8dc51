#include "tally/commands/stacks_list.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/health.h"
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
    const HealthWord health = HealthOf(NumberOf(stack, "health").value_or(0));
    table.Add({{.text = TextOf(stack, "name"), .style = Style::kBold},
               {.text = TextOf(stack, "environment")},
               {.text = std::string(health.word), .style = health.style},
               {.text = TextOf(stack, "uid"), .style = Style::kDim}});
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
