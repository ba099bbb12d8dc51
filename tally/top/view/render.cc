#include "tally/top/view/render.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ftxui/screen/screen.hpp"
#include "tally/terminal/text.h"
#include "tally/top/model/moment.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/text_pane.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/painter.h"
#include "tally/top/view/render_lists.h"

namespace tallyman::tally {
namespace {

struct Shown {
  std::string text;
  Tone tone = Tone::kNormal;
};

std::string Wait(const FeedStatus& status, const Moment& now) {
  const absl::Duration wait =
      std::max(absl::ZeroDuration(), status.retry_at - now.wall);
  return HumanDuration(absl::Ceil(wait, absl::Seconds(1)));
}

// How the connection is, in a few words.
Shown StatusOf(const TopState::Connection& connection, const Moment& now) {
  const FeedStatus& status = connection.status;
  switch (status.state) {
    case FeedStatus::State::kConnecting:
      return {"connecting", Tone::kBusy};
    case FeedStatus::State::kLive:
      return {"live", Tone::kGood};
    case FeedStatus::State::kRefused:
      return {status.http_status == 0
                  ? "failed"
                  : absl::StrCat("refused ", status.http_status),
              Tone::kBad};
    case FeedStatus::State::kWaiting:
      break;
  }
  if (status.http_status == 429) {
    return {absl::StrCat("too many requests, again in ", Wait(status, now)),
            Tone::kWarn};
  }
  std::string text = "lost";
  if (connection.has_data) {
    absl::StrAppend(&text, ", data ",
                    HumanDuration(now.wall - connection.lost_at), " old");
  }
  return {absl::StrCat(text, ", again in ", Wait(status, now)), Tone::kBad};
}

void RenderTitle(const TopState& state, const Moment& now, Painter& painter) {
  painter.Text(1, kTitleLine, "tally", {.is_bold = true});
  const auto tab = [&](const Tab& one, TopState::View view) {
    const bool is_shown = state.view() == view;
    painter.Text(one.x, kTitleLine, one.title,
                 {.is_bold = is_shown, .is_underlined = is_shown});
  };
  tab(kProcessesTab, TopState::View::kProcesses);
  tab(kStacksTab, TopState::View::kStacks);

  const Shown status = StatusOf(state.connection(), now);
  constexpr int kServerX = 26;
  const int right = painter.width() - 1;
  const int status_x = std::max(kServerX, right - Columns(status.text));
  painter.Text(status_x, kTitleLine, status.text,
               {.tone = status.tone, .is_bold = true}, right - status_x);
  painter.Text(kServerX, kTitleLine, Printable(state.options().server),
               {.tone = Tone::kMuted}, status_x - kServerX - 1);
}

// A question, what is wrong, or the keys.
void RenderBottom(const TopState& state, Painter& painter) {
  const int y = painter.height() - 1;
  if (state.stacks().confirmation()) {
    painter.Text(
        1, y,
        absl::StrCat(Printable(state.stacks().confirmation()->question),
                     "  y: yes  n: no"),
        {.is_bold = true});
    painter.Invert(y);
    return;
  }
  const FeedStatus& status = state.pane() == TopState::Pane::kLog
                                 ? state.log_status()
                                 : state.connection().status;
  const bool is_wrong = status.state == FeedStatus::State::kWaiting ||
                        status.state == FeedStatus::State::kRefused;
  if (is_wrong && !status.message.empty()) {
    painter.Text(1, y, Printable(status.message), {.tone = Tone::kBad},
                 painter.width() - 2);
    return;
  }
  std::string_view keys;
  if (state.pane() != TopState::Pane::kNone) {
    keys = "Esc close   j k PgUp PgDn Home End scroll   q quit";
  } else if (state.is_searching()) {
    keys = "Enter keep   Esc empty   user:root  state:running  >100M  cpu>5";
  } else if (state.view() == TopState::View::kProcesses) {
    keys =
        "/ search  t tree  p pause  h hold  < > sort  Enter details  "
        "g s stacks  ? help";
  } else {
    keys =
        "+ - scale  r restart  p pause  l log  Enter instances  "
        "g p processes  ? help";
  }
  painter.Text(1, y, keys, {.tone = Tone::kMuted}, painter.width() - 1);
}

void RenderPane(const TopState& state, Painter& painter) {
  const TextPane& pane = state.pane_text();
  painter.Text(1, kHeadLine, state.pane_title(), {.is_bold = true});
  std::string place;
  if (state.pane() == TopState::Pane::kLog) {
    const bool is_live = state.log_status().state == FeedStatus::State::kLive;
    place = absl::StrCat(is_live ? "" : "not live, ",
                         pane.sticks() ? "follows" : "scrolled: End follows");
  } else if (pane.lines().size() > static_cast<size_t>(state.list_rows())) {
    place = absl::StrCat(pane.top() + 1, " of ", pane.lines().size());
  }
  painter.TextRight(0, kHeadLine, place, {.tone = Tone::kMuted},
                    painter.width() - 1);
  if (pane.lines().empty()) {
    painter.Text(1, kListTop, "no lines", {.tone = Tone::kMuted});
  }
  for (int i = 0; i < state.list_rows(); ++i) {
    const size_t index = pane.top() + static_cast<size_t>(i);
    if (index >= pane.lines().size()) break;
    const PaneLine& line = pane.lines()[index];
    int x = 1;
    if (!line.label.empty()) {
      x = painter.Text(x, kListTop + i, absl::StrCat(line.label, " | "), {});
      painter.SetColour(1, kListTop + i, x - 1, line.colour);
    }
    painter.Text(x, kListTop + i, line.text, {.tone = line.tone});
  }
}

}  // namespace

void Render(const TopState& state, Theme theme, const Moment& now,
            ftxui::Screen& screen) {
  Painter painter(screen, theme);
  if (painter.width() < kMinSize.width || painter.height() < kMinSize.height) {
    painter.Text(0, 0, "the terminal is too small", {});
    return;
  }
  RenderTitle(state, now, painter);
  if (state.view() == TopState::View::kProcesses) {
    if (state.pane() == TopState::Pane::kNone) RenderProcesses(state, painter);
  } else if (state.pane() == TopState::Pane::kNone) {
    RenderStacks(state, now, painter);
  }
  if (state.pane() != TopState::Pane::kNone) RenderPane(state, painter);
  RenderBottom(state, painter);
}

}  // namespace tallyman::tally
