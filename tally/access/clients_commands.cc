#include "tally/access/clients_commands.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
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

constexpr std::string_view kClients = "/api/3/oauth/clients";

std::string Render(const std::vector<Json>& clients, const Output& out) {
  Table table({{.title = "ID", .align = Align::kRight},
               {.title = "CLIENT"},
               {.title = "NAME", .shrinks = true},
               {.title = "SCOPES"},
               {.title = "HOURLY", .align = Align::kRight},
               {.title = "DAILY", .align = Align::kRight},
               {.title = "TOKENS LAST", .align = Align::kRight},
               {.title = "CREATED"},
               {.title = "REVOKED"}});
  for (const Json& client : clients) {
    const int64_t daily = NumberOf(client, "daily_limit").value_or(0);
    table.Add(
        {{.text = absl::StrCat(NumberOf(client, "id").value_or(0))},
         {.text = TextOf(client, "client_id")},
         {.text = TextOf(client, "name"), .style = Style::kBold},
         {.text = absl::StrJoin(TextsOf(client, "scopes"), " ")},
         {.text = absl::StrCat(NumberOf(client, "hourly_limit").value_or(0))},
         {.text = daily == 0 ? "-" : absl::StrCat(daily)},
         {.text = HumanDuration(
              absl::Seconds(NumberOf(client, "token_lifetime").value_or(0)))},
         {.text = ShortTime(client, "created_at")},
         {.text = ShortTime(client, "revoked_at")}});
  }
  return table.Render(out);
}

absl::StatusOr<ExitCode> RunList(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<std::vector<Json>> all = (*api)->List(kClients);
  if (!all.ok()) return all.status();
  std::vector<Json> clients;
  for (const Json& client : *all) {
    if (session.arguments().Has("all") ||
        TextOf(client, "revoked_at").empty()) {
      clients.push_back(client);
    }
  }
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(Json(clients).dump(), "\n"));
  } else if (clients.empty()) {
    out.Note("There is no client.");
  } else {
    out.Print(Render(clients, out));
  }
  return ExitCode::kDone;
}

// The client of the argument.
absl::StatusOr<Json> Ask(Session& session, std::string_view method) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<int64_t> id = FindId(
      **api, kClients, "client", session.arguments().ValueOr("CLIENT", ""));
  if (!id.ok()) return id.status();
  absl::StatusOr<ApiAnswer> answer =
      (*api)->Send({.method = std::string(method),
                    .path = absl::StrCat(kClients, "/", *id)});
  if (!answer.ok()) return answer.status();
  return MemberOf(answer->body, "response");
}

absl::StatusOr<ExitCode> RunShow(Session& session) {
  const absl::StatusOr<Json> client = Ask(session, "GET");
  if (!client.ok()) return client.status();
  Output& out = session.out();
  out.Print(out.is_json() ? absl::StrCat(client->dump(), "\n")
                          : Render({*client}, out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunRevoke(Session& session) {
  const absl::StatusOr<Json> client = Ask(session, "DELETE");
  if (!client.ok()) return client.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(client->dump(), "\n"));
  } else {
    out.Note(Printable(absl::StrCat(TextOf(*client, "name"),
                                    " is revoked, and so are its tokens")));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunCreate(Session& session) {
  const Invocation& arguments = session.arguments();
  Json body = {{"name", arguments.ValueOr("NAME", "")}};
  if (absl::Status added = AddLimits(arguments, body); !added.ok()) {
    return added;
  }
  if (const auto text = arguments.Value("token-lifetime")) {
    const auto span = ParseSpan(*text);
    if (!span) {
      return absl::InvalidArgumentError(
          absl::StrCat("--token-lifetime: ", base::Quote(*text),
                       " is no span such as 15m or 12h"));
    }
    body["token_lifetime"] = absl::ToInt64Seconds(*span);
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<ApiAnswer> answer = (*api)->Send(
      {.method = "POST", .path = std::string(kClients), .body = body});
  if (!answer.ok()) return answer.status();
  const Json& client = MemberOf(answer->body, "response");
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(client.dump(), "\n"));
    return ExitCode::kDone;
  }
  out.Print(absl::StrCat(
      "client_id=", Printable(TextOf(client, "client_id")), "\n",
      "client_secret=", Printable(TextOf(client, "client_secret")), "\n"));
  out.Note(
      Printable(absl::StrCat("Client ", NumberOf(client, "id").value_or(0),
                             " of ", TextOf(client, "name"),
                             " is made. Its secret is shown only this once.")));
  return ExitCode::kDone;
}

}  // namespace

std::vector<CommandSpec> ClientsCommands() {
  const ArgumentSpec client = {.name = "CLIENT",
                               .help = "its id, its client_id, or its name"};
  std::vector<OptionSpec> create_options = LimitOptions();
  create_options.push_back({.name = "token-lifetime",
                            .value = "SPAN",
                            .help = "for which its tokens are valid, such as "
                                    "15m or 12h; without it 1h"});
  return {
      {.path = "clients list",
       .summary = "List the programs that fetch tokens by themselves",
       .options = {{.name = "all",
                    .letter = 'a',
                    .help = "also those that are revoked"}},
       .examples = {{"tally clients", "those that are not revoked"}},
       .alias = "clients",
       .run = &RunList},
      {.path = "clients create",
       .summary = "Make a client, and print its id and secret",
       .details =
           "For OAuth 2.0, client credentials: a program fetches tokens of "
           "limited life with them. A context of tally takes them too. "
           "Standard output has two lines, client_id=… and client_secret=….",
       .arguments = {{.name = "NAME",
                      .help = "the user of actions that its tokens start"}},
       .options = create_options,
       .examples = {{"tally clients create deploy --scope admin "
                     "--token-lifetime 15m",
                     "for a pipeline that scales"}},
       .run = &RunCreate},
      {.path = "clients show",
       .summary = "Show a client",
       .arguments = {client},
       .examples = {{"tally clients show deploy", "by its name"}},
       .run = &RunShow},
      {.path = "clients revoke",
       .summary = "Revoke a client and its tokens",
       .arguments = {client},
       .examples = {{"tally clients revoke deploy", "by its name"}},
       .alias = "clients delete",
       .run = &RunRevoke}};
}

}  // namespace tallyman::tally
