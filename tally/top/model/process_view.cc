#include "tally/top/model/process_view.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/process_arrangement.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_search.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {

void ProcessView::Apply(ProcessSnapshot snapshot) {
  rows_.clear();
  table_.Replace(std::move(snapshot));
  Rearrange();
}

void ProcessView::Apply(const ProcessDifference& difference) {
  rows_.clear();
  table_.Change(difference);
  Rearrange();
}

void ProcessView::Quiet() {
  if (table_.Quiet()) Rearrange();
}

void ProcessView::SetStackNames(StackNames names) {
  if (names == stack_names_) return;
  stack_names_ = std::move(names);
  Rearrange();
}

void ProcessView::Resize(int rows, int screen_width) {
  shown_rows_ = rows;
  screen_width_ = screen_width;
  cursor_.Select(cursor_.selected, static_cast<int>(rows_.size()), rows);
}

void ProcessView::Rearrange() {
  rows_ = Arrange(arrangement_, stack_names_, table_.records());
  summary_ = Summarize(table_.records());
  int row = cursor_.selected;
  if (selected_) {
    const auto it = absl::c_find_if(rows_, [&](const ProcessRecord* record) {
      return IdOf(record->process) == *selected_;
    });
    // Another process takes the place of one that is gone.
    if (it != rows_.end()) row = static_cast<int>(it - rows_.begin());
  }
  cursor_.Select(row, static_cast<int>(rows_.size()), shown_rows_);
  if (selected_ && selected() != nullptr) {
    selected_ = IdOf(selected()->process);
  }
}

const ProcessRecord* ProcessView::selected() const {
  const auto row = static_cast<size_t>(cursor_.selected);
  return row < rows_.size() ? rows_[row] : nullptr;
}

void ProcessView::Select(int row) {
  cursor_.Select(row, static_cast<int>(rows_.size()), shown_rows_);
  if (selected() != nullptr) selected_ = IdOf(selected()->process);
}

void ProcessView::SelectPid(int64_t pid) {
  const auto it = absl::c_find_if(rows_, [&](const ProcessRecord* record) {
    return record->process.pid == pid;
  });
  if (it != rows_.end()) Select(static_cast<int>(it - rows_.begin()));
}

bool ProcessView::Click(int row) {
  const int index = cursor_.top + row;
  if (index >= static_cast<int>(rows_.size())) return false;
  const bool was_selected = selected_ && index == cursor_.selected;
  Select(index);
  return was_selected;
}

void ProcessView::ClickHeader(int x) {
  for (const PlacedColumn& placed : PlaceColumns(screen_width_)) {
    if (x >= placed.x && x < placed.x + placed.width) {
      SortBy(placed.column->id);
    }
  }
}

void ProcessView::Scroll(int rows) { Select(cursor_.selected + rows); }

void ProcessView::SetSearch(std::string_view text) {
  search_text_ = std::string(text);
  absl::StatusOr<ProcessSearch> search = ProcessSearch::Parse(text);
  if (!search.ok()) {
    search_error_ = std::string(search.status().message());
    return;
  }
  search_error_.clear();
  arrangement_.search = *std::move(search);
  Rearrange();
}

// A second time turns the order around.
void ProcessView::SortBy(ColumnId id) {
  SortOrder& order = arrangement_.order;
  if (order.column == id) {
    order.is_descending = !order.is_descending;
  } else {
    order = DefaultOrder(id);
  }
  // The held order was another one.
  arrangement_.is_held = false;
  Rearrange();
}

void ProcessView::SortBeside(int step) {
  const std::vector<PlacedColumn> placed = PlaceColumns(screen_width_);
  const auto it = absl::c_find_if(placed, [&](const PlacedColumn& one) {
    return one.column->id == order().column;
  });
  const auto next = (it == placed.end() ? 0 : it - placed.begin()) + step;
  if (next < 0 || next >= static_cast<ptrdiff_t>(placed.size())) return;
  SortBy(placed[static_cast<size_t>(next)].column->id);
}

void ProcessView::SetOpen(bool is_open) {
  if (!is_tree() || selected() == nullptr) return;
  const ProcessId id = IdOf(selected()->process);
  if (is_open) {
    arrangement_.closed.erase(id);
  } else {
    arrangement_.closed.insert(id);
  }
  selected_ = id;
  Rearrange();
}

void ProcessView::FoldAll() {
  if (!is_tree()) return;
  if (!arrangement_.closed.empty()) {
    arrangement_.closed.clear();
  } else {
    for (const ProcessRecord* record : table_.records()) {
      if (!record->children.empty()) {
        arrangement_.closed.insert(IdOf(record->process));
      }
    }
  }
  Rearrange();
}

bool ProcessView::OnKey(const Key& key) {
  const int selected_row = cursor_.selected;
  switch (key.code) {
    case KeyCode::kDown:
      Select(selected_row + 1);
      return true;
    case KeyCode::kUp:
      Select(selected_row - 1);
      return true;
    case KeyCode::kPageDown:
      Select(selected_row + shown_rows_);
      return true;
    case KeyCode::kPageUp:
      Select(selected_row - shown_rows_);
      return true;
    case KeyCode::kHome:
      Select(0);
      return true;
    case KeyCode::kEnd:
      Select(static_cast<int>(rows_.size()) - 1);
      return true;
    case KeyCode::kLeft:
      SetOpen(false);
      return true;
    case KeyCode::kRight:
      SetOpen(true);
      return true;
    case KeyCode::kText:
      break;
    case KeyCode::kControl:
    case KeyCode::kEnter:
    case KeyCode::kEscape:
    case KeyCode::kTab:
    case KeyCode::kBackspace:
    case KeyCode::kDelete:
    case KeyCode::kUnknown:
      return false;
  }
  if (key.Is("j")) {
    Select(selected_row + 1);
  } else if (key.Is("k")) {
    Select(selected_row - 1);
  } else if (key.Is("t")) {
    arrangement_.is_tree = !arrangement_.is_tree;
    Rearrange();
  } else if (key.Is("*")) {
    FoldAll();
  } else if (key.Is(" ")) {
    SetOpen(selected() != nullptr && !selected()->is_open);
  } else if (key.Is("h")) {
    arrangement_.is_held = !arrangement_.is_held;
    if (arrangement_.is_held) HoldOrder(table_.records());
    Rearrange();
  } else if (key.Is("P")) {
    SortBy(ColumnId::kCpu);
  } else if (key.Is("M")) {
    SortBy(ColumnId::kMemory);
  } else if (key.Is("T")) {
    SortBy(ColumnId::kTime);
  } else if (key.Is("N")) {
    SortBy(ColumnId::kPid);
  } else if (key.Is("I")) {
    SortBy(order().column);
  } else if (key.Is("<")) {
    SortBeside(-1);
  } else if (key.Is(">")) {
    SortBeside(1);
  } else {
    return false;
  }
  return true;
}

std::vector<std::string> ProcessView::Fields() const {
  // The tree and the sums need these; `stack` is of three keys.
  std::set<std::string> fields = {"ppid", "process", "instance"};
  for (const Column& column : AllColumns()) {
    if (column.min_screen <= screen_width_ || column.id == order().column ||
        column.id == ColumnId::kThreads || column.id == ColumnId::kState) {
      fields.emplace(column.field);
    }
  }
  for (const std::string_view field : arrangement_.search.Fields()) {
    fields.emplace(field);
  }
  if (!fields.contains("stack")) {
    fields.erase("process");
    fields.erase("instance");
  }
  // SearchableText() has both.
  fields.emplace("name");
  fields.emplace("command_line");
  fields.erase("pid");
  fields.erase("start_time");
  return {fields.begin(), fields.end()};
}

}  // namespace tallyman::tally
