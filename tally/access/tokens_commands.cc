#include "tally/access/tokens_commands.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/json/timestamp.h"
#include "nlohmann/json.hpp"
#include "tally/access/resource_id.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/session.h"
#include "tally/commands/time_argument.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kTokens = "/api/3/tokens";

// "revoked", "expired" or "valid".
std::string_view StateOf(const Json& token) {
  if (!TextOf(token, "revoked_at").empty()) return "revoked";
  const absl::StatusOr<absl::Time> end =
      api::ParseTimestamp(TextOf(token, "expires_at"));
  return end.ok() && *end <= absl::Now() ? "expired" : "valid";
}

std::string RenderTokens(const std::vector<Json>& tokens, const Output& out) {
  Table table({{.title = "ID", .align = Align::kRight},
               {.title = "NAME", .shrinks = true},
               {.title = "SCOPES"},
               {.title = "STATE"},
               {.title = "HOURLY", .align = Align::kRight},
               {.title = "DAILY", .align = Align::kRight},
               {.title = "CREATED"},
               {.title = "EXPIRES"},
               {.title = "CLIENT"}});
  for (const Json& token : tokens) {
    const std::string_view state = StateOf(token);
    const int64_t daily = NumberOf(token, "daily_limit").value_or(0);
    const std::string client = TextOf(token, "client_id");
    table.Add(
        {{.text = absl::StrCat(NumberOf(token, "id").value_or(0))},
         {.text = TextOf(token, "name"), .style = Style::kBold},
         {.text = absl::StrJoin(TextsOf(token, "scopes"), " ")},
         {.text = std::string(state),
          .style = state == "valid" ? Style::kGreen : Style::kDim},
         {.text = absl::StrCat(NumberOf(token, "hourly_limit").value_or(0))},
         {.text = daily == 0 ? "-" : absl::StrCat(daily)},
         {.text = ShortTime(token, "created_at")},
         {.text = ShortTime(token, "expires_at")},
         {.text = client.empty() ? "-" : client}});
  }
  return table.Render(out);
}

absl::StatusOr<ExitCode> RunList(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<std::vector<Json>> all = (*api)->List(kTokens);
  if (!all.ok()) return all.status();
  std::vector<Json> tokens;
  for (const Json& token : *all) {
    if (session.arguments().Has("all") || StateOf(token) == "valid") {
      tokens.push_back(token);
    }
  }
  Output& out = session.out();
  out.Print(out.is_json() ? absl::StrCat(Json(tokens).dump(), "\n")
                          : RenderTokens(tokens, out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunShow(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<int64_t> id =
      FindId(**api, kTokens, "token", session.arguments().ValueOr("TOKEN", ""));
  if (!id.ok()) return id.status();
  const absl::StatusOr<Json> token =
      (*api)->GetOne(absl::StrCat(kTokens, "/", *id));
  if (!token.ok()) return token.status();
  Output& out = session.out();
  out.Print(out.is_json() ? absl::StrCat(token->dump(), "\n")
                          : RenderTokens({*token}, out));
  return ExitCode::kDone;
}

// The value of --expires for the API: RFC 3339.
absl::StatusOr<std::string> ExpiryOf(std::string_view text) {
  const absl::Time now = absl::Now();
  if (const auto span = ParseSpan(text)) return api::UtcTimestamp(now + *span);
  const absl::StatusOr<absl::Time> time =
      ParseTimeArgument("--expires", text, now);
  if (!time.ok()) return time.status();
  return api::UtcTimestamp(*time);
}

absl::StatusOr<ExitCode> RunCreate(Session& session) {
  const Invocation& arguments = session.arguments();
  Json body = {{"name", arguments.ValueOr("NAME", "")}};
  if (absl::Status added = AddLimits(arguments, body); !added.ok()) {
    return added;
  }
  if (const auto expires = arguments.Value("expires")) {
    const absl::StatusOr<std::string> time = ExpiryOf(*expires);
    if (!time.ok()) return time.status();
    body["expires_at"] = *time;
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(
      {.method = "POST", .path = std::string(kTokens), .body = body});
  if (!answer.ok()) return answer.status();
  const Json& token = MemberOf(answer->body, "response");
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(token.dump(), "\n"));
    return ExitCode::kDone;
  }
  out.Print(absl::StrCat(Printable(TextOf(token, "token")), "\n"));
  out.Note(Printable(absl::StrCat(
      "Token ", NumberOf(token, "id").value_or(0), " of ",
      TextOf(token, "name"), ", with the scopes ",
      absl::StrJoin(TextsOf(token, "scopes"), " "),
      TextOf(token, "expires_at").empty()
          ? ", does not expire"
          : absl::StrCat(", expires ", ShortTime(token, "expires_at")),
      ". It is shown only this once.")));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunRevoke(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<int64_t> id =
      FindId(**api, kTokens, "token", session.arguments().ValueOr("TOKEN", ""));
  if (!id.ok()) return id.status();
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(
      {.method = "DELETE", .path = absl::StrCat(kTokens, "/", *id)});
  if (!answer.ok()) return answer.status();
  const Json& token = MemberOf(answer->body, "response");
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(token.dump(), "\n"));
  } else {
    out.Note(Printable(absl::StrCat("Token ", *id, " of ",
                                    TextOf(token, "name"), " is revoked")));
  }
  return ExitCode::kDone;
}

}  // namespace

std::vector<CommandSpec> TokensCommands() {
  const ArgumentSpec token = {.name = "TOKEN",
                              .help = "its id, or the name of a valid one"};
  std::vector<OptionSpec> create_options = LimitOptions();
  create_options.push_back(
      {.name = "expires",
       .value = "WHEN",
       .help = "in 12h or 90d, or a time such as 2027-01-31T12:00:00Z; "
               "without it never"});
  return {
      {.path = "tokens list",
       .summary = "List the tokens",
       .options = {{.name = "all",
                    .letter = 'a',
                    .help = "also those that are revoked or expired"}},
       .examples = {{"tally tokens", "those that are valid"},
                    {"tally tokens list --all --json",
                     "all that the server has ever made"}},
       .alias = "tokens",
       .run = &RunList},
      {.path = "tokens create",
       .summary = "Make a token, and print it",
       .details = "Standard output has the token and nothing else. The server "
                  "keeps only its hash: it is shown only this once.",
       .arguments = {{.name = "NAME",
                      .help = "the user of actions that it starts"}},
       .options = create_options,
       .examples = {{"tally tokens create ci --scope admin --expires 90d > "
                     "token",
                     "a token that changes, for three months"},
                    {"tally tokens create dashboard --hourly-limit 600",
                     "one that only reads"}},
       .run = &RunCreate},
      {.path = "tokens show",
       .summary = "Show a token",
       .arguments = {token},
       .examples = {{"tally tokens show 7", "by its id"}},
       .run = &RunShow},
      {.path = "tokens revoke",
       .summary = "Revoke a token",
       .details = "It is refused from the next request on, and its sessions "
                  "and streams end. The server keeps the last valid token "
                  "with the scope admin.",
       .arguments = {token},
       .examples = {{"tally tokens revoke ci", "by its name"},
                    {"tally tokens revoke 7", "by its id"}},
       .run = &RunRevoke}};
}

}  // namespace tallyman::tally
