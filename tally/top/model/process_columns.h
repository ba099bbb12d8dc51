// The columns of the list of processes: what they show, and sort by.

#ifndef TALLYMAN_TALLY_TOP_MODEL_PROCESS_COLUMNS_H_
#define TALLYMAN_TALLY_TOP_MODEL_PROCESS_COLUMNS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {

enum class ColumnId : uint8_t {
  kPid,
  kUser,
  kName,
  kState,
  kCpu,
  kMemory,
  kThreads,
  kTime,
  kRead,
  kWritten,
  kStack,
  kCommand,
};

struct Column {
  ColumnId id;
  std::string_view title;
  std::string_view field;  // The key of the API.
  int width;               // Cells; of the last column at least so many.
  bool is_number;
  // The column is shown where the screen has at least so many cells.
  int min_screen;
};

// From left to right.
absl::Span<const Column> AllColumns();
const Column& FindColumn(ColumnId id);

// A column at its place on a screen.
struct PlacedColumn {
  const Column* column;
  int x;
  int width;
};

// The columns that fit a screen, with one cell between them.
std::vector<PlacedColumn> PlaceColumns(int screen_width);

// The names of stacks by their uids.
using StackNames = absl::flat_hash_map<std::string, std::string>;

// "demo/web.1"; "" for a process of no stack.
std::string InstanceName(const HostProcess& process, const StackNames& names);

// "-" is unknown. Text of the server is as ShownText() makes it. `sums`: CPU
// and memory are those of the process and all its descendants.
std::string ColumnText(ColumnId id, const ProcessRecord& record, bool sums,
                       const StackNames& names);

struct SortOrder {
  ColumnId column = ColumnId::kMemory;
  bool is_descending = true;

  friend bool operator==(const SortOrder&, const SortOrder&) = default;
};

// What a first click on a column sorts by: great numbers first, except ids.
SortOrder DefaultOrder(ColumnId id);

// Writes is_sortable, sort_number and sort_text; the sums must be known if
// `sums`.
void SetSortValue(ColumnId id, bool sums, const StackNames& names,
                  ProcessRecord& record);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_PROCESS_COLUMNS_H_
