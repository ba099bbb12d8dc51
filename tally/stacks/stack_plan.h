// What a definition would change, as the server's own plan (dry_run=1) says.

#ifndef TALLYMAN_TALLY_STACKS_STACK_PLAN_H_
#define TALLYMAN_TALLY_STACKS_STACK_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/client/api.h"
#include "tally/commands/stack_lookup.h"
#include "tally/stacks/definition_file.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

struct StackPlan {
  StackFromFile wanted;
  std::optional<StackRef> present;  // nullopt: the stack would be new.
  Json preview;                     // See PreviewSchema of the server.
  std::vector<Json> processes;      // The present ones.

  bool has_changes() const;
  // Whether instances would start, stop or start again.
  bool moves_instances() const;
  // "shop" or "shop@production".
  std::string label() const;
};

// Errors of the server begin with the place of the definition.
absl::StatusOr<StackPlan> MakePlan(Api& api, const StackFromFile& wanted);

// The difference by process, for people, in lines:
//
//   ~ shop
//     + web: bin/web
//     ~ worker
//         command: bin/work → bin/work --fast
//         env: changes; its values are not shown
//     - clock: stops 1
//     starts 0, stops 1, restarts 2
//
// The server hides values that look like secrets in present commands; those of
// new commands are hidden likewise. It does not show the other present values.
std::string RenderPlan(const StackPlan& plan, const Output& out);

// The same for programs.
Json PlanJson(const StackPlan& plan);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_STACKS_STACK_PLAN_H_
