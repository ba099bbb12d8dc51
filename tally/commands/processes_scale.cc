#include "tally/commands/processes_scale.h"

#include <algorithm>
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
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "tally/actions/action_view.h"
#include "tally/actions/count_argument.h"
#include "tally/actions/goal.h"
#include "tally/actions/process_view.h"
#include "tally/actions/scale_plan.h"
#include "tally/actions/server_ref.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/change_run.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/confirm.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// Relative counts are sent so often before the change of others wins.
constexpr int kMaxTries = 50;
constexpr absl::Duration kLongestRetry = absl::Milliseconds(400);

// A process as it is now, and the tag that names this state.
struct TaggedProcess {
  ProcessView process;
  std::string etag;
};

absl::StatusOr<TaggedProcess> ReadProcess(Api& api, const StackRef& stack,
                                          std::string_view name) {
  const absl::StatusOr<ApiAnswer> answer = api.Send(
      {.path = StackPath(stack, absl::StrCat("/processes/", PathPart(name)))});
  if (!answer.ok()) return answer.status();
  if (!answer->body.is_object()) {
    return absl::InternalError("the server's answer has no process");
  }
  return TaggedProcess{
      .process = ParseProcess(answer->body.value("response", Json::object())),
      .etag = answer->etag};
}

absl::StatusOr<std::vector<CountArgument>> ReadArguments(
    const Invocation& arguments) {
  const std::optional<std::string> name = arguments.Value("name");
  std::vector<CountArgument> counts;
  for (const std::string& text : arguments.Values("COUNT")) {
    const absl::StatusOr<std::vector<CountArgument>> parsed =
        name && !absl::StrContains(text, '=') ? ParseCountsOf(*name, text)
                                              : ParseCountArgument(text);
    if (!parsed.ok()) return parsed.status();
    counts.insert(counts.end(), parsed->begin(), parsed->end());
  }
  return counts;
}

absl::StatusOr<std::optional<int64_t>> ReadCurrent(
    const Invocation& arguments) {
  const std::optional<std::string> text = arguments.Value("current");
  if (!text) return std::nullopt;
  int64_t current = 0;
  if (text->empty() || !absl::c_all_of(*text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(*text, &current)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--current: ", base::Quote(*text), " is no count such as 2"));
  }
  return current;
}

// What one run of the command needs.
struct Scale {
  Session& session;
  Api& api;
  StackRef stack;
  std::vector<ServerRef> servers;
  std::optional<int64_t> current;
};

absl::StatusOr<ExitCode> PrintFormation(const Scale& scale) {
  const absl::StatusOr<std::vector<Json>> list =
      scale.api.List(StackPath(scale.stack, "/processes"));
  if (!list.ok()) return list.status();
  std::vector<ProcessView> processes;
  Json document = Json::array();
  for (const Json& json : *list) processes.push_back(ParseProcess(json));
  Output& out = scale.session.out();
  if (!out.is_json()) {
    out.Print(DescribeFormation(processes, scale.servers) + "\n");
    return ExitCode::kDone;
  }
  for (const ServerRef& server : scale.servers) {
    for (const ProcessView& process : processes) {
      document.push_back({{"process", process.name},
                          {"server", server.name},
                          {"server_uid", server.uid},
                          {"desired", process.On(server.name).desired}});
    }
  }
  out.Print(document.dump() + "\n");
  return ExitCode::kDone;
}

// The body of the answer to a dry run.
absl::StatusOr<Json> Preview(const Scale& scale, const ScalePlan& plan) {
  const absl::StatusOr<ApiAnswer> answer =
      scale.api.Send({.method = "POST",
                      .path = StackPath(scale.stack, "/processes"),
                      .query = {{"dry_run", "1"}},
                      .body = ScaleBody(plan)});
  if (!answer.ok()) return answer.status();
  return answer->body.value("response", Json());
}

// The plans of all wishes by the counts of now; changes nothing. With several,
// the server checks all before the first is sent.
absl::StatusOr<std::vector<ScalePlan>> PlanAll(
    const Scale& scale, const std::vector<ScaleWish>& wishes) {
  std::vector<ScalePlan> plans;
  for (const ScaleWish& wish : wishes) {
    const absl::StatusOr<TaggedProcess> now =
        ReadProcess(scale.api, scale.stack, wish.process);
    if (!now.ok()) return now.status();
    absl::StatusOr<ScalePlan> plan =
        MakePlan(wish, now->process, scale.current);
    if (!plan.ok()) return plan.status();
    plans.push_back(*std::move(plan));
  }
  if (plans.size() < 2) return plans;
  for (const ScalePlan& plan : plans) {
    if (absl::StatusOr<Json> preview = Preview(scale, plan); !preview.ok()) {
      return preview.status();
    }
  }
  return plans;
}

absl::StatusOr<ExitCode> DryRun(const Scale& scale,
                                const std::vector<ScalePlan>& plans) {
  Json previews = Json::array();
  for (const ScalePlan& plan : plans) {
    absl::StatusOr<Json> preview = Preview(scale, plan);
    if (!preview.ok()) return preview.status();
    previews.push_back(*std::move(preview));
  }
  Output& out = scale.session.out();
  if (out.is_json()) {
    out.Print(previews.dump() + "\n");
    return ExitCode::kDone;
  }
  for (const ScalePlan& plan : plans) {
    for (const std::string& line :
         DescribePlan(plan, scale.servers.size() > 1)) {
      out.Print(Printable(line) + "\n");
    }
  }
  out.Note("Nothing has changed: this was a dry run.");
  return ExitCode::kDone;
}

// Sends the scale of one process, and returns its plan at that moment. Counts
// that depend on those of now are sent with the tag of now, and again by new
// ones if somebody else was faster.
absl::StatusOr<std::pair<ScalePlan, ActionView>> Send(const Scale& scale,
                                                      const ScaleWish& wish,
                                                      ChangeRun& run) {
  absl::Duration pause = absl::Milliseconds(10);
  for (int i = 0;; ++i) {
    absl::StatusOr<TaggedProcess> now = absl::UnknownError("not read");
    const absl::Status read = run.patience().Try([&] {
      now = ReadProcess(scale.api, scale.stack, wish.process);
      return now.status();
    });
    if (!read.ok()) return read;
    absl::StatusOr<ScalePlan> plan =
        MakePlan(wish, now->process, scale.current);
    if (!plan.ok()) return plan.status();
    std::vector<std::pair<std::string, std::string>> headers;
    if (wish.is_relative() || scale.current) {
      headers.emplace_back("If-Match", now->etag);
    }
    absl::StatusOr<ActionView> action =
        run.Start("/processes", ScaleBody(*plan), std::move(headers));
    if (action.ok()) return std::pair(*std::move(plan), *std::move(action));
    if (!absl::IsAborted(action.status()) || i + 1 == kMaxTries) {
      return action.status();
    }
    if (absl::Status paused = run.patience().Pause(pause); !paused.ok()) {
      return paused;
    }
    pause = std::min(2 * pause, kLongestRetry);
  }
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  const absl::StatusOr<absl::Duration> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return timeout.status();
  const absl::StatusOr<std::vector<CountArgument>> counts =
      ReadArguments(arguments);
  if (!counts.ok()) return counts.status();
  const absl::StatusOr<std::optional<int64_t>> current = ReadCurrent(arguments);
  if (!current.ok()) return current.status();
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  absl::StatusOr<StackRef> stack = FindStack(session);
  if (!stack.ok()) return stack.status();
  absl::StatusOr<std::vector<ServerRef>> servers =
      ListServers(**api, StackPath(*stack));
  if (!servers.ok()) return servers.status();
  const Scale scale{.session = session,
                    .api = **api,
                    .stack = *stack,
                    .servers = *std::move(servers),
                    .current = *current};
  if (counts->empty()) return PrintFormation(scale);
  const absl::StatusOr<std::vector<ScaleWish>> wishes =
      GroupCounts(*counts, scale.servers, arguments.ValueOr("server", ""));
  if (!wishes.ok()) return wishes.status();
  const absl::StatusOr<std::vector<ScalePlan>> plans = PlanAll(scale, *wishes);
  if (!plans.ok()) return plans.status();
  if (arguments.Has("dry-run")) return DryRun(scale, *plans);
  Output& out = session.out();
  const bool names_servers = scale.servers.size() > 1;
  for (const ScalePlan& plan : *plans) {
    for (const std::string& line : DescribePlan(plan, names_servers)) {
      out.Note(Printable(line));
    }
  }
  for (const ScalePlan& plan : *plans) {
    if (plan.stops_all() && !arguments.Has("yes")) {
      if (absl::Status confirmed =
              ConfirmAtTerminal(absl::StrCat("Stop all instances of ",
                                             Printable(plan.process), "?"),
                                out);
          !confirmed.ok()) {
        return confirmed;
      }
    }
  }

  ChangeRun run(session, *stack, *timeout, **api);
  std::vector<Change> changes;
  for (const ScaleWish& wish : *wishes) {
    absl::StatusOr<std::pair<ScalePlan, ActionView>> sent =
        Send(scale, wish, run);
    if (!sent.ok()) {
      std::string text(sent.status().message());
      for (const Change& change : changes) {
        absl::StrAppend(&text, "; action ", change.action.id, " for ",
                        change.title, " goes on");
      }
      return absl::Status(sent.status().code(), text);
    }
    Change change{.title = wish.process, .action = std::move(sent->second)};
    for (const ScalePlan::Count& count : sent->first.counts) {
      change.goals.push_back({.process = wish.process,
                              .server = names_servers ? count.server.name : "",
                              .from = count.before,
                              .to = count.after});
    }
    changes.push_back(std::move(change));
  }
  return run.Finish(std::move(changes));
}

}  // namespace

CommandSpec ProcessesScaleCommand() {
  return {
      .path = "processes scale",
      .summary = "Change how many instances of processes run",
      .details =
          "Prints the plan, waits until that many instances really run, and "
          "prints how many run. Without COUNT it prints the counts of now in a "
          "form that can be given back.\n\n"
          "A count is PROCESS=NUMBER. +2 and -1 are relative to the desired "
          "count: two clients that add one at the same time add two. A server "
          "is named behind the number (worker=4@a,2@b) or in front "
          "(@a:worker=4), by name or uid; the only server needs no name.\n\n"
          "While the server restarts, tally waits for it and goes on. A "
          "request takes effect once, also if the connection breaks.",
      .arguments = {{.name = "COUNT",
                     .help =
                         "PROCESS=NUMBER, PROCESS=+NUMBER, PROCESS=-NUMBER, "
                         "PROCESS=NUMBER@SERVER,… or @SERVER:PROCESS=NUMBER",
                     .completes = Completes::kProcessCount,
                     .optional = true,
                     .repeated = true}},
      .options = {StackOption(),
                  {.name = "server",
                   .value = "SERVER",
                   .help = "the server of counts that name none",
                   .completes = Completes::kServer},
                  {.name = "name",
                   .value = "PROCESS",
                   .help = "the process of a COUNT without one, such as 4 or "
                           "[+5]",
                   .completes = Completes::kProcess},
                  {.name = "current",
                   .value = "NUMBER",
                   .help = "only if this is the desired count now, else exit "
                           "with 5"},
                  {.name = "dry-run",
                   .help = "let the server check it and print the plan; "
                           "change nothing"},
                  DetachOption(),
                  TimeoutOption(),
                  {.name = "yes",
                   .letter = 'y',
                   .help = "do not ask before all instances of a process "
                           "stop; asked only on a terminal"}},
      .examples = {{.line = "tally scale worker=4 web=+2",
                    .explanation = "four workers, two more of web"},
                   {.line = "tally scale worker=4@a,2@b",
                    .explanation = "on two servers"},
                   {.line = "tally scale worker=5 --current 4",
                    .explanation = "only if four are desired now"},
                   {.line = "tally scale > counts; tally scale $(cat counts)",
                    .explanation = "save the counts, and restore them"}},
      .alias = "scale",
      .run = &Run};
}

}  // namespace tallyman::tally
