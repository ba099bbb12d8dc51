#include "tally/commands/ps_watch.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/commands/ps_request.h"
#include "tally/commands/session.h"
#include "tally/processes/arrange.h"
#include "tally/processes/process_columns.h"
#include "tally/processes/process_model.h"
#include "tally/processes/process_record.h"
#include "tally/terminal/interrupt.h"
#include "tally/terminal/output.h"
#include "tally/terminal/screen.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

// What the stream asks of clients: "retry: 2000".
constexpr absl::Duration kRetryDelay = absl::Seconds(2);

class Watcher {
 public:
  Watcher(Session& session, const PsRequest& request)
      : out_(session.out()), request_(request) {}

  absl::StatusOr<ExitCode> Run(Api& api) {
    const ScopedInterrupt interrupt([&api] { api.Stop(); });
    ApiRequest stream = {.path = std::string(kProcessesPath),
                         .query = request_.query};
    stream.query.emplace_back("watch", request_.interval);
    while (true) {
      const absl::Status status = api.Stream(
          stream, "", [this](const StreamEvent& event) { return Take(event); });
      if (IsInterrupted() || out_.reader_is_gone()) return ExitCode::kDone;
      if (!failure_.ok()) return failure_;
      if (!has_begun_ || !absl::IsUnavailable(status)) return status;
      if (!ShowLoss(status)) return ExitCode::kDone;
      if (!SleepUnlessInterrupted(kRetryDelay)) return ExitCode::kDone;
    }
  }

 private:
  // False to end.
  bool Take(const StreamEvent& event) {
    failure_ = model_.Apply(event.type, event.data);
    if (!failure_.ok()) {
      failure_ = absl::InternalError(failure_.message());
      return false;
    }
    if (model_.time() == absl::InfinitePast()) return true;
    has_begun_ = true;
    return Show("");
  }

  bool Show(std::string_view message) {
    const std::vector<const ProcessRecord*> rows =
        Arrange(model_.records(), request_.arrangement);
    if (out_.is_json()) {
      const Json line = {
          {"time", absl::FormatTime(absl::RFC3339_sec, model_.time(),
                                    absl::UTCTimeZone())},
          {"processes", ProcessesJson(rows, request_.keys)}};
      return out_.Print(absl::StrCat(line.dump(), "\n"));
    }
    if (!out_.is_terminal()) {
      const std::string table = Render(rows);
      const bool is_first = !std::exchange(has_printed_, true);
      return out_.Print(absl::StrCat(is_first ? "" : "\n", table));
    }
    if (!screen_) screen_.emplace(out_);
    return screen_->Draw(absl::StrCat(Headline(rows.size(), message), "\n",
                                      Render(FittingRows(rows))));
  }

  // A terminal has no room for more.
  std::vector<const ProcessRecord*> FittingRows(
      std::vector<const ProcessRecord*> rows) const {
    const auto fits = static_cast<size_t>(out_.rows());
    if (rows.size() > fits) rows.resize(fits);
    return rows;
  }

  std::string Headline(size_t count, std::string_view message) const {
    std::string text = absl::StrCat(
        count, count == 1 ? " process" : " processes", ", every ",
        request_.interval, ", ",
        absl::FormatTime("%H:%M:%S", model_.time(), absl::LocalTimeZone()),
        ", Ctrl-C ends");
    if (!message.empty()) absl::StrAppend(&text, "; ", message);
    return out_.In(message.empty() ? Style::kBold : Style::kRed,
                   Cut(Printable(text), out_.columns()));
  }

  std::string Render(const std::vector<const ProcessRecord*>& rows) const {
    return RenderProcesses(request_.columns, rows,
                           {.now = model_.time(),
                            .columns = out_.columns(),
                            .is_tree = request_.arrangement.is_tree,
                            .has_utf8 = out_.has_utf8()},
                           out_);
  }

  // Says that the connection is lost. False to end.
  bool ShowLoss(const absl::Status& status) {
    const std::string text = absl::StrCat(status.message(), "; trying again");
    if (screen_) return Show(text);
    out_.Note(text);
    return true;
  }

  Output& out_;
  const PsRequest& request_;
  ProcessModel model_;
  std::optional<Screen> screen_;
  absl::Status failure_;
  bool has_begun_ = false;
  bool has_printed_ = false;
};

}  // namespace

absl::StatusOr<ExitCode> WatchProcesses(Session& session,
                                        const PsRequest& request) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  return Watcher(session, request).Run(**api);
}

}  // namespace tallyman::tally
