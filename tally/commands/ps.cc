#include "tally/commands/ps.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/ps_request.h"
#include "tally/commands/ps_watch.h"
#include "tally/commands/session.h"
#include "tally/processes/arrange.h"
#include "tally/processes/process_columns.h"
#include "tally/processes/process_record.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kDetails =
    "Without a terminal the table has the columns of one of 120 columns, and "
    "no line is cut. A wider terminal shows more columns, a narrow one fewer. "
    "CPU% is the share of one processor since the process started; with "
    "--watch between the last two scans.\n\n"
    "All words of FILTER must match: a word is found in names and command "
    "lines; user: name: command: state: unit: container: stack: process: say "
    "how a value begins (of name and command what it contains), with = for : "
    "all of it, several with commas; memory peak virtual read written cpu "
    "time threads pid ppid session nice compare with > < >= <=, and >100M "
    "alone is about memory. A - before a word negates it; quotation marks "
    "keep spaces. In a shell put > < and quotation marks in quotes.\n\n"
    "--watch draws the table again after each scan, on a terminal's "
    "alternate screen, until Ctrl-C, which is no failure: the exit code is "
    "0. Elsewhere it prints whole tables with an empty line between; with "
    "--json one line a scan: {\"time\",\"processes\"}. Scans without a "
    "difference print nothing.";

absl::StatusOr<ExitCode> List(Session& session, const PsRequest& request) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  absl::StatusOr<Json> body = (*api)->Get(kProcessesPath, request.query);
  if (!body.ok()) return body.status();
  const auto data = body->find("data");
  const auto generated = body->find("time_generated");
  if (data == body->end() || !data->is_array() || generated == body->end() ||
      !generated->is_string()) {
    return absl::InternalError(
        absl::StrCat((*api)->endpoint().url.ToString(),
                     " answers, but not as Tallyman: no list of processes"));
  }
  const absl::Time now =
      ParseServerTime(generated->get_ref<const std::string&>());
  std::vector<ProcessRecord> records;
  records.reserve(data->size());
  for (Json& process : *data) {
    ProcessRecord& record = records.emplace_back();
    if (process.is_object()) record.p = std::move(process);
    record.cpu = AverageShare(record, now);
  }
  const std::vector<const ProcessRecord*> rows =
      Arrange(records, request.arrangement);
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(ProcessesJson(rows, request.keys).dump(), "\n"));
    return ExitCode::kDone;
  }
  if (rows.empty()) {
    out.Note("no process matches");
    return ExitCode::kDone;
  }
  out.Print(RenderProcesses(request.columns, rows,
                            {.now = now,
                             .columns = out.columns(),
                             .is_tree = request.arrangement.is_tree,
                             .has_utf8 = out.has_utf8()},
                            out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const absl::StatusOr<PsRequest> request = MakePsRequest(session);
  if (!request.ok()) return request.status();
  return request->watches ? WatchProcesses(session, *request)
                          : List(session, *request);
}

}  // namespace

CommandSpec PsCommand() {
  return {
      .path = "ps",
      .summary = "List the processes of the machine",
      .details = kDetails,
      .arguments = {{.name = "FILTER",
                     .help = "words, and conditions such as user:root, "
                             "state:running, '>100M', 'cpu>5', -unit:ssh",
                     .optional = true,
                     .repeated = true}},
      .options =
          {{.name = "tree",
            .letter = 't',
            .help = "children below their parents; keeps the ancestors of "
                    "those that match"},
           {.name = "sort",
            .value = "KEY",
            .help = "order by a key of the API, cpu or age; -KEY is downwards; "
                    "pid, or with --watch -cpu if not given",
            .completes = Completes::kSortKey},
           {.name = "fields",
            .letter = 'o',
            .value = "KEYS",
            .help =
                "these columns, with commas between: keys of the API, cpu, age",
            .completes = Completes::kField},
           {.name = "watch",
            .letter = 'w',
            .value = "INTERVAL",
            .value_is_optional = true,
            .help = "go on, with a scan each INTERVAL from 500ms to 60s, 2s if "
                    "not given"},
           {.name = "limit",
            .letter = 'n',
            .value = "N",
            .help = "at most so many"},
           {.name = "user",
            .letter = 'u',
            .value = "NAMES",
            .help = "of one of these users, with commas between",
            .repeated = true},
           {.name = "state",
            .value = "STATES",
            .help = "in one of these states, with commas between",
            .repeated = true},
           {.name = "unit",
            .value = "UNITS",
            .help = "of one of these units of systemd, with commas between",
            .repeated = true},
           {.name = "stack",
            .letter = 's',
            .value = "STACKS",
            .help = "of one of these stacks, by name or uid; shows instances",
            .completes = Completes::kStack,
            .repeated = true},
           {.name = "min-memory",
            .value = "SIZE",
            .help = "with at least so much resident memory, as 100M"}},
      .examples = {{.line = "tally ps nginx user:root",
                    .explanation = "by words"},
                   {.line = "tally ps '>500M' --sort=-memory -n 10",
                    .explanation = "the ten largest"},
                   {.line = "tally ps --tree sshd",
                    .explanation = "with ancestors and as a tree"},
                   {.line = "tally ps --watch=1s 'cpu>5'",
                    .explanation = "who uses the processors now"},
                   {.line = "tally ps -- -user:root",
                    .explanation = "negated words come after --"},
                   {.line =
                        "tally ps --json --fields=pid,memory | jq '.[].memory'",
                    .explanation = "for programs"}},
      .run = &Run};
}

}  // namespace tallyman::tally
