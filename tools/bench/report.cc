#include "tools/bench/report.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tools/bench/statistics.h"

namespace tallyman::bench {
namespace {

std::string Ratio(double value, double floor) {
  return floor > 0 ? absl::StrFormat("%.2f", value / floor) : "-";
}

std::string ProcessorModel() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::pair<std::string_view, std::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(halves.first) == "model name") {
      return std::string(absl::StripAsciiWhitespace(halves.second));
    }
  }
  return "unknown model";
}

}  // namespace

void Report::Add(Group group, std::string_view what, int64_t instances,
                 std::string_view unit, std::vector<double> samples,
                 const std::vector<double>* floor) {
  absl::c_sort(samples);
  const bool has_spread = samples.size() > 1;
  const double median = Median(samples);
  Row row = {std::string(what),
             absl::StrCat(instances),
             std::string(unit),
             has_spread ? ShowNumber(samples.front()) : "-",
             ShowNumber(median),
             has_spread ? ShowNumber(samples.back()) : "-",
             absl::StrCat(samples.size()),
             "",
             ""};
  if (floor != nullptr) {
    if (has_spread) {
      row[row.size() - 2] =
          Ratio(samples.front(), *absl::c_min_element(*floor));
    }
    row.back() = Ratio(median, Median(*floor));
  }
  groups_[group].push_back(std::move(row));
}

std::string Report::Text() const {
  std::vector<Row> rows = {{"what", "instances", "unit", "min", "median", "max",
                            "samples", "x min", "x median"}};
  for (const auto& [group, of_group] : groups_) {
    rows.emplace_back();
    rows.insert(rows.end(), of_group.begin(), of_group.end());
  }
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      // Words to the left, numbers to the right.
      const int width = static_cast<int>(widths[i]);
      absl::StrAppend(&line, i == 0 ? "" : "  ",
                      i == 0 || i == 2 ? absl::StrFormat("%-*s", width, row[i])
                                       : absl::StrFormat("%*s", width, row[i]));
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string DescribeMachine() {
  utsname system = {};
  struct sysinfo memory = {};
  std::array<double, 3> load = {};
  uname(&system);
  sysinfo(&memory);
  getloadavg(load.data(), static_cast<int>(load.size()));
  const uint64_t mebibytes =
      uint64_t{memory.totalram} * memory.mem_unit / (uint64_t{1} << 20);
  return absl::StrFormat("%d cores (%s), %s %s %s, %d MiB, load %.2f",
                         std::thread::hardware_concurrency(), ProcessorModel(),
                         std::string_view(system.sysname),
                         std::string_view(system.release),
                         std::string_view(system.machine), mebibytes, load[0]);
}

}  // namespace tallyman::bench
