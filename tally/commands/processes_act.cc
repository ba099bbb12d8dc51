#include "tally/commands/processes_act.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tally/actions/action_view.h"
#include "tally/actions/goal.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/change_run.h"
#include "tally/commands/process_lookup.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/confirm.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// What the command line asks for.
struct Request {
  std::string_view verb;  // "restart"
  // Both or none; none: all processes.
  std::optional<ProcessTarget> target = std::nullopt;
  std::optional<ServerRef> server = std::nullopt;
  std::string signal = {};

  bool is_for_all() const { return !target && !server; }
};

// The JSON bodies of the requests, with what each is about. The API takes a
// restart of a whole stack, but pauses a process or a server.
std::vector<std::pair<std::string, Json>> BodiesOf(
    const Request& request, const std::vector<ServerRef>& servers) {
  if (request.is_for_all()) {
    if (request.verb == "restart") {
      return {{"the stack", {{"command", "restart"}}}};
    }
    std::vector<std::pair<std::string, Json>> bodies;
    bodies.reserve(servers.size());
    for (const ServerRef& server : servers) {
      bodies.push_back({absl::StrCat("all processes on ", server.name),
                        {{"command", absl::StrCat("process_", request.verb)},
                         {"server_uid", server.uid}}});
    }
    return bodies;
  }
  Json body = {{"command", absl::StrCat("process_", request.verb)}};
  std::string title;
  if (request.target) {
    title = request.target->process.name;
    body["process_name"] = title;
    if (request.target->instance != 0) {
      absl::StrAppend(&title, ".", request.target->instance);
      body["instance"] = request.target->instance;
    }
  }
  if (request.server) {
    title = title.empty()
                ? absl::StrCat("all processes on ", request.server->name)
                : absl::StrCat(title, " on ", request.server->name);
    body["server_uid"] = request.server->uid;
  }
  if (!request.signal.empty()) body["signal"] = request.signal;
  return {{title, body}};
}

// For a restart: no old pid is left, and as many run as before.
std::vector<Goal> GoalsOf(const Request& request,
                          const std::vector<ProcessView>& processes) {
  std::vector<Goal> goals;
  for (const ProcessView& process : processes) {
    if (request.target && process.name != request.target->process.name) {
      continue;
    }
    Goal goal{.process = process.name,
              .server = request.server ? request.server->name : ""};
    for (const InstanceView& instance : process.instances) {
      if (!goal.server.empty() && instance.server != goal.server) continue;
      if (request.target && request.target->instance != 0 &&
          instance.number != request.target->instance) {
        continue;
      }
      if (instance.pid != 0) goal.old_pids.insert(instance.pid);
    }
    for (const ServerCounts& counts : process.servers) {
      if (goal.server.empty() || counts.server == goal.server) {
        goal.from += counts.running;
        goal.to += counts.desired;
      }
    }
    if (request.target && request.target->instance != 0) goal.to = 1;
    if (request.verb != "restart") goal.old_pids.clear();
    if (goal.to > 0 || request.target) goals.push_back(std::move(goal));
  }
  return goals;
}

absl::StatusOr<ExitCode> Act(Session& session, std::string_view verb) {
  const Invocation& arguments = session.arguments();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return timeout.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<StackRef> stack = FindStack(session);
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<std::vector<ServerRef>> servers =
      ListServers(**api, StackPath(*stack));
  if (!servers.ok()) return servers.status();
  const absl::StatusOr<std::vector<ProcessView>> processes =
      AllProcesses(**api, *stack);
  if (!processes.ok()) return processes.status();
  Request request{.verb = verb};
  if (const std::optional<std::string> name = arguments.Value("NAME")) {
    absl::StatusOr<ProcessTarget> target = FindProcess(*processes, *name);
    if (!target.ok()) return target.status();
    request.target = *std::move(target);
  }
  if (const std::optional<std::string> text = arguments.Value("server")) {
    absl::StatusOr<ServerRef> server = FindServer(*servers, *text);
    if (!server.ok()) return server.status();
    request.server = *std::move(server);
  }
  if (const std::optional<std::string> signal = arguments.Value("SIGNAL")) {
    request.signal = absl::AsciiStrToUpper(*signal);
    request.signal = absl::StripPrefix(request.signal, "SIG");
  }
  if (request.is_for_all() && verb != "resume" && !arguments.Has("yes")) {
    if (absl::Status confirmed = ConfirmAtTerminal(
            absl::StrCat("Do you want to ", verb, " all processes of ",
                         Printable(stack->label), "?"),
            session.out());
        !confirmed.ok()) {
      return confirmed;
    }
  }

  ChangeRun run(session, *stack, *timeout, **api);
  std::vector<Change> changes;
  std::vector<Goal> goals = GoalsOf(request, *processes);
  for (auto& [title, body] : BodiesOf(request, *servers)) {
    absl::StatusOr<ActionView> action = run.Start("/actions", body);
    if (!action.ok()) return action.status();
    changes.push_back({.title = title, .action = *std::move(action)});
  }
  if (!changes.empty()) changes.front().goals = std::move(goals);
  return run.Finish(std::move(changes));
}

absl::StatusOr<ExitCode> Pause(Session& session) {
  return Act(session, "pause");
}
absl::StatusOr<ExitCode> Resume(Session& session) {
  return Act(session, "resume");
}
absl::StatusOr<ExitCode> Restart(Session& session) {
  return Act(session, "restart");
}
absl::StatusOr<ExitCode> Signal(Session& session) {
  return Act(session, "signal");
}

ArgumentSpec NameArgument(bool optional) {
  return {.name = "NAME",
          .help = optional ? "the process, or NAME.N for its instance N; "
                             "without it, all processes"
                           : "the process, or NAME.N for its instance N",
          .completes = Completes::kProcess,
          .optional = optional};
}

std::vector<OptionSpec> ActOptions(bool can_ask) {
  std::vector<OptionSpec> options = {
      StackOption(),
      {.name = "server",
       .value = "SERVER",
       .help = "only the instances on this server, by name or uid",
       .completes = Completes::kServer},
      DetachOption(),
      TimeoutOption()};
  if (can_ask) {
    options.push_back({.name = "yes",
                       .letter = 'y',
                       .help = "do not ask before all processes are concerned; "
                               "asked only on a terminal"});
  }
  return options;
}

}  // namespace

CommandSpec ProcessesPauseCommand() {
  return {.path = "processes pause",
          .summary = "Stop processes without ending them",
          .details =
              "They keep their memory and go on with `tally processes "
              "resume`. A paused instance stays paused when it is "
              "started again.",
          .arguments = {NameArgument(true)},
          .options = ActOptions(true),
          .examples = {{.line = "tally processes pause worker",
                        .explanation = "all instances of worker"},
                       {.line = "tally processes pause worker.2",
                        .explanation = "only the second one"}},
          .run = &Pause};
}

CommandSpec ProcessesResumeCommand() {
  return {.path = "processes resume",
          .summary = "Let paused processes go on",
          .arguments = {NameArgument(true)},
          .options = ActOptions(false),
          .examples = {{.line = "tally processes resume worker",
                        .explanation = "all instances of worker"}},
          .run = &Resume};
}

CommandSpec ProcessesRestartCommand() {
  return {.path = "processes restart",
          .summary = "End processes and start them again",
          .details =
              "Waits until all instances run again. Without NAME and "
              "--server the whole stack restarts.",
          .arguments = {NameArgument(true)},
          .options = ActOptions(true),
          .examples = {{.line = "tally processes restart web",
                        .explanation = "all instances of web"},
                       {.line = "tally processes restart web.1 --timeout 1m",
                        .explanation = "only the first one"},
                       {.line = "tally processes restart -s shop -y",
                        .explanation = "the whole stack, without a question"}},
          .run = &Restart};
}

CommandSpec ProcessesSignalCommand() {
  return {.path = "processes signal",
          .summary = "Send a signal to the main process of instances",
          .details =
              "Signals are ABRT, ALRM, CONT, HUP, INT, KILL, QUIT, TERM, "
              "TTIN, TTOU, URG, USR1, USR2 and WINCH, also with SIG in "
              "front. A signal is sent at most once.",
          .arguments = {NameArgument(false),
                        {.name = "SIGNAL", .help = "its name, such as HUP"}},
          .options = ActOptions(false),
          .examples = {{.line = "tally processes signal web HUP",
                        .explanation = "all instances of web"}},
          .run = &Signal};
}

}  // namespace tallyman::tally
