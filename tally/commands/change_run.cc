#include "tally/commands/change_run.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/random_bytes.h"
#include "platform/base/text.h"
#include "tally/actions/action_view.h"
#include "tally/actions/goal.h"
#include "tally/actions/patience.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// Lines of a failed instance.
constexpr int kLastLines = 10;
// A request for each process up to this number, else one for all.
constexpr size_t kMaxSingleReads = 3;

std::string NewKey() {
  unsigned char bytes[16];
  base::FillRandom(absl::MakeSpan(bytes));
  return absl::StrCat(
      "tally-", absl::BytesToHexString(absl::string_view(
                    reinterpret_cast<const char*>(bytes), sizeof(bytes))));
}

bool IsCutShort(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

std::vector<std::string> ProcessNames(const std::vector<Change>& changes) {
  std::vector<std::string> names;
  for (const Change& change : changes) {
    for (const Goal& goal : change.goals) {
      if (!absl::c_linear_search(names, goal.process)) {
        names.push_back(goal.process);
      }
    }
  }
  return names;
}

// The instance whose output explains why the change failed: one that does not
// run, the one that was restarted most.
std::optional<InstanceView> FailedInstance(const ProcessView& process) {
  std::optional<InstanceView> worst;
  for (const InstanceView& instance : process.instances) {
    if (instance.runs()) continue;
    if (!worst || instance.restarts > worst->restarts) worst = instance;
  }
  return worst;
}

}  // namespace

OptionSpec TimeoutOption() {
  return {.name = "timeout",
          .value = "DURATION",
          .help =
              "wait no longer than this (90s, 5m); then exit with 124, "
              "and the action goes on"};
}

OptionSpec DetachOption() {
  return {.name = "detach",
          .letter = 'd',
          .help = "do not wait for the end of the action"};
}

absl::StatusOr<absl::Duration> TimeoutOf(const Invocation& arguments) {
  const std::optional<std::string> text = arguments.Value("timeout");
  if (!text) return absl::InfiniteDuration();
  const bool is_number =
      !text->empty() && absl::c_all_of(*text, absl::ascii_isdigit);
  absl::Duration timeout;
  if (!absl::ParseDuration(is_number ? absl::StrCat(*text, "s") : *text,
                           &timeout) ||
      timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--timeout: ", base::Quote(*text),
                     " is no duration above 0 such as 90s, 5m or 1h30m"));
  }
  return timeout;
}

ChangeRun::ChangeRun(Session& session, StackRef stack, absl::Duration timeout,
                     Api& api)
    : session_(session),
      stack_(std::move(stack)),
      api_(api),
      patience_(
          clock_,
          {.timeout = timeout,
           .on_outage =
               [this](const absl::Status& why) {
                 session_.out().Note(absl::StrCat("waiting for the server: ",
                                                  Printable(why.message())));
               },
           .on_return = [this] { session_.out().Note("the server is back"); }}),
      interrupt_([&api] { api.Stop(); }) {
  if (timeout == absl::InfiniteDuration()) return;
  watchdog_ = std::thread([this, timeout] {
    if (!ends_.WaitForNotificationWithTimeout(timeout)) api_.Stop();
  });
}

ChangeRun::~ChangeRun() {
  ends_.Notify();
  if (watchdog_.joinable()) watchdog_.join();
}

absl::StatusOr<ActionView> ChangeRun::Start(
    std::string_view path, const Json& body,
    std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("Idempotency-Key", NewKey());
  const ApiRequest request{.method = "POST",
                           .path = StackPath(stack_, path),
                           .headers = std::move(headers),
                           .body = body};
  absl::StatusOr<ActionView> action = absl::UnknownError("not sent");
  const absl::Status sent = patience_.Try([&] {
    const absl::StatusOr<ApiAnswer> answer = api_.Send(request);
    if (!answer.ok()) return answer.status();
    action = ParseActionAnswer(answer->body);
    return absl::OkStatus();
  });
  if (sent.ok()) return action;
  if (!IsCutShort(sent) && !IsTransient(sent)) return sent;
  absl::Status status(
      sent.code(),
      absl::StrCat(sent.message(),
                   "; the request may have reached the server: ",
                   "`tally actions -s ", stack_.label, "` shows it"));
  return status;
}

absl::Status ChangeRun::Annotate(const absl::Status& status,
                                 const std::vector<Change>& changes) const {
  std::vector<std::string> open;
  for (const Change& change : changes) {
    if (!change.action.has_ended()) {
      open.push_back(absl::StrCat(change.action.id));
    }
  }
  if (open.empty()) return status;
  std::string text(status.message());
  if (!shown_.empty()) absl::StrAppend(&text, "; ", shown_);
  absl::StrAppend(
      &text, open.size() == 1 ? "; action " : "; actions ",
      absl::StrJoin(open, ", "), open.size() == 1 ? " goes on" : " go on",
      ": `tally wait -s ", stack_.label, " --action ", open.front(),
      "` waits again, `tally actions -s ", stack_.label, "` lists them");
  absl::Status annotated(status.code(), text);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

absl::StatusOr<std::vector<ProcessView>> ChangeRun::ReadProcesses(
    const std::vector<std::string>& names) {
  std::vector<ProcessView> processes;
  if (names.size() > kMaxSingleReads) {
    const absl::StatusOr<std::vector<Json>> all =
        api_.List(StackPath(stack_, "/processes"));
    if (!all.ok()) return all.status();
    for (const Json& json : *all) {
      ProcessView process = ParseProcess(json);
      if (absl::c_linear_search(names, process.name)) {
        processes.push_back(std::move(process));
      }
    }
    return processes;
  }
  for (const std::string& name : names) {
    const absl::StatusOr<Json> json = api_.Get(
        StackPath(stack_, absl::StrCat("/processes/", PathPart(name))));
    if (absl::IsNotFound(json.status())) continue;
    if (!json.ok()) return json.status();
    processes.push_back(ParseProcess(json->value("response", Json::object())));
  }
  return processes;
}

void ChangeRun::Show(const std::vector<GoalProgress>& progress) {
  std::string text = Printable(ProgressText(progress));
  if (text.empty()) return;
  if (session_.out().shows_progress()) {
    session_.out().Progress(
        Printable(ProgressBar(progress, patience_.elapsed())));
  } else if (text != shown_) {
    session_.out().Note(text);
  }
  shown_ = std::move(text);
}

void ChangeRun::ShowProgress(const std::vector<Change>& changes) {
  if (session_.out().is_quiet()) return;
  // Only for the eye: an error here shows itself at the next look.
  const absl::StatusOr<std::vector<ProcessView>> processes =
      ReadProcesses(ProcessNames(changes));
  if (!processes.ok()) return;
  std::vector<GoalProgress> progress;
  for (const Change& change : changes) {
    for (const Goal& goal : change.goals) {
      const auto process = absl::c_find_if(
          *processes,
          [&](const ProcessView& other) { return other.name == goal.process; });
      if (process != processes->end()) {
        progress.push_back(Measure(goal, *process));
      }
    }
  }
  Show(progress);
}

absl::Status ChangeRun::Await(std::vector<Change>& changes) {
  return patience_.Until([&]() -> absl::StatusOr<bool> {
    bool is_open = false;
    for (Change& change : changes) {
      if (change.action.has_ended()) continue;
      const absl::StatusOr<Json> answer = api_.Get(
          StackPath(stack_, absl::StrCat("/actions/", change.action.id)));
      if (!answer.ok()) return answer.status();
      absl::StatusOr<ActionView> action = ParseActionAnswer(*answer);
      if (!action.ok()) return action.status();
      change.action = *std::move(action);
      is_open = is_open || !change.action.has_ended();
    }
    if (is_open) ShowProgress(changes);
    return !is_open;
  });
}

void ChangeRun::ReportFailure(const Change& change, Json& failures) {
  Output& out = session_.out();
  if (change.action.is_superseded()) return;
  std::set<std::string> reported;
  for (const Goal& goal : change.goals) {
    if (!reported.insert(goal.process).second) continue;
    const absl::StatusOr<std::vector<ProcessView>> processes =
        ReadProcesses({goal.process});
    if (!processes.ok() || processes->empty()) continue;
    const std::optional<InstanceView> failed =
        FailedInstance(processes->front());
    if (!failed) continue;
    Query query = {{"lines", absl::StrCat(kLastLines)},
                   {"instance", absl::StrCat(failed->number)}};
    const absl::StatusOr<std::vector<ServerRef>> servers =
        ListServers(api_, StackPath(stack_));
    if (servers.ok() && servers->size() > 1) {
      const absl::StatusOr<ServerRef> server =
          FindServer(*servers, failed->server);
      if (server.ok()) query.emplace_back("server_uid", server->uid);
    }
    const absl::StatusOr<std::string> text = api_.GetText(
        StackPath(stack_,
                  absl::StrCat("/processes/", PathPart(goal.process), "/logs")),
        query);
    if (!text.ok()) continue;
    const std::vector<std::string> lines = absl::StrSplit(
        absl::StripTrailingAsciiWhitespace(*text), '\n', absl::SkipEmpty());
    failures.push_back({{"action", change.action.id},
                        {"process", goal.process},
                        {"instance", failed->number},
                        {"lines", lines}});
    if (out.is_json() || lines.empty()) continue;
    out.Warn(absl::StrCat("the last lines of ", goal.process, ".",
                          failed->number, ":"));
    for (const std::string& line : lines) {
      out.Warn(absl::StrCat("  ", Printable(line)));
    }
  }
}

absl::StatusOr<ExitCode> ChangeRun::Finish(std::vector<Change> changes) {
  Output& out = session_.out();
  const bool is_detached = session_.arguments().Has("detach");
  if (!is_detached) {
    if (absl::Status waited = Await(changes); !waited.ok()) {
      out.Progress("");
      return Annotate(waited, changes);
    }
    out.Progress("");
  }
  Json document = {{"stack", stack_.uid},
                   {"actions", Json::array()},
                   {"processes", Json::array()},
                   {"failures", Json::array()}};
  std::vector<std::string> failed;
  for (const Change& change : changes) {
    document["actions"].push_back(change.action.json);
    if (!change.action.has_ended() || change.action.success) continue;
    ReportFailure(change, document["failures"]);
    failed.push_back(absl::StrCat(
        change.title, ": action ", change.action.id,
        change.action.is_superseded() ? " was " : " failed: ",
        change.action.message,
        change.action.is_superseded() ? ", a newer request for the same" : ""));
  }
  absl::StatusOr<std::vector<ProcessView>> processes =
      ReadProcesses(ProcessNames(changes));
  if (!processes.ok()) processes = std::vector<ProcessView>();
  std::string totals;
  for (const ProcessView& process : *processes) {
    Json servers = Json::array();
    for (const ServerCounts& counts : process.servers) {
      servers.push_back({{"server", counts.server},
                         {"desired", counts.desired},
                         {"running", counts.running},
                         {"paused", counts.paused}});
    }
    document["processes"].push_back({{"name", process.name},
                                     {"state", process.state},
                                     {"desired", process.desired()},
                                     {"running", process.running()},
                                     {"servers", std::move(servers)}});
    absl::StrAppend(&totals, process.name, ": ", DescribeCounts(process), "\n");
  }
  if (out.is_json()) {
    out.Print(document.dump() + "\n");
  } else if (is_detached) {
    for (const Change& change : changes) {
      out.Print(absl::StrCat("action ", change.action.id, "\n"));
    }
  } else if (totals.empty() && failed.empty()) {
    for (const Change& change : changes) {
      out.Print(absl::StrCat(Printable(change.title), ": ",
                             Printable(change.action.message), "\n"));
    }
  } else {
    for (const absl::string_view line :
         absl::StrSplit(totals, '\n', absl::SkipEmpty())) {
      out.Print(absl::StrCat(Printable(line), "\n"));
    }
  }
  if (failed.empty()) return ExitCode::kDone;
  return absl::UnknownError(absl::StrJoin(failed, "; "));
}

}  // namespace tallyman::tally
