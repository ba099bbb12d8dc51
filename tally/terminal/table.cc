#include "tally/terminal/table.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr int kGap = 2;        // Columns of the terminal between two cells.
constexpr int kMinShrunk = 8;  // A cell that shrinks keeps at least these.

// Lets the widths of shrinking columns go until the sum is at most `limit`.
void Shrink(const std::vector<TableColumn>& columns, int limit,
            std::vector<int>& widths) {
  int sum = kGap * (static_cast<int>(widths.size()) - 1);
  for (const int width : widths) sum += width;
  for (size_t i = columns.size(); i-- > 0 && sum > limit;) {
    if (!columns[i].shrinks) continue;
    const int least = std::min(widths[i], kMinShrunk);
    const int shrunk = std::max(least, widths[i] - (sum - limit));
    sum -= widths[i] - shrunk;
    widths[i] = shrunk;
  }
}

}  // namespace

std::string Table::Render(const Output& out) const {
  std::vector<int> widths;
  widths.reserve(columns_.size());
  for (const TableColumn& column : columns_) {
    widths.push_back(Columns(column.title));
  }
  std::vector<std::vector<std::string>> texts;
  texts.reserve(rows_.size());
  for (const std::vector<TableCell>& row : rows_) {
    std::vector<std::string>& line = texts.emplace_back();
    for (size_t i = 0; i < columns_.size(); ++i) {
      line.push_back(Printable(row[i].text));
      widths[i] = std::max(widths[i], Columns(line.back()));
    }
  }
  const int limit = out.columns();
  if (limit > 0) Shrink(columns_, limit, widths);

  std::string rendered;
  const auto add_line = [&](const auto& text_of, const auto& style_of) {
    std::string line;
    int used = 0;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) {
        line.append(kGap, ' ');
        used += kGap;
      }
      int width = widths[i];
      // Columns that do not shrink may still not fit: what is left is cut.
      if (limit > 0) width = std::min(width, std::max(0, limit - used));
      const std::string text = Cut(text_of(i), width);
      const int padding = std::max(0, width - Columns(text));
      const bool right = columns_[i].align == Align::kRight;
      if (right) line.append(static_cast<size_t>(padding), ' ');
      absl::StrAppend(&line, out.In(style_of(i), text));
      if (!right && i + 1 < columns_.size()) {
        line.append(static_cast<size_t>(padding), ' ');
      }
      used += width;
    }
    absl::StrAppend(&rendered, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  add_line([&](size_t i) { return columns_[i].title; },
           [](size_t) { return Style::kDim; });
  for (size_t row = 0; row < texts.size(); ++row) {
    add_line([&](size_t i) -> std::string_view { return texts[row][i]; },
             [&](size_t i) { return rows_[row][i].style; });
  }
  return rendered;
}

}  // namespace tallyman::tally
