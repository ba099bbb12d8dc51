#include "tally/commands/table.h"

#include <utility>
#include <vector>

#include "absl/base/no_destructor.h"
#include "tally/access/clients_commands.h"
#include "tally/access/sessions_commands.h"
#include "tally/access/tokens_commands.h"
#include "tally/access/webhooks_commands.h"
#include "tally/cli/command.h"
#include "tally/commands/about.h"
#include "tally/commands/actions_list.h"
#include "tally/commands/api_command.h"
#include "tally/commands/contexts.h"
#include "tally/commands/doctor.h"
#include "tally/commands/import_command.h"
#include "tally/commands/login.h"
#include "tally/commands/processes_act.h"
#include "tally/commands/processes_list.h"
#include "tally/commands/processes_scale.h"
#include "tally/commands/ps.h"
#include "tally/commands/servers_command.h"
#include "tally/commands/stacks_list.h"
#include "tally/commands/status_command.h"
#include "tally/commands/top.h"
#include "tally/commands/wait.h"
#include "tally/events/events_command.h"
#include "tally/logs/logs_command.h"
#include "tally/stacks/apply_command.h"
#include "tally/stacks/stacks_commands.h"

namespace tallyman::tally {
namespace {

std::vector<CommandSpec> MakeTable() {
  std::vector<CommandSpec> table = {
      PsCommand(),
      TopCommand(),
      ProcessesListCommand(),
      ProcessesScaleCommand(),
      ProcessesPauseCommand(),
      ProcessesResumeCommand(),
      ProcessesRestartCommand(),
      ProcessesSignalCommand(),
      WaitCommand(),
      ActionsCommand(),
      LogsCommand(),
      EventsCommand(),
      StacksListCommand(),
      StacksShowCommand(),
      StacksCreateCommand(),
      StacksApplyCommand(),
      StacksDiffCommand(),
      StacksDeleteCommand(),
      ServersCommand(),
      StatusCommand(),
      DoctorCommand(),
      ImportCommand(),
      LoginCommand(),
      LogoutCommand(),
      ContextsListCommand(),
      ContextsUseCommand(),
  };
  for (std::vector<CommandSpec> group :
       {TokensCommands(), ClientsCommands(), SessionsCommands(),
        WebhooksCommands()}) {
    for (CommandSpec& command : group) table.push_back(std::move(command));
  }
  table.push_back(ApiCommand());
  table.push_back(HelpCommand());
  table.push_back(CompletionCommand());
  table.push_back(ManCommand());
  return table;
}

}  // namespace

const std::vector<CommandSpec>& CommandTable() {
  static const absl::NoDestructor<std::vector<CommandSpec>> table(MakeTable());
  return *table;
}

}  // namespace tallyman::tally
