// The view of processes: search, order, tree, selection.

#ifndef TALLYMAN_TALLY_TOP_MODEL_PROCESS_VIEW_H_
#define TALLYMAN_TALLY_TOP_MODEL_PROCESS_VIEW_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/list_cursor.h"
#include "tally/top/model/process_arrangement.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {

// Not thread-safe. Rows point into the table, and hold until the next call that
// is not const.
class ProcessView {
 public:
  void Apply(ProcessSnapshot snapshot);
  void Apply(const ProcessDifference& difference);
  // As ProcessTable::Quiet().
  void Quiet();
  void SetStackNames(StackNames names);

  // How many rows and cells the list has on the screen.
  void Resize(int rows, int screen_width);

  // Keys of the list. False if the key is for somebody else.
  bool OnKey(const Key& key);
  // Selects a row of the list on the screen, from 0. True if it was selected
  // before.
  bool Click(int row);
  // Sorts by the column at this cell, or turns its order around.
  void ClickHeader(int x);
  void Scroll(int rows);

  // Takes the search as it is typed. A search that is wrong leaves the list as
  // it was; search_error() says what is wrong.
  void SetSearch(std::string_view text);
  const std::string& search_text() const { return search_text_; }
  const std::string& search_error() const { return search_error_; }

  // Selects a process by its pid, if it is in the list.
  void SelectPid(int64_t pid);

  const ProcessTable& table() const { return table_; }
  const std::vector<ProcessRecord*>& rows() const { return rows_; }
  const ListCursor& cursor() const { return cursor_; }
  const ProcessSummary& summary() const { return summary_; }
  const SortOrder& order() const { return arrangement_.order; }
  const StackNames& stack_names() const { return stack_names_; }
  bool is_tree() const { return arrangement_.is_tree; }
  bool is_held() const { return arrangement_.is_held; }
  // nullptr: the list is empty.
  const ProcessRecord* selected() const;

  // The keys of the API that the columns and the search need, sorted.
  std::vector<std::string> Fields() const;

 private:
  void Rearrange();
  void Select(int row);
  void SortBy(ColumnId id);
  void SortBeside(int step);
  void SetOpen(bool is_open);
  void FoldAll();

  ProcessTable table_;
  Arrangement arrangement_;
  StackNames stack_names_;
  std::string search_text_;
  std::string search_error_;
  std::vector<ProcessRecord*> rows_;
  ProcessSummary summary_;
  ListCursor cursor_;
  // Kept when rows move; nullopt: the first row, before anybody selects.
  std::optional<ProcessId> selected_;
  int shown_rows_ = 20;
  int screen_width_ = 80;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_PROCESS_VIEW_H_
