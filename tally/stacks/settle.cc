#include "tally/stacks/settle.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr absl::Duration kPollInterval = absl::Seconds(1);

// Calls `is_done` until it returns a code, the time is over or a signal comes.
template <typename IsDone>
absl::StatusOr<ExitCode> Poll(absl::Duration timeout, std::string_view what,
                              Output& out, IsDone is_done) {
  const absl::Time end = absl::Now() + timeout;
  while (true) {
    absl::StatusOr<std::optional<ExitCode>> code = is_done();
    // A server that starts anew goes on with it.
    const bool can_pass = absl::IsUnavailable(code.status()) ||
                          absl::IsResourceExhausted(code.status());
    if (!code.ok() && !can_pass) return code.status();
    if (code.ok() && *code) {
      out.Progress("");
      return **code;
    }
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) {
      out.Warn(absl::StrCat("timeout: ", what, " goes on"));
      return ExitCode::kTimeout;
    }
    if (!SleepUnlessInterrupted(std::min(left, kPollInterval))) {
      out.Warn(absl::StrCat("interrupted: ", what, " goes on"));
      return ExitCode::kInterrupted;
    }
  }
}

// Takes the ends of instances out of `ending`; `last` is the id of the newest
// event that was read.
absl::Status TakeEnds(Api& api, const StackRef& stack, int64_t& last,
                      std::set<int64_t>& ending) {
  if (ending.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<Json>> events = api.List(
      StackPath(stack, "/events"),
      {{"kind", "stopped,exited,lost"}, {"after", absl::StrCat(last)}});
  if (!events.ok()) return events.status();
  for (const Json& event : *events) {
    if (const auto pid = NumberOf(event, "pid")) ending.erase(*pid);
    last = std::max(last, NumberOf(event, "id").value_or(0));
  }
  return absl::OkStatus();
}

struct Formation {
  int64_t desired = 0;
  int64_t running = 0;
  bool is_settled = true;
  std::string failure;         // Of the first process that is crash-looping.
  std::set<std::string> runs;  // What changes with each start.
};

Formation Read(const std::vector<Json>& processes) {
  Formation formation;
  for (const Json& process : processes) {
    const std::string state = TextOf(process, "state");
    formation.desired += SumOf(process, "desired");
    formation.is_settled =
        formation.is_settled &&
        (state == "running" || state == "paused" || state == "stopped");
    if (state == "crash-looping" && formation.failure.empty()) {
      const std::string output = TextOf(process, "last_output");
      formation.failure = absl::StrCat(
          TextOf(process, "name"),
          " is crash-looping: ", TextOf(process, "last_exit"),
          output.empty()
              ? ""
              : absl::StrCat("; its last line: ", base::Quote(output, 200)));
    }
    const Json& instances = MemberOf(process, "instances");
    if (!instances.is_array()) continue;
    for (const Json& instance : instances) {
      if (TextOf(instance, "state") == "running") ++formation.running;
      formation.runs.insert(
          absl::StrCat(TextOf(process, "name"), ".",
                       NumberOf(instance, "instance").value_or(0), " ",
                       NumberOf(instance, "pid").value_or(0), " ",
                       NumberOf(instance, "restarts").value_or(0)));
    }
  }
  return formation;
}

}  // namespace

absl::StatusOr<BeforeChange> LookBeforeChange(
    Api& api, const StackRef& stack, const Json& preview,
    const std::vector<Json>& processes) {
  BeforeChange before;
  const absl::StatusOr<std::vector<Json>> newest =
      api.List(StackPath(stack, "/events"), {}, 1);
  if (!newest.ok()) return newest.status();
  if (!newest->empty()) {
    before.last_event = NumberOf(newest->front(), "id").value_or(0);
  }
  const Json& changes = MemberOf(preview, "processes");
  if (!changes.is_array()) return before;
  for (const Json& change : changes) {
    bool ends = TextOf(change, "change") == "removed";
    const Json& servers = MemberOf(change, "servers");
    if (servers.is_array()) {
      ends = ends || absl::c_any_of(servers, [](const Json& server) {
               return NumberOf(server, "restart").value_or(0) > 0;
             });
    }
    if (!ends) continue;
    for (const Json& process : processes) {
      if (TextOf(process, "name") != TextOf(change, "name")) continue;
      const Json& instances = MemberOf(process, "instances");
      if (!instances.is_array()) continue;
      for (const Json& instance : instances) {
        if (const auto pid = NumberOf(instance, "pid")) {
          before.ending.insert(*pid);
        }
      }
    }
  }
  return before;
}

absl::StatusOr<ExitCode> AwaitSettled(Api& api, const StackRef& stack,
                                      const BeforeChange& before,
                                      absl::Duration timeout, Output& out) {
  int64_t last = before.last_event;
  std::set<int64_t> ending = before.ending;
  std::optional<std::set<std::string>> runs_before;
  return Poll(
      timeout, absl::StrCat("the change of ", Printable(stack.label)), out,
      [&]() -> absl::StatusOr<std::optional<ExitCode>> {
        if (absl::Status read = TakeEnds(api, stack, last, ending);
            !read.ok()) {
          return read;
        }
        const absl::StatusOr<std::vector<Json>> processes =
            api.List(StackPath(stack, "/processes"));
        if (!processes.ok()) return processes.status();
        Formation now = Read(*processes);
        if (!now.failure.empty() && ending.empty()) {
          out.Warn(Printable(now.failure));
          return ExitCode::kFailed;
        }
        // An instance that ends at once runs at one look, not at two.
        if (now.is_settled && ending.empty() && runs_before == now.runs) {
          return ExitCode::kDone;
        }
        runs_before = std::move(now.runs);
        out.Progress(absl::StrCat(
            Printable(stack.label), ": ", now.running, " of ", now.desired,
            " run",
            ending.empty() ? ""
                           : absl::StrCat(", ", ending.size(), " still end")));
        return std::nullopt;
      });
}

absl::StatusOr<ExitCode> AwaitAction(Api& api, const StackRef& stack,
                                     Json& action, absl::Duration timeout,
                                     Output& out) {
  const int64_t id = NumberOf(action, "id").value_or(0);
  const std::string path = StackPath(stack, absl::StrCat("/actions/", id));
  return Poll(timeout, absl::StrCat("action ", id), out,
              [&]() -> absl::StatusOr<std::optional<ExitCode>> {
                if (TextOf(action, "finished_at").empty()) {
                  absl::StatusOr<Json> now = api.GetOne(path);
                  if (!now.ok()) return now.status();
                  action = *std::move(now);
                }
                if (TextOf(action, "finished_at").empty()) {
                  out.Progress(absl::StrCat("waiting for action ", id));
                  return std::nullopt;
                }
                if (FlagOf(action, "finished_success")) return ExitCode::kDone;
                out.Warn(Printable(absl::StrCat(
                    "action ", id,
                    " has failed: ", TextOf(action, "finished_message"))));
                return ExitCode::kFailed;
              });
}

}  // namespace tallyman::tally
