#include "tally/access/sessions_commands.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tally/access/resource_id.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {
namespace {

// Not below /api/3.
constexpr std::string_view kSessions = "/sessions";

absl::StatusOr<ExitCode> RunList(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<std::vector<Json>> sessions =
      (*api)->ListOf("sessions", kSessions);
  if (!sessions.ok()) return sessions.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(Json(*sessions).dump(), "\n"));
    return ExitCode::kDone;
  }
  if (sessions->empty()) {
    out.Note("Nobody is signed in.");
    return ExitCode::kDone;
  }
  Table table({{.title = "ID", .align = Align::kRight},
               {.title = "TOKEN"},
               {.title = "BEGAN"},
               {.title = "LAST USED"},
               {.title = "EXPIRES"},
               {.title = "ADDRESS"},
               {.title = "BROWSER", .shrinks = true}});
  for (const Json& item : *sessions) {
    table.Add({{.text = absl::StrCat(NumberOf(item, "id").value_or(0))},
               {.text = TextOf(MemberOf(item, "token"), "name"),
                .style = Style::kBold},
               {.text = ShortTime(item, "created_at")},
               {.text = ShortTime(item, "last_used_at")},
               {.text = ShortTime(item, "expires_at")},
               {.text = TextOf(item, "address")},
               {.text = TextOf(item, "user_agent")}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunEnd(Session& session) {
  const Invocation& arguments = session.arguments();
  const auto id = arguments.Value("ID");
  const bool ends_all = arguments.Has("all") || arguments.Has("of-token");
  if (id.has_value() == ends_all) {
    return absl::InvalidArgumentError(
        "give either the ID of a session, or --all or --of-token for all of "
        "a token");
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  ApiRequest request{.method = "DELETE", .path = std::string(kSessions)};
  if (id) absl::StrAppend(&request.path, "/", PathPart(*id));
  if (const auto token = arguments.Value("of-token")) {
    const absl::StatusOr<int64_t> found =
        FindId(**api, "/api/3/tokens", "token", *token);
    if (!found.ok()) return found.status();
    request.query = {{"token_id", absl::StrCat(*found)}};
  }
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(request);
  if (!answer.ok()) return answer.status();
  session.out().Note(id ? "The session has ended." : "They have ended.");
  return ExitCode::kDone;
}

}  // namespace

std::vector<CommandSpec> SessionsCommands() {
  return {
      {.path = "sessions list",
       .summary = "List who is signed in to the page",
       .details = "Those of the token; with the scope admin, of all tokens.",
       .examples = {{"tally sessions", "with their browsers and addresses"}},
       .alias = "sessions",
       .run = &RunList},
      {.path = "sessions end",
       .summary = "Sign browsers out",
       .arguments = {{.name = "ID",
                      .help = "of one session",
                      .optional = true}},
       .options = {{.name = "all", .help = "all sessions of this token"},
                   {.name = "of-token",
                    .value = "TOKEN",
                    .help = "all sessions of that token: its id or name"}},
       .examples = {{"tally sessions end 7", "one of them"},
                    {"tally sessions end --of-token dashboard",
                     "everybody who signed in with this token"}},
       .run = &RunEnd}};
}

}  // namespace tallyman::tally
