// A table of text whose columns fit the terminal.
//
//   Table table({{"NAME"}, {"PID", Align::kRight}, {"COMMAND", Align::kLeft,
//   true}}); table.Add({{"web"}, {"812"}, {"./web --port=80"}});
//   out.Print(table.Render(out));
//
// Example: tally/terminal/table_test.cc

#ifndef TALLYMAN_TALLY_TERMINAL_TABLE_H_
#define TALLYMAN_TALLY_TERMINAL_TABLE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tally/terminal/output.h"

namespace tallyman::tally {

enum class Align { kLeft, kRight };

struct TableColumn {
  std::string_view title;
  Align align = Align::kLeft;
  // Is cut where a line would be longer than the terminal; the last such column
  // first.
  bool shrinks = false;
};

struct TableCell {
  std::string text;  // Made printable by the table.
  Style style = Style::kPlain;
};

// Thread-compatible.
class Table {
 public:
  explicit Table(std::vector<TableColumn> columns)
      : columns_(std::move(columns)) {}

  // `cells` has a cell for each column.
  void Add(std::vector<TableCell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  // A line for the titles and one for each row, each at most out.columns() wide
  // unless that is 0. No spaces at the ends of lines.
  std::string Render(const Output& out) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_TABLE_H_
