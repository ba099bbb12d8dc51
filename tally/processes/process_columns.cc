#include "tally/processes/process_columns.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "api/description/nearest_name.h"
#include "platform/base/text.h"
#include "tally/processes/process_record.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kUnknown = "-";
// Of long names of users and units, so that the command keeps its place.
constexpr int kMaxUser = 12;
constexpr int kMaxUnit = 24;
constexpr size_t kContainerDigits = 12;  // As docker-ps(1) shows.

// At most as many bytes as `columns` columns can have.
std::string Head(std::string_view text, const ProcessCellFormat& format) {
  if (format.columns <= 0) return std::string(text);
  return std::string(text.substr(0, static_cast<size_t>(format.columns) * 4));
}

std::string TextOrUnknown(std::string_view text) {
  return std::string(text.empty() ? kUnknown : text);
}

TableCell TextCell(const ProcessColumn& column, const ProcessRecord& record,
                   const ProcessCellFormat& format) {
  return {.text =
              TextOrUnknown(Head(TextOf(record, column.fields[0]), format))};
}

// A text that is cut to `kMax` columns where lines have a limit.
template <int kMax>
TableCell ShortCell(const ProcessColumn& column, const ProcessRecord& record,
                    const ProcessCellFormat& format) {
  TableCell cell = TextCell(column, record, format);
  if (format.columns > 0) cell.text = Cut(Printable(cell.text), kMax);
  return cell;
}

TableCell NumberCell(const ProcessColumn& column, const ProcessRecord& record,
                     const ProcessCellFormat& /*format*/) {
  const double number = NumberOf(record, column.fields[0]);
  if (std::isnan(number)) return {.text = std::string(kUnknown)};
  return {.text = absl::StrCat(static_cast<int64_t>(number))};
}

TableCell BytesCell(const ProcessColumn& column, const ProcessRecord& record,
                    const ProcessCellFormat& /*format*/) {
  return {.text = HumanBytes(IntegerOf(record, column.fields[0]))};
}

TableCell MemorySumCell(const ProcessColumn& /*column*/,
                        const ProcessRecord& record,
                        const ProcessCellFormat& /*format*/) {
  return {.text = HumanBytes(record.memory_sum)};
}

TableCell CpuCell(const ProcessColumn& /*column*/, const ProcessRecord& record,
                  const ProcessCellFormat& /*format*/) {
  if (std::isnan(record.cpu)) return {.text = std::string(kUnknown)};
  const double percent = record.cpu * 100;
  return {.text = absl::StrFormat("%.*f", percent < 99.95 ? 1 : 0, percent),
          .style = percent < 50 ? Style::kPlain : Style::kYellow};
}

TableCell TimeCell(const ProcessColumn& column, const ProcessRecord& record,
                   const ProcessCellFormat& /*format*/) {
  const double seconds = NumberOf(record, column.fields[0]);
  if (std::isnan(seconds)) return {.text = std::string(kUnknown)};
  return {.text = HumanDuration(absl::Seconds(seconds))};
}

TableCell AgeCell(const ProcessColumn& /*column*/, const ProcessRecord& record,
                  const ProcessCellFormat& format) {
  const absl::Time start = StartOf(record);
  if (start == absl::InfinitePast() || format.now == absl::InfinitePast()) {
    return {.text = std::string(kUnknown)};
  }
  // `now` is in whole seconds.
  return {.text = HumanDuration(
              std::max(absl::ZeroDuration(), format.now - start))};
}

// "2026-11-22 00:10:09", in the server's own time zone.
TableCell StartedCell(const ProcessColumn& /*column*/,
                      const ProcessRecord& record,
                      const ProcessCellFormat& /*format*/) {
  std::string text(TextOf(record, "start_time").substr(0, 19));
  std::replace(text.begin(), text.end(), 'T', ' ');
  return {.text = TextOrUnknown(text)};
}

TableCell StateCell(const ProcessColumn& /*column*/,
                    const ProcessRecord& record,
                    const ProcessCellFormat& /*format*/) {
  const std::string_view state = TextOf(record, "state");
  Style style = Style::kPlain;
  if (state == "running") style = Style::kGreen;
  if (state == "zombie" || state == "dead") style = Style::kRed;
  if (state == "stopped" || state == "tracing-stop" || state == "disk-sleep") {
    style = Style::kYellow;
  }
  return {.text = TextOrUnknown(state), .style = style};
}

TableCell ContainerCell(const ProcessColumn& /*column*/,
                        const ProcessRecord& record,
                        const ProcessCellFormat& /*format*/) {
  const std::string_view id = TextOf(record, "container");
  const bool is_hash =
      id.size() == 64 &&
      id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return {.text = TextOrUnknown(is_hash ? id.substr(0, kContainerDigits) : id)};
}

// "web.1".
TableCell InstanceCell(const ProcessColumn& /*column*/,
                       const ProcessRecord& record,
                       const ProcessCellFormat& /*format*/) {
  const std::string_view process = TextOf(record, "process");
  if (process.empty()) return {.text = std::string(kUnknown)};
  return {.text = absl::StrCat(process, ".", IntegerOf(record, "instance"))};
}

// The lines of the tree before a command.
std::string BranchOf(const ProcessRecord& record, bool has_utf8) {
  std::string branch;
  for (const char guide : record.guides) {
    switch (guide) {
      case '+':
        absl::StrAppend(&branch, has_utf8 ? "├─ " : "|- ");
        break;
      case '`':
        absl::StrAppend(&branch, has_utf8 ? "└─ " : "`- ");
        break;
      case '|':
        absl::StrAppend(&branch, has_utf8 ? "│  " : "|  ");
        break;
      default:
        absl::StrAppend(&branch, "   ");
    }
  }
  return branch;
}

// The command line, or as ps(1) does the name in brackets for a process without
// one.
TableCell CommandCell(const ProcessColumn& /*column*/,
                      const ProcessRecord& record,
                      const ProcessCellFormat& format) {
  std::string text = Head(TextOf(record, "command_line"), format);
  if (text.empty()) text = absl::StrCat("[", TextOf(record, "name"), "]");
  if (format.is_tree) text = BranchOf(record, format.has_utf8) + text;
  return {.text = std::move(text),
          .style = record.is_match ? Style::kPlain : Style::kDim};
}

constexpr Align kRight = Align::kRight;
constexpr Align kLeft = Align::kLeft;

constexpr ProcessColumn kApiColumns[] = {
    {"name", "NAME", {"name", ""}, kLeft, TextCell},
    {"command_line", "COMMAND", {"command_line", "name"}, kLeft, CommandCell},
    {"num_threads", "THR", {"num_threads", ""}, kRight, NumberCell},
    {"state", "STATE", {"state", ""}, kLeft, StateCell},
    {"memory", "MEM", {"memory", ""}, kRight, BytesCell},
    {"peak_memory", "PEAK", {"peak_memory", ""}, kRight, BytesCell},
    {"pid", "PID", {"pid", ""}, kRight, NumberCell},
    {"user", "USER", {"user", ""}, kLeft, ShortCell<kMaxUser>},
    {"io_bytes_read", "READ", {"io_bytes_read", ""}, kRight, BytesCell},
    {"io_bytes_written",
     "WRITTEN",
     {"io_bytes_written", ""},
     kRight,
     BytesCell},
    {"ppid", "PPID", {"ppid", ""}, kRight, NumberCell},
    {"start_time", "STARTED", {"start_time", ""}, kLeft, StartedCell},
    {"cpu_seconds", "TIME", {"cpu_seconds", ""}, kRight, TimeCell},
    {"virtual_memory", "VIRT", {"virtual_memory", ""}, kRight, BytesCell},
    {"session", "SESSION", {"session", ""}, kRight, NumberCell},
    {"nice", "NI", {"nice", ""}, kRight, NumberCell},
    {"cgroup", "CGROUP", {"cgroup", ""}, kLeft, TextCell},
    {"unit", "UNIT", {"unit", ""}, kLeft, ShortCell<kMaxUnit>},
    {"container", "CONTAINER", {"container", ""}, kLeft, ContainerCell},
    {"stack", "STACK", {"stack", ""}, kLeft, TextCell},
    {"process", "PROCESS", {"process", ""}, kLeft, TextCell},
    {"instance", "INST", {"instance", ""}, kRight, NumberCell},
};

constexpr ProcessColumn kComputedColumns[] = {
    {"cpu", "CPU%", {"cpu_seconds", "start_time"}, kRight, CpuCell},
    {"age", "AGE", {"start_time", ""}, kRight, AgeCell},
};

constexpr ProcessColumn kMemorySum = {
    "memory_sum", "+CHILDREN", {"memory", ""}, kRight, MemorySumCell};
constexpr ProcessColumn kInstance = {
    "instance_name", "INSTANCE", {"process", "instance"}, kLeft, InstanceCell};

const ProcessColumn* FindColumn(std::string_view name) {
  for (const ProcessColumn& column : kApiColumns) {
    if (column.name == name) return &column;
  }
  for (const ProcessColumn& column : kComputedColumns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

// Names of columns, "memory_sum" and "instance_name" where they are wanted.
std::vector<std::string_view> LayoutNames(const LayoutOptions& options) {
  const int columns = options.columns;
  std::vector<std::string_view> names = {"pid"};
  const auto add = [&](std::string_view name, int least) {
    if (columns == 0 ? least <= 120 : columns >= least) names.push_back(name);
  };
  add("ppid", 160);
  add("user", 60);
  add("cpu", 40);
  add("memory", 0);
  if (options.is_tree) add("memory_sum", 100);
  add("peak_memory", 160);
  add("io_bytes_read", 160);
  add("io_bytes_written", 160);
  add("num_threads", 100);
  add("state", 60);
  add("cpu_seconds", 100);
  add("age", 100);
  add("unit", 160);
  if (options.has_instances) add("instance_name", 60);
  names.push_back("command_line");
  return names;
}

}  // namespace

ProcessColumns LayoutFor(const LayoutOptions& options) {
  ProcessColumns columns;
  for (const std::string_view name : LayoutNames(options)) {
    columns.push_back(name == kMemorySum.name  ? &kMemorySum
                      : name == kInstance.name ? &kInstance
                                               : FindColumn(name));
  }
  return columns;
}

std::vector<std::string_view> ApiKeys() {
  std::vector<std::string_view> keys;
  for (const ProcessColumn& column : kApiColumns) keys.push_back(column.name);
  return keys;
}

absl::Status CheckColumnName(std::string_view what, std::string_view name) {
  if (FindColumn(name) != nullptr) return absl::OkStatus();
  std::vector<std::string_view> names = ApiKeys();
  for (const ProcessColumn& column : kComputedColumns) {
    names.push_back(column.name);
  }
  const std::string_view nearest = api::NearestName(name, names);
  // Two slips in a short word, more in a longer one.
  const bool is_near = api::EditDistance(name, nearest) <= 2 + name.size() / 6;
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": ", base::Quote(name), " is no key of a process; ",
                   is_near ? absl::StrCat("did you mean ", nearest, "? ") : "",
                   "there are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<ProcessColumns> ParseColumns(std::string_view names) {
  ProcessColumns columns;
  for (const absl::string_view name : absl::StrSplit(names, ',')) {
    if (absl::Status known = CheckColumnName("--fields", name); !known.ok()) {
      return known;
    }
    const ProcessColumn* const column = FindColumn(name);
    if (!absl::c_linear_search(columns, column)) columns.push_back(column);
  }
  return columns;
}

std::vector<std::string> FieldsOf(const ProcessColumns& columns) {
  std::vector<std::string> fields;
  for (const ProcessColumn* const column : columns) {
    for (const std::string_view field : column->fields) {
      if (!field.empty() && !absl::c_linear_search(fields, field)) {
        fields.emplace_back(field);
      }
    }
  }
  return fields;
}

std::string RenderProcesses(const ProcessColumns& columns,
                            const std::vector<const ProcessRecord*>& rows,
                            const ProcessCellFormat& format,
                            const Output& out) {
  std::vector<TableColumn> headers;
  headers.reserve(columns.size());
  for (const ProcessColumn* const column : columns) {
    // Texts give way where a line is longer than the terminal.
    headers.push_back({.title = column->title,
                       .align = column->align,
                       .shrinks = column->align == kLeft});
  }
  Table table(std::move(headers));
  for (const ProcessRecord* const row : rows) {
    std::vector<TableCell> cells;
    cells.reserve(columns.size());
    for (const ProcessColumn* const column : columns) {
      cells.push_back(column->cell(*column, *row, format));
    }
    table.Add(std::move(cells));
  }
  return table.Render(out);
}

}  // namespace tallyman::tally
