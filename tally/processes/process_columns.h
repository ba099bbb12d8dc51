// What a table of processes shows.
//
// Example: tally/processes/process_columns_test.cc

#ifndef TALLYMAN_TALLY_PROCESSES_PROCESS_COLUMNS_H_
#define TALLYMAN_TALLY_PROCESSES_PROCESS_COLUMNS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/processes/process_record.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {

// How cells are written.
struct ProcessCellFormat {
  absl::Time now = absl::InfinitePast();  // Of the server, for ages.
  int columns = 0;                        // Of the terminal; 0: no limit.
  bool is_tree = false;
  bool has_utf8 = true;  // Lines of a tree may be more than ASCII.
};

struct ProcessColumn {
  // A key of the API, "cpu" or "age"; others only the layouts have.
  std::string_view name;
  std::string_view title;
  // The keys of the API that it reads; "" for fewer than two.
  std::string_view fields[2];
  Align align;
  TableCell (*cell)(const ProcessColumn& column, const ProcessRecord& record,
                    const ProcessCellFormat& format);
};

using ProcessColumns = std::vector<const ProcessColumn*>;

// The columns for a terminal of this width; 0: none, which gets those of a
// usual one. COMMAND is the last.
struct LayoutOptions {
  int columns = 0;
  bool is_tree = false;
  bool has_instances = false;  // Shows which instance of a stack it is.
};
ProcessColumns LayoutFor(const LayoutOptions& options);

// Those of "pid,memory,cpu", in this order. InvalidArgument names an unknown
// one and the nearest.
absl::StatusOr<ProcessColumns> ParseColumns(std::string_view names);

// OK if it is a key of the API, "cpu" or "age"; else InvalidArgument as above,
// with `what` before it.
absl::Status CheckColumnName(std::string_view what, std::string_view name);

// The keys of the API of which ParseColumns() knows columns.
std::vector<std::string_view> ApiKeys();

// The keys that the server must send for these columns, without repetition.
std::vector<std::string> FieldsOf(const ProcessColumns& columns);

// The table of `rows`.
std::string RenderProcesses(const ProcessColumns& columns,
                            const std::vector<const ProcessRecord*>& rows,
                            const ProcessCellFormat& format, const Output& out);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_PROCESSES_PROCESS_COLUMNS_H_
