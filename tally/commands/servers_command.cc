#include "tally/commands/servers_command.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/health.h"
#include "tally/commands/server_lookup.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {
namespace {

// Those of the stack of -s, else those of all stacks, each once.
absl::StatusOr<std::vector<Json>> ReadServers(Session& session, Api& api) {
  std::vector<StackRef> stacks;
  if (session.arguments().Has("stack")) {
    absl::StatusOr<StackRef> stack = FindStack(session);
    if (!stack.ok()) return stack.status();
    stacks.push_back(*std::move(stack));
  } else {
    absl::StatusOr<std::vector<StackRef>> all = AllStacks(api);
    if (!all.ok()) return all.status();
    stacks = *std::move(all);
  }
  std::vector<Json> servers;
  std::set<std::string> uids;
  for (const StackRef& stack : stacks) {
    if (const auto name = session.arguments().Value("SERVER")) {
      const absl::StatusOr<std::string> uid = FindServer(api, stack, *name);
      if (!uid.ok()) return uid.status();
      if (!uids.insert(*uid).second) continue;
      absl::StatusOr<Json> server = api.GetOne(
          StackPath(stack, absl::StrCat("/servers/", PathPart(*uid))));
      if (!server.ok()) return server.status();
      servers.push_back(*std::move(server));
      continue;
    }
    absl::StatusOr<std::vector<Json>> list =
        api.List(StackPath(stack, "/servers"));
    if (!list.ok()) return list.status();
    for (Json& server : *list) {
      if (uids.insert(TextOf(server, "uid")).second) {
        servers.push_back(std::move(server));
      }
    }
  }
  return servers;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<std::vector<Json>> servers = ReadServers(session, **api);
  if (!servers.ok()) return servers.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(Json(*servers).dump(), "\n"));
    return ExitCode::kDone;
  }
  if (servers->empty()) {
    out.Note("There is no stack, so no machine is known.");
    return ExitCode::kDone;
  }
  Table table({{.title = "NAME", .shrinks = true},
               {.title = "ADDRESS"},
               {.title = "HEALTH"},
               {.title = "UID"}});
  for (const Json& server : *servers) {
    const HealthWord health =
        HealthOf(NumberOf(server, "health_state").value_or(0));
    table.Add({{.text = TextOf(server, "name"), .style = Style::kBold},
               {.text = TextOf(server, "address")},
               {.text = std::string(health.word), .style = health.style},
               {.text = TextOf(server, "uid"), .style = Style::kDim}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

}  // namespace

CommandSpec ServersCommand() {
  return {.path = "servers",
          .summary = "List the machines that run instances",
          .details =
              "The server knows its own health; that of other machines "
              "is unknown to it.",
          .arguments = {{.name = "SERVER",
                         .help = "only this one: its name or uid",
                         .completes = Completes::kServer,
                         .optional = true}},
          .options = {{.name = "stack",
                       .letter = 's',
                       .value = "STACK",
                       .help = "only those of this stack",
                       .completes = Completes::kStack}},
          .examples = {{"tally servers", "those of all stacks"},
                       {"tally servers -s shop --json", "for programs"}},
          .run = &Run};
}

}  // namespace tallyman::tally
