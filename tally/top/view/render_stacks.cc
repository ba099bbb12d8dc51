#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tally/terminal/text.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/stack_rows.h"
#include "tally/top/model/stack_values.h"
#include "tally/top/model/stacks_view.h"
#include "tally/top/model/text_format.h"
#include "tally/top/model/text_pane.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/painter.h"
#include "tally/top/view/render_lists.h"

namespace tallyman::tally {
namespace {

constexpr int kNameX = 1;
constexpr int kNameWidth = 24;
constexpr int kStateX = 26;
constexpr int kStateWidth = 13;
constexpr int kCountsX = 40;
constexpr int kCountsWidth = 14;
constexpr int kRestX = 55;

Tone ToneOf(std::string_view state) {
  if (state == "running") return Tone::kGood;
  if (state == "degraded") return Tone::kWarn;
  if (state == "crash-looping") return Tone::kBad;
  if (state == "paused" || state == "stopped") return Tone::kMuted;
  return Tone::kBusy;
}

// "2/3", "2/3 → 5", "3/3 (1 paused)".
std::string Counts(int64_t running, int64_t wanted, int64_t paused,
                   const Step* step) {
  std::string text = absl::StrCat(running, "/", wanted);
  if (step != nullptr) {
    absl::StrAppend(&text, " → ", step->count);
  } else if (paused > 0) {
    absl::StrAppend(&text, " (", paused, " paused)");
  }
  return text;
}

std::string ActionText(const TrackedAction& action, const StackRow& row,
                       const Moment& now) {
  std::string text = Printable(action.text);
  switch (action.state) {
    case TrackedAction::State::kSent:
    case TrackedAction::State::kOpen: {
      std::string parts;
      const auto add = [&](std::string_view part) {
        if (!parts.empty()) absl::StrAppend(&parts, ", ");
        absl::StrAppend(&parts, part);
      };
      if (action.from && action.summary.count) {
        add(absl::StrCat(*action.from, " → ", *action.summary.count));
      }
      if (action.summary.count && row.process != nullptr) {
        add(absl::StrCat(Sum(row.process->running), " running"));
      }
      if (const std::string counts = CountsOf(action); !counts.empty()) {
        add(counts);
      }
      add(HumanDuration(now.steady - action.began.steady));
      return absl::StrCat("… ", text, ": ", parts);
    }
    case TrackedAction::State::kDone:
      return absl::StrCat("✓ ", text, ": ", Printable(action.message));
    case TrackedAction::State::kFailed:
      return absl::StrCat("✗ ", text, " failed: ", Printable(action.message));
    case TrackedAction::State::kSuperseded:
      return absl::StrCat("- ", text, ": ", Printable(action.message));
  }
  return text;
}

Tone ToneOf(TrackedAction::State state) {
  switch (state) {
    case TrackedAction::State::kSent:
    case TrackedAction::State::kOpen:
      return Tone::kBusy;
    case TrackedAction::State::kDone:
      return Tone::kGood;
    case TrackedAction::State::kFailed:
      return Tone::kBad;
    case TrackedAction::State::kSuperseded:
      return Tone::kMuted;
  }
  return Tone::kNormal;
}

std::string InstanceText(const StackInstance& instance, const Moment& now) {
  std::string text;
  if (instance.next_start_at) {
    const absl::Duration wait = *instance.next_start_at - now.wall;
    text = wait < absl::Seconds(1)
               ? "starts now"
               : absl::StrCat("starts in ", HumanDuration(wait));
  } else if (instance.started_at && instance.pid != 0) {
    text = absl::StrCat(
        "up ", HumanDuration(std::max(absl::ZeroDuration(),
                                      now.wall - *instance.started_at)));
  }
  if (instance.restarts > 0) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    Plural(instance.restarts, "restart", "restarts"));
  }
  if (!instance.last_exit.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    Printable(instance.last_exit));
    if (instance.last_exit_at) {
      absl::StrAppend(&text, " ", FormatAgo(*instance.last_exit_at, now.wall));
    }
  }
  return text;
}

class RowPainter {
 public:
  RowPainter(const TopState& state, const Moment& now, int y, Painter& painter)
      : view_(state.stacks()), now_(now), y_(y), painter_(painter) {}

  void Paint(const StackRow& row) {
    switch (row.kind) {
      case StackRow::Kind::kStack:
        return PaintStack(row);
      case StackRow::Kind::kProcess:
        return PaintProcess(row);
      case StackRow::Kind::kServer:
        Name(absl::StrCat("    on ", Printable(row.server->name)), {});
        return CountsOf(*row.server, view_.FindStep(row));
      case StackRow::Kind::kInstance:
        return PaintInstance(row);
      case StackRow::Kind::kTrouble:
        return Line(Printable(row.text), Tone::kBad);
      case StackRow::Kind::kAction:
        return Line(ActionText(*row.action, row, now_),
                    ToneOf(row.action->state));
      case StackRow::Kind::kMessage:
        return Line(row.text, Tone::kMuted);
    }
  }

 private:
  void Name(std::string_view text, const TextStyle& style) {
    painter_.Text(kNameX, y_, text, style, kNameWidth);
  }
  void State(std::string_view state) {
    painter_.Text(kStateX, y_, Printable(state), {.tone = ToneOf(state)},
                  kStateWidth);
  }
  void Rest(std::string_view text) {
    painter_.Text(kRestX, y_, text, {.tone = Tone::kMuted});
  }
  // A line of its own below a process.
  void Line(std::string_view text, Tone tone) {
    painter_.Text(kNameX + 4, y_, text, {.tone = tone});
  }
  void Numbers(int64_t running, int64_t wanted, int64_t paused,
               const Step* step) {
    Tone tone = Tone::kNormal;
    if (step != nullptr) {
      tone = Tone::kBusy;
    } else if (running != wanted) {
      tone = Tone::kWarn;
    }
    painter_.Text(kCountsX, y_, Counts(running, wanted, paused, step),
                  {.tone = tone, .is_bold = true}, kCountsWidth);
  }
  void CountsOf(const ServerRow& server, const Step* step) {
    Numbers(server.running, server.wanted, server.paused, step);
  }

  void PaintStack(const StackRow& row) {
    const Stack& stack = *row.stack;
    Name(absl::StrCat(view_.IsOpen(row) ? "▾ " : "▸ ", Printable(stack.name)),
         {.is_bold = true});
    if (!stack.is_loaded) return;
    State(StateOfStack(stack));
    int64_t running = 0;
    int64_t wanted = 0;
    for (const StackProcess& process : stack.processes) {
      running += Sum(process.running);
      wanted += Sum(process.desired);
    }
    Numbers(running, wanted, 0, nullptr);
    Rest(Printable(stack.environment));
  }

  void PaintProcess(const StackRow& row) {
    const StackProcess& process = *row.process;
    Name(absl::StrCat("  ", view_.IsOpen(row) ? "▾ " : "▸ ",
                      Printable(process.name)),
         {});
    State(process.state);
    // With one server the step is of the process.
    Numbers(Sum(process.running), Sum(process.desired), Sum(process.paused),
            view_.FindStep(row));
    Rest(ShownText(process.command));
  }

  void PaintInstance(const StackRow& row) {
    const StackInstance& instance = *row.instance;
    std::string name = absl::StrCat("      ", Printable(row.process->name), ".",
                                    instance.number);
    if (row.stack->servers.size() > 1) {
      absl::StrAppend(&name, " on ", Printable(instance.server));
    }
    Name(name, {});
    State(instance.state);
    if (instance.pid != 0) {
      painter_.Text(kCountsX, y_, absl::StrCat("pid ", instance.pid), {},
                    kCountsWidth);
    }
    Rest(InstanceText(instance, now_));
  }

  const StacksView& view_;
  const Moment& now_;
  const int y_;
  Painter& painter_;
};

void RenderSummary(const TopState& state, Painter& painter) {
  const StacksView& view = state.stacks();
  if (!view.is_loaded()) return;
  int64_t processes = 0;
  int64_t running = 0;
  int64_t wanted = 0;
  for (const Stack& stack : view.stacks()) {
    for (const StackProcess& process : stack.processes) {
      ++processes;
      running += Sum(process.running);
      wanted += Sum(process.desired);
    }
  }
  painter.Text(
      1, kSummaryLine,
      absl::StrCat(
          Plural(static_cast<int64_t>(view.stacks().size()), "stack", "stacks"),
          ", ", Plural(processes, "process", "processes"), ", ",
          FormatCount(running), " of ", FormatCount(wanted), " running"),
      {});
}

}  // namespace

void RenderStacks(const TopState& state, const Moment& now, Painter& painter) {
  RenderSummary(state, painter);
  const TextStyle head = {.tone = Tone::kBusy, .is_underlined = true};
  painter.Text(kNameX, kHeadLine, "NAME", head, kNameWidth);
  painter.Text(kStateX, kHeadLine, "STATE", head, kStateWidth);
  painter.Text(kCountsX, kHeadLine, "RUNNING/WANTED", head, kCountsWidth);
  painter.Text(kRestX, kHeadLine, "COMMAND", head);

  const StacksView& view = state.stacks();
  const std::vector<StackRow>& rows = view.rows();
  if (rows.empty()) {
    std::string_view text = "no stacks; `tally stacks create` makes one";
    if (!view.is_loaded()) {
      text = state.connection().status.state == FeedStatus::State::kConnecting
                 ? "loading the stacks"
                 : "no stacks have been loaded";
    }
    painter.Text(1, kListTop + 1, text, {.tone = Tone::kMuted});
  }
  for (int i = 0; i < state.list_rows(); ++i) {
    const auto row = static_cast<size_t>(view.cursor().top + i);
    if (row >= rows.size()) break;
    RowPainter(state, now, kListTop + i, painter).Paint(rows[row]);
    if (static_cast<int>(row) == view.cursor().selected) {
      painter.Invert(kListTop + i);
    }
  }
}

}  // namespace tallyman::tally
