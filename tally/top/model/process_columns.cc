#include "tally/top/model/process_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tally/terminal/text.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_table.h"
#include "tally/top/model/text_format.h"

namespace tallyman::tally {
namespace {

// In the order of ColumnId.
constexpr std::array kColumns = {
    Column{ColumnId::kPid, "PID", "pid", 7, true, 0},
    Column{ColumnId::kUser, "USER", "user", 8, false, 50},
    Column{ColumnId::kName, "NAME", "name", 16, false, 0},
    Column{ColumnId::kState, "STATE", "state", 8, false, 60},
    Column{ColumnId::kCpu, "CPU", "cpu_seconds", 6, true, 0},
    Column{ColumnId::kMemory, "MEMORY", "memory", 6, true, 0},
    Column{ColumnId::kThreads, "THR", "num_threads", 4, true, 100},
    Column{ColumnId::kTime, "TIME", "cpu_seconds", 8, true, 76},
    Column{ColumnId::kRead, "READ", "io_bytes_read", 6, true, 120},
    Column{ColumnId::kWritten, "WRITTEN", "io_bytes_written", 7, true, 120},
    Column{ColumnId::kStack, "STACK", "stack", 18, false, 140},
    Column{ColumnId::kCommand, "COMMAND", "command_line", 10, false, 44},
};

std::string TextOrDash(std::string_view text) {
  return text.empty() ? "-" : ShownText(text);
}

void SetNumber(double number, bool is_known, ProcessRecord& record) {
  record.is_sortable = is_known;
  record.sort_number = number;
  record.sort_text.clear();
}

void SetText(std::string_view text, ProcessRecord& record) {
  record.is_sortable = !text.empty();
  record.sort_number = 0;
  record.sort_text = absl::AsciiStrToLower(text);
}

}  // namespace

absl::Span<const Column> AllColumns() { return kColumns; }

const Column& FindColumn(ColumnId id) {
  return kColumns[static_cast<size_t>(id)];
}

std::vector<PlacedColumn> PlaceColumns(int screen_width) {
  std::vector<PlacedColumn> placed;
  int x = 0;
  for (const Column& column : kColumns) {
    if (screen_width < column.min_screen) continue;
    placed.push_back({.column = &column, .x = x, .width = column.width});
    x += column.width + 1;
  }
  PlacedColumn& last = placed.back();
  last.width = std::max(last.width, screen_width - last.x);
  return placed;
}

std::string InstanceName(const HostProcess& process, const StackNames& names) {
  if (process.stack.empty()) return "";
  const auto it = names.find(process.stack);
  const std::string_view name =
      it == names.end() ? std::string_view(process.stack).substr(0, 8)
                        : std::string_view(it->second);
  return absl::StrCat(name, "/", process.process, ".", process.instance);
}

std::string ColumnText(ColumnId id, const ProcessRecord& record, bool sums,
                       const StackNames& names) {
  const HostProcess& process = record.process;
  switch (id) {
    case ColumnId::kPid:
      return absl::StrCat(process.pid);
    case ColumnId::kUser:
      return TextOrDash(process.user);
    case ColumnId::kName:
      return TextOrDash(process.name);
    case ColumnId::kState:
      return TextOrDash(process.state);
    case ColumnId::kCpu:
      return FormatShare(sums ? record.share_sum : record.share);
    case ColumnId::kMemory:
      return HumanBytes(sums ? record.memory_sum : process.memory);
    case ColumnId::kThreads:
      return process.num_threads < 0 ? "-" : absl::StrCat(process.num_threads);
    case ColumnId::kTime:
      return FormatCpuTime(process.cpu_seconds);
    case ColumnId::kRead:
      return HumanBytes(process.io_bytes_read);
    case ColumnId::kWritten:
      return HumanBytes(process.io_bytes_written);
    case ColumnId::kStack:
      return TextOrDash(InstanceName(process, names));
    case ColumnId::kCommand:
      return TextOrDash(process.command_line);
  }
  return "";
}

SortOrder DefaultOrder(ColumnId id) {
  return {.column = id,
          .is_descending = FindColumn(id).is_number && id != ColumnId::kPid};
}

void SetSortValue(ColumnId id, bool sums, const StackNames& names,
                  ProcessRecord& record) {
  const HostProcess& process = record.process;
  const auto set_known = [&](double number) {
    SetNumber(number, number >= 0, record);
  };
  switch (id) {
    case ColumnId::kPid:
      return set_known(static_cast<double>(process.pid));
    case ColumnId::kUser:
      return SetText(process.user, record);
    case ColumnId::kName:
      return SetText(process.name, record);
    case ColumnId::kState:
      return SetText(process.state, record);
    case ColumnId::kCpu: {
      const double share = sums ? record.share_sum : record.share;
      return SetNumber(share, !std::isnan(share), record);
    }
    case ColumnId::kMemory:
      return set_known(
          static_cast<double>(sums ? record.memory_sum : process.memory));
    case ColumnId::kThreads:
      return set_known(static_cast<double>(process.num_threads));
    case ColumnId::kTime:
      return set_known(process.cpu_seconds);
    case ColumnId::kRead:
      return set_known(static_cast<double>(process.io_bytes_read));
    case ColumnId::kWritten:
      return set_known(static_cast<double>(process.io_bytes_written));
    case ColumnId::kStack:
      return SetText(InstanceName(process, names), record);
    case ColumnId::kCommand:
      return SetText(process.command_line, record);
  }
}

}  // namespace tallyman::tally
