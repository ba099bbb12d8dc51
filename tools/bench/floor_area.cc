#include "tools/bench/floor_area.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/interleave.h"
#include "tools/bench/listing_probe.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {
namespace {

// The three files of the floor, and two others with some of its fields.
constexpr std::array<std::string_view, 5> kFiles = {"status", "io", "cmdline",
                                                    "stat", "statm"};

// A walk in a process of its own, and the index of its turn.
struct Walk {
  std::unique_ptr<ListingProbe> probe;
  size_t turn = 0;
};

absl::StatusOr<Walk> AddWalk(const PerformanceRun& run, std::string way,
                             Interleave& turns) {
  absl::StatusOr<std::unique_ptr<ListingProbe>> probe =
      ListingProbe::Start({run.enumerator, std::move(way), "1"});
  if (!probe.ok()) return probe.status();
  const size_t turn = turns.Add(
      [probe = probe->get()](int times) { return probe->Measure(times); });
  return Walk{.probe = *std::move(probe), .turn = turn};
}

// Microseconds per process of a walk, less those of listing the directory.
std::vector<double> PerProcess(const std::vector<double>& walk,
                               const std::vector<double>& directory,
                               int64_t processes) {
  constexpr double kMicroseconds = 1000;  // In a millisecond.
  std::vector<double> result;
  result.reserve(walk.size());
  for (size_t i = 0; i < walk.size(); ++i) {
    const double base = directory.empty() ? 0 : directory[i];
    // A difference near zero may come out negative.
    result.push_back(std::max(walk[i] - base, 0.0) * kMicroseconds /
                     static_cast<double>(processes));
  }
  return result;
}

}  // namespace

absl::Status MeasureFloorParts(const PerformanceRun& run, int64_t added,
                               ResultTable& table) {
  Interleave turns;
  const absl::StatusOr<Walk> directory = AddWalk(run, "floor:", turns);
  if (!directory.ok()) return directory.status();
  std::vector<Walk> opened;
  std::vector<Walk> kept;
  opened.reserve(kFiles.size());
  kept.reserve(kFiles.size());
  for (const std::string_view file : kFiles) {
    for (const auto& [way, walks] :
         {std::pair("floor:", &opened), std::pair("floor_kept:", &kept)}) {
      absl::StatusOr<Walk> walk = AddWalk(run, absl::StrCat(way, file), turns);
      if (!walk.ok()) return walk.status();
      walks->push_back(*std::move(walk));
    }
  }
  const absl::Status status =
      turns.Run(run.repetitions, absl::Seconds(3), [&](int repetition) {
        run.progress(absl::StrCat("floor, ", ShowCount(added),
                                  " more processes: round ", repetition, " of ",
                                  run.repetitions));
      });
  if (!status.ok()) return status;

  const int64_t processes = directory->probe->processes();
  const std::vector<double>& base = turns.samples(directory->turn);
  table.BeginSection(absl::StrCat("FLOOR: ", ShowCount(added),
                                  " processes added (", ShowCount(processes),
                                  " in all), a process, 1 thread"));
  table.Add({.what = "getdents64 of the directory",
             .unit = "us",
             .measured = PerProcess(base, {}, processes)});
  for (size_t i = 0; i < kFiles.size(); ++i) {
    table.Add(
        {.what = absl::StrCat(kFiles[i], ": openat, read, close"),
         .unit = "us",
         .measured = PerProcess(turns.samples(opened[i].turn), base, processes),
         .against = "pread of a kept descriptor",
         .beside = PerProcess(turns.samples(kept[i].turn), base, processes)});
  }
  return absl::OkStatus();
}

}  // namespace tallyman::bench
