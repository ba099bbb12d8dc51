#include "tally/commands/processes_list.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {
namespace {

Style StyleOf(const ProcessView& process) {
  if (process.state == "running") return Style::kGreen;
  if (process.state == "crash-looping") return Style::kRed;
  return process.state == "stopped" ? Style::kPlain : Style::kYellow;
}

// "2/2", or "a 2/2, b 1/1".
std::string Counts(const ProcessView& process) {
  if (process.servers.size() < 2) {
    return absl::StrCat(process.running(), "/", process.desired());
  }
  return absl::StrJoin(process.servers, ", ",
                       [](std::string* out, const ServerCounts& counts) {
                         absl::StrAppend(out, counts.server, " ",
                                         counts.running, "/", counts.desired);
                       });
}

absl::StatusOr<ExitCode> Run(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<StackRef> stack = FindStack(session);
  if (!stack.ok()) return stack.status();
  Query query;
  if (const std::optional<std::string> text =
          session.arguments().Value("server")) {
    const absl::StatusOr<std::vector<ServerRef>> servers =
        ListServers(**api, StackPath(*stack));
    if (!servers.ok()) return servers.status();
    const absl::StatusOr<ServerRef> server = FindServer(*servers, *text);
    if (!server.ok()) return server.status();
    query.emplace_back("server_uid", server->uid);
  }
  absl::StatusOr<std::vector<Json>> processes =
      (*api)->List(StackPath(*stack, "/processes"), query);
  if (!processes.ok()) return processes.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(Json(*std::move(processes)).dump() + "\n");
    return ExitCode::kDone;
  }
  if (processes->empty()) {
    out.Note("The stack has no process there.");
    return ExitCode::kDone;
  }
  Table table({{.title = "NAME"},
               {.title = "STATE"},
               {.title = "RUN"},
               {.title = "RESTARTS", .align = Align::kRight},
               {.title = "COMMAND", .shrinks = true}});
  for (const Json& json : *processes) {
    const ProcessView process = ParseProcess(json);
    table.Add({{.text = process.name, .style = Style::kBold},
               {.text = process.state, .style = StyleOf(process)},
               {.text = Counts(process)},
               {.text = absl::StrCat(process.restarts())},
               {.text = process.command}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

}  // namespace

CommandSpec ProcessesListCommand() {
  return {.path = "processes list",
          .summary = "List the processes of a stack",
          .details =
              "RUN has the running and the desired instances; with "
              "several servers, those of each.",
          .options = {StackOption(),
                      {.name = "server",
                       .value = "SERVER",
                       .help = "only those on this server, by name or uid",
                       .completes = Completes::kServer}},
          .examples = {{.line = "tally processes",
                        .explanation = "those of the only stack"},
                       {.line = "tally processes list -s shop --json",
                        .explanation = "for programs"}},
          .alias = "processes",
          .run = &Run};
}

}  // namespace tallyman::tally
