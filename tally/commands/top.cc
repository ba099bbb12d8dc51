#include "tally/commands/top.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/endpoint.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/top/run_top.h"
#include "tally/top/source/client_source.h"
#include "tally/top/view/theme.h"

namespace tallyman::tally {
namespace {

// As the server takes it: api/host/process_stream.h.
constexpr absl::Duration kMinInterval = absl::Milliseconds(500);
constexpr absl::Duration kMaxInterval = absl::Minutes(1);

Theme ThemeOf(Session& session) {
  const std::string name = session.arguments().ValueOr("theme", "auto");
  if (name == "none" || !session.out().has_colors()) return Theme::kNone;
  if (name == "light") return Theme::kLight;
  if (name == "dark") return Theme::kDark;
  // Nothing changes the environment.
  const char* const colors =
      std::getenv("COLORFGBG");  // NOLINT(concurrency-mt-unsafe)
  return ThemeOfBackground(colors == nullptr ? "" : colors);
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const std::string text = session.arguments().ValueOr("interval", "2s");
  absl::Duration interval;
  if (!absl::ParseDuration(text, &interval) || interval < kMinInterval ||
      interval > kMaxInterval) {
    return absl::InvalidArgumentError(
        absl::StrCat("--interval ", base::Quote(text),
                     " is not between 500ms and 60s: write it as 5s"));
  }
  if (session.out().is_json()) {
    return absl::InvalidArgumentError(
        "top has no JSON: use `tally ps --watch --json`");
  }
  const absl::StatusOr<Endpoint> endpoint = session.endpoint();
  if (!endpoint.ok()) return endpoint.status();
  ClientSource source(*endpoint, interval);
  return RunTop({.server = endpoint->url.ToString(),
                 .theme = ThemeOf(session),
                 .has_mouse = !session.arguments().Has("no-mouse"),
                 .interval = interval},
                source);
}

}  // namespace

CommandSpec TopCommand() {
  return {
      .path = "top",
      .summary = "Watch and control processes and stacks on the whole terminal",
      .details =
          "The keys are those of the page: ? lists them, q quits. A "
          "search is as on the page: user:root state:running >100M.",
      .options = {{.name = "interval",
                   .value = "TIME",
                   .help =
                       "scan processes so often, 500ms to 60s; 2s by default"},
                  {.name = "theme",
                   .value = "NAME",
                   .help = "colours for a dark or a light background, or none",
                   .completes = Completes::kChoice,
                   .choices = {"auto", "dark", "light", "none"}},
                  {.name = "no-mouse",
                   .help = "leave the mouse to the terminal, to select text"}},
      .examples = {{.line = "tally top", .explanation = "the local server"},
                   {.line = "tally top --theme light --interval 5s",
                    .explanation = "for a slow line and a light terminal"}},
      .run = &Run};
}

}  // namespace tallyman::tally
