#include "tally/commands/status_command.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/endpoint.h"
#include "tally/client/json_fields.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

void Add(std::string_view title, std::string_view value, const Output& out,
         std::string& text) {
  constexpr size_t kColumns = 10;
  absl::StrAppend(&text, out.In(Style::kBold, title),
                  std::string(kColumns - title.size(), ' '), value, "\n");
}

absl::StatusOr<ExitCode> Run(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const Endpoint& endpoint = (*api)->endpoint();
  // Neither needs a token.
  const absl::StatusOr<Json> description = (*api)->Get("/openapi.json");
  if (!description.ok()) return description.status();
  const absl::StatusOr<Json> ready = (*api)->Get("/readyz");
  const std::string version = TextOf(MemberOf(*description, "info"), "version");
  const absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(**api);
  const std::string readiness =
      ready.ok() ? "ready"
                 : absl::StrCat("not ready: ", ready.status().message());
  const std::string token =
      stacks.ok() ? absl::StrCat("accepted; it sees ", stacks->size(),
                                 stacks->size() == 1 ? " stack" : " stacks")
                  : std::string(stacks.status().message());
  Output& out = session.out();
  if (out.is_json()) {
    const Json all = {{"url", endpoint.url.ToString()},
                      {"source", endpoint.source},
                      {"version", version},
                      {"ready", ready.ok()},
                      {"token_accepted", stacks.ok()}};
    out.Print(absl::StrCat(all.dump(), "\n"));
  } else {
    std::string text;
    Add("server", Printable(endpoint.url.ToString()), out, text);
    Add("source", Printable(endpoint.source), out, text);
    Add("version", Printable(version), out, text);
    Add("state",
        out.In(ready.ok() ? Style::kGreen : Style::kRed, Printable(readiness)),
        out, text);
    Add("token", Printable(token), out, text);
    out.Print(text);
  }
  if (!session.arguments().Has("check")) return ExitCode::kDone;
  if (!ready.ok()) return ready.status();
  if (!stacks.ok()) return stacks.status();
  return ExitCode::kDone;
}

}  // namespace

CommandSpec StatusCommand() {
  return {.path = "status",
          .summary = "Show the server, its version, and whether it is ready",
          .details =
              "Says how the address was found, and whether the server "
              "accepts the token.",
          .options = {{.name = "check",
                       .help = "fail unless the server is ready and accepts "
                               "the token"}},
          .examples = {{"tally status", "which server do I talk to?"},
                       {"tally status --check -q && tally scale web=2",
                        "in a script"}},
          .run = &Run};
}

}  // namespace tallyman::tally
