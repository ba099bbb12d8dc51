#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tally/terminal/text.h"
#include "tally/top/model/process_arrangement.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"
#include "tally/top/model/process_view.h"
#include "tally/top/model/text_format.h"
#include "tally/top/model/text_pane.h"
#include "tally/top/model/top_state.h"
#include "tally/top/view/painter.h"
#include "tally/top/view/render_lists.h"

namespace tallyman::tally {
namespace {

// Deeper levels are not indented further.
constexpr size_t kMaxGuideBytes = 8 * std::string_view("│").size();

Tone ToneOf(std::string_view state) {
  if (state == "running") return Tone::kGood;
  if (state == "zombie" || state == "dead") return Tone::kBad;
  if (state == "stopped" || state == "disk-sleep") return Tone::kWarn;
  return Tone::kNormal;
}

void RenderSummary(const TopState& state, Painter& painter) {
  const ProcessView& view = state.processes();
  std::string flags;
  if (state.is_paused()) absl::StrAppend(&flags, " PAUSED");
  if (view.is_held()) absl::StrAppend(&flags, " HELD");
  if (view.is_tree()) absl::StrAppend(&flags, " TREE");
  const int flags_width = Columns(flags);
  painter.TextRight(0, kSummaryLine, flags,
                    {.tone = Tone::kWarn, .is_bold = true},
                    painter.width() - 1);
  const int room = painter.width() - 2 - flags_width;

  const ProcessSummary& summary = view.summary();
  const std::string sums = absl::StrCat(HumanBytes(summary.memory), ", ",
                                        FormatShare(summary.share), " CPU");
  const std::string& draft = state.search_draft();
  if (!state.is_searching() && draft.empty()) {
    painter.Text(1, kSummaryLine,
                 absl::StrCat(Plural(summary.all, "process", "processes"), ", ",
                              FormatCount(summary.running), " running, ",
                              FormatCount(summary.threads), " threads, ", sums),
                 {}, room);
    return;
  }
  int x = painter.Text(1, kSummaryLine, "/",
                       {.tone = Tone::kBusy, .is_bold = true}, room);
  x = painter.Text(x, kSummaryLine, Printable(draft), {.is_bold = true},
                   room - x);
  if (state.is_searching()) painter.Invert(x++, kSummaryLine, 1);
  ++x;
  if (!view.search_error().empty()) {
    painter.Text(x + 1, kSummaryLine, Printable(view.search_error()),
                 {.tone = Tone::kBad}, room - x);
    return;
  }
  painter.Text(x + 1, kSummaryLine,
               absl::StrCat(FormatCount(summary.count), " of ",
                            FormatCount(summary.all), ", ", sums),
               {.tone = Tone::kMuted}, room - x);
}

std::string TitleOf(const Column& column, const ProcessView& view) {
  std::string title(column.title);
  if (view.is_tree() && column.id == ColumnId::kCpu) title = "ΣCPU";
  if (view.is_tree() && column.id == ColumnId::kMemory) title = "ΣMEM";
  if (column.id != view.order().column) return title;
  const std::string_view arrow = view.order().is_descending ? "▼" : "▲";
  // The arrow takes the place of the last letter where both do not fit.
  if (Columns(title) >= column.width) title.pop_back();
  absl::StrAppend(&title, arrow);
  return title;
}

// Guides, and whether there are children that show or hide.
std::string Branch(const ProcessRecord& record) {
  std::string_view guides = record.guides;
  if (guides.size() > kMaxGuideBytes) {
    // Whole letters: a blank has one byte, the others three.
    size_t cut = guides.size() - kMaxGuideBytes;
    while ((static_cast<unsigned char>(guides[cut]) & 0xc0) == 0x80) ++cut;
    guides.remove_prefix(cut);
  }
  std::string_view mark = guides.empty() ? "" : "─";
  if (!record.children.empty()) mark = record.is_open ? "▾" : "▸";
  return absl::StrCat(guides, mark);
}

void RenderRow(const ProcessRecord& record,
               const std::vector<PlacedColumn>& columns,
               const ProcessView& view, bool is_old, int y, Painter& painter) {
  const bool is_muted = is_old || (view.is_tree() && !record.is_match);
  for (const auto& [column, x, width] : columns) {
    std::string text =
        ColumnText(column->id, record, view.is_tree(), view.stack_names());
    TextStyle style;
    if (column->id == ColumnId::kState) {
      style.tone = ToneOf(record.process.state);
    }
    if (column->id == ColumnId::kName) style.is_bold = true;
    if (is_muted) style = {.tone = Tone::kMuted};
    if (column->is_number) {
      painter.TextRight(x, y, text, style, width);
      continue;
    }
    int left = x;
    if (column->id == ColumnId::kName && view.is_tree()) {
      left = painter.Text(x, y, Branch(record), {.tone = Tone::kMuted}, width);
    }
    painter.Text(left, y, text, style, x + width - left);
  }
}

// Why the list is empty.
std::string EmptyText(const TopState& state) {
  const ProcessView& view = state.processes();
  if (!view.table().has_scan()) {
    return state.connection().status.state == FeedStatus::State::kConnecting
               ? "loading the processes"
               : "no processes have been loaded";
  }
  if (view.summary().all > 0) {
    return absl::StrCat("nothing matches ", Printable(view.search_text()));
  }
  return "the server shows no processes";
}

}  // namespace

void RenderProcesses(const TopState& state, Painter& painter) {
  RenderSummary(state, painter);
  const ProcessView& view = state.processes();
  const std::vector<PlacedColumn> columns = PlaceColumns(painter.width());
  for (const auto& [column, x, width] : columns) {
    const TextStyle style = {.tone = Tone::kBusy,
                             .is_bold = column->id == view.order().column,
                             .is_underlined = true};
    const std::string title = TitleOf(*column, view);
    if (column->is_number) {
      painter.TextRight(x, kHeadLine, title, style, width);
    } else {
      painter.Text(x, kHeadLine, title, style, width);
    }
  }
  const std::vector<ProcessRecord*>& rows = view.rows();
  if (rows.empty()) {
    painter.Text(1, kListTop + 1, EmptyText(state), {.tone = Tone::kMuted});
  }
  const bool is_old = state.connection().lost_at != absl::InfiniteFuture();
  for (int i = 0; i < state.list_rows(); ++i) {
    const auto row = static_cast<size_t>(view.cursor().top + i);
    if (row >= rows.size()) break;
    RenderRow(*rows[row], columns, view, is_old, kListTop + i, painter);
    if (static_cast<int>(row) == view.cursor().selected) {
      painter.Invert(kListTop + i);
    }
  }
}

}  // namespace tallyman::tally
