#include "tally/logs/logs_command.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/server_lookup.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/logs/log_follower.h"
#include "tally/logs/log_line.h"
#include "tally/logs/log_selection.h"

namespace tallyman::tally {
namespace {

// The parameters that the API and the command line have in common.
Query QueryOf(const Invocation& arguments) {
  Query query;
  for (const std::string_view name : {"grep", "since", "until", "lines"}) {
    if (const auto value = arguments.Value(name)) {
      query.emplace_back(name, *value);
    }
  }
  return query;
}

// Appends the lines of an instance.
void TakeInstance(const Json& output, std::vector<LogLine>& lines) {
  const Json& texts = MemberOf(output, "lines");
  const Json& times = MemberOf(output, "times");
  if (!texts.is_array()) return;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].is_string()) continue;
    LogLine line{.process = TextOf(output, "process"),
                 .instance = NumberOf(output, "instance").value_or(0),
                 .text = texts[i].get<std::string>()};
    line.json = {{"process", line.process},
                 {"server", TextOf(output, "server")},
                 {"instance", line.instance},
                 {"line", line.text}};
    if (times.is_array() && i < times.size()) {
      line.seen_at = TextOf(times[i], "seen_at");
      line.json["seen_at"] = line.seen_at;
      line.json["written_after"] = MemberOf(times[i], "written_after");
    }
    lines.push_back(std::move(line));
  }
}

// All lines of the sources, by the time at which the server saw them.
absl::StatusOr<std::vector<LogLine>> ReadLines(
    Api& api, const StackRef& stack, const std::vector<LogSource>& sources,
    const Query& query) {
  std::vector<LogLine> lines;
  for (const LogSource& source : sources) {
    const std::string path = StackPath(
        stack, absl::StrCat("/processes/", PathPart(source.process), "/logs"));
    std::vector<Query> queries = {query};
    if (source.is_exact) {
      queries.assign(source.instances.size(), query);
      for (size_t i = 0; i < queries.size(); ++i) {
        queries[i].emplace_back("instance", absl::StrCat(source.instances[i]));
      }
    }
    for (Query& one : queries) {
      one.emplace_back("times", "1");
      const absl::StatusOr<std::vector<Json>> outputs = api.List(path, one);
      if (!outputs.ok()) return outputs.status();
      for (const Json& output : *outputs) TakeInstance(output, lines);
    }
  }
  // Each is UTC with milliseconds, so the order of the text is that of time.
  absl::c_stable_sort(lines, [](const LogLine& a, const LogLine& b) {
    return a.seen_at < b.seen_at;
  });
  return lines;
}

absl::Status CheckOptions(const Invocation& arguments) {
  if (arguments.Has("follow") && arguments.Has("until")) {
    return absl::InvalidArgumentError(
        "--until and --follow exclude each other: what is followed has no end");
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  if (absl::Status valid = CheckOptions(arguments); !valid.ok()) return valid;
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<StackRef> stack = FindStack(session);
  if (!stack.ok()) return stack.status();
  absl::StatusOr<std::vector<LogSource>> sources =
      SelectLogs(**api, *stack, arguments.Values("NAME"));
  if (!sources.ok()) return sources.status();
  Query query = QueryOf(arguments);
  if (const auto server = arguments.Value("server")) {
    const absl::StatusOr<std::string> uid = FindServer(**api, *stack, *server);
    if (!uid.ok()) return uid.status();
    query.emplace_back("server_uid", *uid);
  }
  const bool is_single = sources->size() == 1 && sources->front().is_exact &&
                         sources->front().instances.size() == 1;
  LogPrinter printer({.has_prefix = !is_single && !arguments.Has("no-prefix"),
                      .has_times = arguments.Has("timestamps")},
                     session.out());
  if (arguments.Has("follow")) {
    const absl::Status followed =
        LogFollower(session, *stack, *std::move(sources), std::move(query),
                    printer)
            .Run();
    if (absl::IsCancelled(followed)) return ExitCode::kInterrupted;
    if (!followed.ok()) return followed;
    return ExitCode::kDone;
  }
  const absl::StatusOr<std::vector<LogLine>> lines =
      ReadLines(**api, *stack, *sources, query);
  if (!lines.ok()) return lines.status();
  // In the order of the stack, not of the lines.
  for (const LogSource& source : *sources) {
    for (const int64_t instance : source.instances) {
      printer.Register(source.process, instance);
    }
  }
  for (const LogLine& line : *lines) {
    if (!printer.Print(line)) break;
  }
  return ExitCode::kDone;
}

}  // namespace

CommandSpec LogsCommand() {
  return {
      .path = "logs",
      .summary = "Show or follow what processes write",
      .details =
          "Without NAME: all processes of the stack. Lines of several "
          "instances come in the order in which the server saw them, each with "
          "the name of its instance in front. Standard output and standard "
          "error of an instance are one.\n\n"
          "On a terminal, control characters of a line are shown as · and "
          "cannot do harm; its colours stay. In a file or a pipe a line has "
          "the bytes that the server sends, where values that look like "
          "secrets are *** and bytes that are not UTF-8 are U+FFFD.\n\n"
          "--follow goes on when the server starts anew or the connection is "
          "lost, after the last line; where lines may be missing, standard "
          "error says so. Instances that start later are followed too. Ctrl-C "
          "ends it with exit code 130.",
      .arguments = {{.name = "NAME",
                     .help = "a process, or one instance of it: worker.2",
                     .completes = Completes::kProcess,
                     .optional = true,
                     .repeated = true}},
      .options =
          {StackOption(),
           {.name = "follow",
            .letter = 'f',
            .help = "go on with new lines as they are written"},
           {.name = "lines",
            .letter = 'n',
            .value = "COUNT",
            .help = "the last COUNT lines of each instance, at most 10000; "
                    "without it 100, or 10000 with --since"},
           {.name = "grep",
            .value = "RE",
            .help = "only lines with a match of this RE2 expression"},
           {.name = "since",
            .value = "TIME",
            .help = "only lines since then: 15m, 2h, 7d ago, or a time such "
                    "as 2026-11-22T00:10:09Z"},
           {.name = "until", .value = "TIME", .help = "only lines before then"},
           {.name = "server",
            .value = "SERVER",
            .help = "only lines that were written on this machine",
            .completes = Completes::kServer},
           {.name = "timestamps",
            .letter = 't',
            .help = "print when the server saw each line"},
           {.name = "no-prefix", .help = "print no names of instances"}},
      .examples = {{"tally logs worker", "the last lines of all workers"},
                   {"tally logs -f web.1 worker",
                    "follow an instance of web and all workers"},
                   {"tally logs --since 1h --grep '(?i)error'",
                    "errors of the last hour, of all processes"},
                   {"tally logs web.2 -n 10000 > web.2.log",
                    "the lines of one instance, as it has written them"}},
      .run = &Run};
}

}  // namespace tallyman::tally
