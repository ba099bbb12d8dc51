#include "tally/commands/doctor.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "platform/base/version.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/find_endpoint.h"
#include "tally/client/http.h"
#include "tally/commands/session.h"
#include "tally/doctor/checks.h"
#include "tally/doctor/facts.h"
#include "tally/doctor/machine.h"
#include "tally/doctor/system_text.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kDetails =
    "Checks what operators stumble over: whether the server answers, its "
    "rights, cgroups, limits, clock, unit, listening addresses, data directory "
    "and disk. Most of it needs the machine of the server, and root or the "
    "server's user; other checks are skipped with the reason. It changes "
    "nothing. The exit code is 0 unless --check is given.";

// Short, since a server that is in trouble is the case here.
constexpr Http::Options kPatience = {.connect_timeout = absl::Seconds(3),
                                     .read_timeout = absl::Seconds(10)};
constexpr Http::Options kProbePatience = {.connect_timeout = absl::Seconds(1),
                                          .read_timeout = absl::Seconds(2)};

void AskServer(const Endpoint& endpoint, ServerFacts& server) {
  server.url = endpoint.url.ToString();
  server.source = endpoint.source;
  Http http(endpoint, kPatience);
  const absl::Time before = absl::Now();
  const absl::StatusOr<HttpAnswer> ready =
      http.Send({.target = "/readyz"}, auth::Secret());
  const absl::Time after = absl::Now();
  if (!ready.ok()) {
    server.reached = ready.status();
    return;
  }
  if (ready->status != 200) {
    server.reached = absl::UnavailableError(absl::StrCat(
        server.url, " answers ", ready->status,
        " to /readyz: the database cannot be read, or it is no Tallyman"));
  }
  if (const std::optional<absl::Time> date =
          ParseHttpDate(ready->Header("date"))) {
    server.clock_offset =
        *date + absl::Milliseconds(500) - (before + (after - before) / 2);
  }
  Api api(endpoint, kPatience);
  const absl::StatusOr<Json> description = api.Get("/openapi.json");
  if (description.ok() && description->is_object() &&
      description->contains("info") && (*description)["info"].is_object()) {
    server.version = (*description)["info"].value("version", "");
  }
  server.token =
      api.Get("/server/processes", {{"limit", "1"}, {"fields", "pid"}})
          .status();
}

bool IsOfThisMachine(const ServerUrl& url) {
  return url.kind == ServerUrl::Kind::kUnix || url.host == "localhost" ||
         url.host == "::1" || absl::StartsWith(url.host, "127.");
}

// Where the server of this machine has its data; "" if it is not known.
std::string DataDirOf(const EndpointFlags& flags, const ServerFacts& server) {
  if (!flags.data_dir.empty()) return flags.data_dir;
  std::string_view source = server.source;
  if (absl::ConsumeSuffix(&source, absl::StrCat("/", kLocalAccessFile))) {
    return std::string(source);
  }
  for (const std::string& dir : LocalDataDirs()) {
    struct stat info;
    if (stat(dir.c_str(), &info) == 0) return dir;
  }
  return "";
}

// Whether the sockets that are not for this machine alone speak HTTP without
// TLS.
void ProbeListening(ServerProcessFacts& process) {
  if (!process.listening) return;
  for (ListeningAddress& socket : *process.listening) {
    if (IsOfThisMachine({.host = socket.address})) continue;
    // A wildcard address is not connectable; ask loopback.
    const std::string host = socket.address == "0.0.0.0" ? "127.0.0.1"
                             : socket.address == "::"    ? "::1"
                                                         : socket.address;
    Http http({.url = {.host = host, .port = socket.port}}, kProbePatience);
    const absl::StatusOr<HttpAnswer> answer =
        http.Send({.target = "/healthz"}, auth::Secret());
    socket.answers_clear_text = answer.ok() && answer->status == 200;
  }
}

Facts ReadFacts(Session& session) {
  Facts facts;
  facts.server.client_version = base::Version();
  const EndpointFlags flags = session.endpoint_flags();
  const absl::StatusOr<Endpoint> endpoint = session.endpoint();
  if (endpoint.ok()) {
    AskServer(*endpoint, facts.server);
  } else {
    facts.server.reached = endpoint.status();
  }
  if (endpoint.ok() && flags.data_dir.empty() &&
      !IsOfThisMachine(endpoint->url)) {
    facts.not_local = "the server is not on this machine";
  } else {
    ReadMachine(DataDirOf(flags, facts.server), facts);
    if (facts.process) ProbeListening(*facts.process);
  }
  facts.config_path = ConfigPath();
  facts.config = ReadConfig(facts.config_path).status();
  return facts;
}

Style StyleOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return Style::kGreen;
    case Verdict::kWarning:
      return Style::kYellow;
    case Verdict::kProblem:
      return Style::kRed;
    case Verdict::kSkipped:
      return Style::kDim;
  }
  return Style::kPlain;
}

void PrintJson(const std::vector<Finding>& findings, Output& out) {
  Json checks = Json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"check", std::string(finding.check)},
                      {"result", std::string(VerdictName(finding.verdict))},
                      {"text", finding.text},
                      {"remedy", finding.remedy}});
  }
  const Json report = {{"checks", std::move(checks)}};
  out.Print(absl::StrCat(
      report.dump(-1, ' ', false, Json::error_handler_t::replace), "\n"));
}

void PrintTable(const std::vector<Finding>& findings, Output& out) {
  Table table({{.title = "CHECK"},
               {.title = "RESULT"},
               {.title = "FOUND", .shrinks = true}});
  for (const Finding& finding : findings) {
    table.Add({{.text = std::string(finding.check)},
               {.text = std::string(VerdictName(finding.verdict)),
                .style = StyleOf(finding.verdict)},
               {.text = finding.text}});
  }
  out.Print(table.Render(out));
  // What is wrong stands again with its remedy, on lines that are not cut.
  for (const Finding& finding : findings) {
    if (finding.remedy.empty()) continue;
    out.Print(absl::StrCat(
        "\n",
        out.In(StyleOf(finding.verdict),
               absl::StrCat(VerdictName(finding.verdict), ": ", finding.check)),
        "\n  ", Printable(finding.text), "\n  ", Printable(finding.remedy),
        "\n"));
  }
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const std::vector<Finding> findings = Examine(ReadFacts(session));
  if (session.out().is_json()) {
    PrintJson(findings, session.out());
  } else {
    PrintTable(findings, session.out());
  }
  const bool has_problem = absl::c_any_of(findings, [](const Finding& finding) {
    return finding.verdict == Verdict::kProblem;
  });
  return has_problem && session.arguments().Has("check") ? ExitCode::kFailed
                                                         : ExitCode::kDone;
}

}  // namespace

CommandSpec DoctorCommand() {
  return {
      .path = "doctor",
      .summary = "Check the server and its machine, and say how to mend them",
      .details = kDetails,
      .options = {{.name = "check",
                   .help = "exit with 1 if there is a problem; warnings are "
                           "none"}},
      .examples = {{.line = "tally doctor",
                    .explanation =
                        "on the machine of the server, best as root"},
                   {.line = "tally doctor --data-dir=/var/lib/tallyman",
                    .explanation = "of the server with these data"},
                   {.line = "tally doctor --check --json",
                    .explanation = "for monitoring"}},
      .run = &Run};
}

}  // namespace tallyman::tally
