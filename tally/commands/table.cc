#include "tally/commands/table.h"

#include <vector>

#include "absl/base/no_destructor.h"
#include "tally/cli/command.h"
#include "tally/commands/stacks_list.h"

namespace tallyman::tally {

const std::vector<CommandSpec>& CommandTable() {
  static const absl::NoDestructor<std::vector<CommandSpec>> table(
      std::vector<CommandSpec>{
          StacksListCommand(),
      });
  return *table;
}

}  // namespace tallyman::tally
