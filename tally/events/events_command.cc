#include "tally/events/events_command.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/client/json_fields.h"
#include "tally/client/lasting_stream.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/commands/time_argument.h"
#include "tally/events/event_line.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// Prints events, and learns the names of stacks that appear meanwhile.
class EventPrinter {
 public:
  EventPrinter(Api& api, Output& out) : api_(api), out_(out) {}

  // False once the reader of standard output has gone away.
  bool Print(const Json& event) {
    if (out_.is_json()) return out_.Print(absl::StrCat(event.dump(), "\n"));
    const std::string uid = TextOf(event, "stack_uid");
    if (!uid.empty() && !labels_.contains(uid)) Learn(uid);
    return out_.Print(EventLine(event, labels_, out_));
  }

 private:
  void Learn(const std::string& uid) {
    // A name is worth a request, not a failure.
    const absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(api_);
    if (!stacks.ok()) return;
    for (const StackRef& stack : *stacks) labels_[stack.uid] = stack.label;
    // One that was removed: ask once.
    labels_.try_emplace(uid, uid.substr(0, 8));
  }

  Api& api_;
  Output& out_;
  std::map<std::string, std::string> labels_;
};

struct EventQuery {
  std::string path;
  Query query;
  size_t limit = 0;
  absl::Time since = absl::InfinitePast();
};

absl::StatusOr<EventQuery> ReadQuery(Session& session, Api& api) {
  const Invocation& arguments = session.arguments();
  EventQuery query{.path = "/api/3/events"};
  std::string stack = arguments.ValueOr("stack", "");
  if (stack.empty()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    if (const char* const value = std::getenv("TALLY_STACK")) stack = value;
  }
  if (!stack.empty()) {
    const absl::StatusOr<StackRef> found = FindStack(api, stack);
    if (!found.ok()) return found.status();
    query.path = StackPath(*found, "/events");
  }
  if (const auto kinds = arguments.Values("kind"); !kinds.empty()) {
    query.query.emplace_back("kind", absl::StrJoin(kinds, ","));
  }
  if (const auto process = arguments.Value("process")) {
    query.query.emplace_back("process", *process);
  }
  const std::optional<std::string> since = arguments.Value("since");
  if (since) {
    const absl::StatusOr<absl::Time> time =
        ParseTimeArgument("--since", *since, absl::Now());
    if (!time.ok()) return time.status();
    query.since = *time;
  }
  query.limit = since ? 0 : arguments.Has("follow") ? 10 : 50;
  if (const auto limit = arguments.Value("limit")) {
    int64_t number = 0;
    if (!absl::c_all_of(*limit, absl::ascii_isdigit) ||
        !absl::SimpleAtoi(*limit, &number)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--limit: ", base::Quote(*limit), " is no number of events"));
    }
    query.limit = static_cast<size_t>(number);
  }
  return query;
}

// Those of the query, oldest first. `limit` 0: no limit.
absl::StatusOr<std::vector<Json>> ReadEvents(Api& api,
                                             const EventQuery& query) {
  // Newest first, so that the first page has most or all of what is wanted.
  std::vector<Json> events;
  constexpr size_t kPage = 100;
  for (int page = 1;; ++page) {
    Query paged = query.query;
    paged.emplace_back("page", absl::StrCat(page));
    paged.emplace_back("per_page", absl::StrCat(kPage));
    const absl::StatusOr<Json> answer = api.Get(query.path, paged);
    if (!answer.ok()) return answer.status();
    const Json& list = MemberOf(*answer, "response");
    if (!list.is_array()) break;
    bool goes_on = list.size() == kPage;
    for (const Json& event : list) {
      absl::Time time;
      std::string error;
      if (absl::ParseTime(absl::RFC3339_full, TextOf(event, "time"), &time,
                          &error) &&
          time < query.since) {
        goes_on = false;
        break;
      }
      // New events move old ones to the next page.
      const auto id = NumberOf(event, "id");
      if (!events.empty() && id >= NumberOf(events.back(), "id")) continue;
      if (query.limit != 0 && events.size() == query.limit) {
        goes_on = false;
        break;
      }
      events.push_back(event);
    }
    if (!goes_on) break;
  }
  absl::c_reverse(events);
  return events;
}

std::string DescribeGap(const Json& gap) {
  const std::string reason = TextOf(gap, "reason");
  return absl::StrCat("events may be missing here",
                      reason == "removed" ? ": the server has removed old ones"
                      : reason == "unknown"
                          ? ": the server does not know the last one, and "
                            "goes on with the next"
                          : "");
}

absl::StatusOr<ExitCode> Follow(Session& session, const EventQuery& query,
                                int64_t after, EventPrinter& printer) {
  absl::StatusOr<std::unique_ptr<Api>> api = session.NewApi();
  if (!api.ok()) return api.status();
  Output& out = session.out();
  const ScopedInterrupt on_interrupt([&api] { (*api)->Stop(); });
  ApiRequest request{.path = query.path, .query = query.query};
  request.query.emplace_back("after", absl::StrCat(after));
  const absl::Status status = FollowStream(
      **api, request, "",
      [&](const StreamEvent& event) {
        const Json json = Json::parse(event.data, nullptr, false);
        if (!json.is_object()) return true;
        if (event.type == "gap") {
          out.Warn(DescribeGap(json));
          return true;
        }
        return printer.Print(json);
      },
      [&](const absl::Status& reason) {
        out.Warn(Printable(
            absl::StrCat(reason.message(), "; trying to connect again")));
      });
  if (absl::IsCancelled(status)) return ExitCode::kInterrupted;
  if (!status.ok()) return status;
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<EventQuery> query = ReadQuery(session, **api);
  if (!query.ok()) return query.status();
  int64_t after = 0;
  const bool follows = session.arguments().Has("follow");
  if (follows) {
    // Of all kinds: the filter may have passed over the newest one.
    const absl::StatusOr<std::vector<Json>> newest =
        (*api)->List(query->path, {}, 1);
    if (!newest.ok()) return newest.status();
    if (!newest->empty()) after = NumberOf(newest->front(), "id").value_or(0);
  }
  std::vector<Json> events;
  if (query->limit != 0 || session.arguments().Has("since")) {
    absl::StatusOr<std::vector<Json>> read = ReadEvents(**api, *query);
    if (!read.ok()) return read.status();
    events = *std::move(read);
  }
  EventPrinter printer(**api, session.out());
  for (const Json& event : events) {
    if (!printer.Print(event)) return ExitCode::kDone;
    after = std::max(after, NumberOf(event, "id").value_or(0));
  }
  if (!follows) return ExitCode::kDone;
  return Follow(session, *query, after, printer);
}

}  // namespace

CommandSpec EventsCommand() {
  return {
      .path = "events",
      .summary = "Show or follow the audit log",
      .details =
          "Every change of every instance, and every request that changes "
          "something, with the name of its token. Oldest first. With --json "
          "each line is an event.\n\n"
          "--follow goes on when the server starts anew or the connection is "
          "lost, after the last event; where events may be missing, standard "
          "error says so. Ctrl-C ends it with exit code 130.",
      .options = {{.name = "stack",
                   .letter = 's',
                   .value = "STACK",
                   .help = "only events of this stack: its name, "
                           "NAME@ENVIRONMENT or its uid; without it that of "
                           "TALLY_STACK, or all",
                   .completes = Completes::kStack},
                  {.name = "follow",
                   .letter = 'f',
                   .help = "go on with new events as they happen"},
                  {.name = "kind",
                   .value = "KIND",
                   .help = "only events of this kind, such as started, "
                           "exited, crash_looping, action_finished",
                   .repeated = true},
                  {.name = "process",
                   .value = "NAME",
                   .help = "only events of instances of this process",
                   .completes = Completes::kProcess},
                  {.name = "limit",
                   .letter = 'n',
                   .value = "COUNT",
                   .help = "at most the last COUNT events; without it 50, or "
                           "10 with --follow"},
                  {.name = "since",
                   .value = "TIME",
                   .help = "only events since then: 15m, 2h, 7d ago, or a "
                           "time such as 2026-11-22T00:10:09Z"}},
      .examples = {{"tally events", "the last 50 events"},
                   {"tally events -f -s shop", "follow those of a stack"},
                   {"tally events --kind exited --kind crash_looping "
                    "--since 1d --json",
                    "what failed since yesterday, for a program"}},
      .run = &Run};
}

}  // namespace tallyman::tally
