#include "tally/access/webhooks_commands.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "tally/access/resource_id.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kWebhooks = "/api/3/webhooks";

std::string Render(const std::vector<Json>& webhooks, const Output& out) {
  Table table({{.title = "ID", .align = Align::kRight},
               {.title = "NAME"},
               {.title = "URL", .shrinks = true},
               {.title = "EVENTS", .shrinks = true},
               {.title = "CREATED"},
               {.title = "FAILED", .align = Align::kRight}});
  for (const Json& webhook : webhooks) {
    const int64_t failed = NumberOf(webhook, "failed_attempts").value_or(0);
    table.Add({{.text = absl::StrCat(NumberOf(webhook, "id").value_or(0))},
               {.text = TextOf(webhook, "name"), .style = Style::kBold},
               {.text = TextOf(webhook, "url")},
               {.text = absl::StrJoin(TextsOf(webhook, "events"), " ")},
               {.text = ShortTime(webhook, "created_at")},
               {.text = absl::StrCat(failed),
                .style = failed > 0 ? Style::kRed : Style::kPlain}});
  }
  return table.Render(out);
}

absl::StatusOr<ExitCode> RunList(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<std::vector<Json>> webhooks = (*api)->List(kWebhooks);
  if (!webhooks.ok()) return webhooks.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(Json(*webhooks).dump(), "\n"));
  } else if (webhooks->empty()) {
    out.Note("There is no webhook.");
  } else {
    out.Print(Render(*webhooks, out));
  }
  return ExitCode::kDone;
}

// The webhook of the argument.
absl::StatusOr<Json> Ask(Session& session, std::string_view method) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<int64_t> id = FindId(
      **api, kWebhooks, "webhook", session.arguments().ValueOr("WEBHOOK", ""));
  if (!id.ok()) return id.status();
  absl::StatusOr<ApiAnswer> answer =
      (*api)->Send({.method = std::string(method),
                    .path = absl::StrCat(kWebhooks, "/", *id)});
  if (!answer.ok()) return answer.status();
  return MemberOf(answer->body, "response");
}

absl::StatusOr<ExitCode> RunShow(Session& session) {
  const absl::StatusOr<Json> webhook = Ask(session, "GET");
  if (!webhook.ok()) return webhook.status();
  Output& out = session.out();
  out.Print(out.is_json() ? absl::StrCat(webhook->dump(), "\n")
                          : Render({*webhook}, out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunDelete(Session& session) {
  const absl::StatusOr<Json> webhook = Ask(session, "DELETE");
  if (!webhook.ok()) return webhook.status();
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(webhook->dump(), "\n"));
  } else {
    out.Note(Printable(
        absl::StrCat(TextOf(*webhook, "name"), " is deleted",
                     FlagOf(*webhook, "from_file")
                         ? ", until the next start: --webhooks_file names it"
                         : "")));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> RunCreate(Session& session) {
  const Invocation& arguments = session.arguments();
  if (!arguments.Has("event")) {
    return absl::InvalidArgumentError(
        "--event is missing; it may be given several times");
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<ApiAnswer> answer =
      (*api)->Send({.method = "POST",
                    .path = std::string(kWebhooks),
                    .body = Json{{"name", arguments.ValueOr("NAME", "")},
                                 {"url", arguments.ValueOr("URL", "")},
                                 {"events", arguments.Values("event")}}});
  if (!answer.ok()) return answer.status();
  const Json& webhook = MemberOf(answer->body, "response");
  Output& out = session.out();
  if (out.is_json()) {
    out.Print(absl::StrCat(webhook.dump(), "\n"));
    return ExitCode::kDone;
  }
  out.Print(absl::StrCat(Printable(TextOf(webhook, "secret")), "\n"));
  out.Note(Printable(absl::StrCat(
      "Webhook ", NumberOf(webhook, "id").value_or(0), " of ",
      TextOf(webhook, "name"),
      " is made. The line on standard output is the secret of its signatures, "
      "which is shown only this once.")));
  return ExitCode::kDone;
}

}  // namespace

std::vector<CommandSpec> WebhooksCommands() {
  const ArgumentSpec webhook = {.name = "WEBHOOK", .help = "its id or name"};
  return {
      {.path = "webhooks list",
       .summary = "List the webhooks",
       .details = "FAILED counts the attempts in a row that have not "
                  "delivered.",
       .examples = {{"tally webhooks", "all of them"}},
       .alias = "webhooks",
       .run = &RunList},
      {.path = "webhooks create",
       .summary = "Make a webhook, and print the secret of its signatures",
       .details = "Events are posted to the URL from now on. Its host must be "
                  "one of the server's flag --webhook_hosts.",
       .arguments = {{.name = "NAME", .help = "for lists and the audit log"},
                     {.name = "URL", .help = "that gets the events"}},
       .options = {{.name = "event",
                    .value = "KIND",
                    .help = "a kind of event that it gets",
                    .completes = Completes::kChoice,
                    .choices = {"crash_looping", "start_failed",
                                "action_failed", "keeper_lost"},
                    .repeated = true}},
       .examples = {{"tally webhooks create pager "
                     "https://hooks.example.com/tallyman --event crash_looping "
                     "--event keeper_lost",
                     "for a pager"}},
       .run = &RunCreate},
      {.path = "webhooks show",
       .summary = "Show a webhook",
       .arguments = {webhook},
       .examples = {{"tally webhooks show pager --json", "all that is known"}},
       .run = &RunShow},
      {.path = "webhooks delete",
       .summary = "Delete a webhook and its secret",
       .arguments = {webhook},
       .examples = {{"tally webhooks delete pager", "by its name"}},
       .run = &RunDelete}};
}

}  // namespace tallyman::tally
