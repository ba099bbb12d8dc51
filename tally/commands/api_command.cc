#include "tally/commands/api_command.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/http.h"
#include "tally/client/input_file.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// The JSON of --data: text, "@FILE" or "@-".
absl::StatusOr<Json> ReadBody(std::string_view data) {
  std::string text(data);
  if (absl::ConsumePrefix(&data, "@")) {
    absl::StatusOr<std::string> content = ReadInput(std::string(data));
    if (!content.ok()) return content.status();
    text = *std::move(content);
  }
  Json body = Json::parse(text, nullptr, false);
  if (body.is_discarded()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--data: ", base::Quote(text), " is no JSON"));
  }
  return body;
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  ApiRequest request{
      .method = absl::AsciiStrToUpper(arguments.ValueOr("METHOD", "")),
      .path = arguments.ValueOr("PATH", "")};
  if (!absl::c_all_of(request.method, absl::ascii_isupper)) {
    return absl::InvalidArgumentError(absl::StrCat(
        base::Quote(request.method), " is no method such as GET or POST"));
  }
  if (!absl::StartsWith(request.path, "/") || base::FindControl(request.path) ||
      absl::StrContains(request.path, ' ')) {
    return absl::InvalidArgumentError(absl::StrCat(
        base::Quote(request.path),
        " is no path such as /api/3/stacks?name=shop, percent-encoded"));
  }
  if (const auto data = arguments.Value("data")) {
    absl::StatusOr<Json> body = ReadBody(*data);
    if (!body.ok()) return body.status();
    request.body = *std::move(body);
  }
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  const absl::StatusOr<HttpAnswer> answer =
      (*api)->SendRaw(request, arguments.ValueOr("accept", "*/*"));
  if (!answer.ok()) return answer.status();
  Output& out = session.out();
  const std::string& text = answer->body;
  const Json json = out.is_terminal() ? Json::parse(text, nullptr, false)
                                      : Json(Json::value_t::discarded);
  if (!json.is_discarded()) {
    // JSON escapes control characters; those above U+007F it does not.
    out.Print(absl::StrCat(json.dump(2, ' ', /*ensure_ascii=*/true), "\n"));
  } else if (out.is_terminal()) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      out.Print(absl::StrCat(Printable(line), "\n"));
    }
  } else {
    out.Print(text);
  }
  return ExitCode::kDone;
}

}  // namespace

CommandSpec ApiCommand() {
  return {
      .path = "api",
      .summary = "Send any request to the server, and print its answer",
      .details =
          "For what no other command does. The answer is printed as it came; "
          "on a terminal JSON is indented. An answer of 4xx or 5xx is an error "
          "with the exit code of its kind; --json prints its body on standard "
          "error. /docs of the server describes all requests.",
      .arguments = {{.name = "METHOD", .help = "GET, POST, PUT or DELETE"},
                    {.name = "PATH", .help = "with the query"}},
      .options = {{.name = "data",
                   .letter = 'd',
                   .value = "JSON",
                   .help = "the body; @FILE reads it from a file, @- from "
                           "standard input",
                   .completes = Completes::kFile},
                  {.name = "accept",
                   .value = "TYPE",
                   .help = "the type of the answer, such as text/plain"}},
      .examples = {{"tally api GET /server/processes?limit=5",
                    "five processes of the machine"},
                   {"tally api POST /api/3/tokens -d "
                    "'{\"name\":\"ci\",\"scopes\":[\"public\"]}'",
                    "a request with a body"},
                   {"tally api GET /metrics", "the metrics for Prometheus"}},
      .run = &Run};
}

}  // namespace tallyman::tally
