#include "tools/bench/watch_area.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/watch/watch_meter.h"
#include "tools/bench/interleave.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {
namespace {

using platform::ProcessField;
using platform::ProcessState;

constexpr absl::Duration kAtLeast = absl::Seconds(6);
constexpr double kMaxToScan = 1.1;

// As the server does: the lister keeps three files of each process open.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Sleeping processes that stop and go on.
class Changers {
 public:
  explicit Changers(const platform::ProcessLister& lister) : lister_(lister) {}
  // They go on, so that they end as the others do.
  ~Changers() {
    for (const int32_t pid : pids_) kill(pid, SIGCONT);
  }
  Changers(const Changers&) = delete;
  Changers& operator=(const Changers&) = delete;

  // The first `count` of them.
  absl::Status Find(size_t count);
  // Changes the state of all, and waits until the system shows that.
  absl::Status Change();
  size_t count() const { return pids_.size(); }

 private:
  const platform::ProcessLister& lister_;
  std::vector<int32_t> pids_;
  bool are_stopped_ = false;
};

absl::Status Changers::Find(size_t count) {
  const absl::StatusOr<platform::ProcessSnapshot> found =
      lister_.List({.fields = ProcessField::kName,
                    .condition =
                        [](const platform::Process& process) {
                          return absl::StartsWith(process.name, "sleeper-");
                        },
                    .condition_fields = ProcessField::kName,
                    .limit = count});
  if (!found.ok()) return found.status();
  for (const platform::Process& process : found->processes()) {
    pids_.push_back(process.pid);
  }
  return absl::OkStatus();
}

absl::Status Changers::Change() {
  are_stopped_ = !are_stopped_;
  for (const int32_t pid : pids_) kill(pid, are_stopped_ ? SIGSTOP : SIGCONT);
  while (true) {
    const absl::StatusOr<platform::ProcessSnapshot> listed =
        lister_.List({.fields = ProcessField::kState, .pids = pids_});
    if (!listed.ok()) return listed.status();
    const auto expected =
        are_stopped_ ? ProcessState::kStopped : ProcessState::kSleeping;
    if (std::all_of(listed->processes().begin(), listed->processes().end(),
                    [&](const platform::Process& process) {
                      return process.state == expected;
                    })) {
      return absl::OkStatus();
    }
    if (absl::Status rested = Rest(absl::Milliseconds(1)); !rested.ok()) {
      return rested;
    }
  }
}

// Of the rounds of the watch.
struct Samples {
  std::vector<double> list_bytes;
  std::vector<double> difference_bytes;
  size_t listed = 0;
};

}  // namespace

absl::Status MeasureWatch(const PerformanceRun& run, int64_t added,
                          ResultTable& table) {
  RaiseDescriptorLimit();
  const absl::StatusOr<std::unique_ptr<platform::ProcessLister>> lister =
      platform::ProcessLister::Create({});
  if (!lister.ok()) return lister.status();
  Changers changers(**lister);
  absl::Status status =
      changers.Find(static_cast<size_t>(std::max<int64_t>(added / 100, 1)));
  if (!status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<server::WatchMeter>> meter =
      server::WatchMeter::Start(**lister);
  if (!meter.ok()) return meter.status();
  Samples samples;
  Interleave turns;
  // Each after a change. An odd number of changes lies between two rounds of
  // the watch, so that the states differ.
  const auto add = [&](absl::FunctionRef<absl::StatusOr<double>()> measure) {
    return turns.AddSingle([&changers, measure]() -> absl::StatusOr<double> {
      if (absl::Status changed = changers.Change(); !changed.ok()) {
        return changed;
      }
      return measure();
    });
  };
  const auto scan_list = [&] { return (*meter)->ScanList(); };
  const auto scan_watch = [&] { return (*meter)->ScanWatch(); };
  const auto watch = [&]() -> absl::StatusOr<double> {
    const absl::StatusOr<server::WatchMeter::Round> round = (*meter)->Watch();
    if (!round.ok()) return round.status();
    const absl::StatusOr<server::WatchMeter::ListSize> list =
        (*meter)->MeasureList();
    if (!list.ok()) return list.status();
    samples.listed = list->processes;
    samples.list_bytes.push_back(static_cast<double>(list->bytes));
    samples.difference_bytes.push_back(static_cast<double>(round->bytes));
    return round->milliseconds;
  };
  const size_t of_list = add(scan_list);
  const size_t of_scan = add(scan_watch);
  const size_t of_watch = add(watch);
  status = turns.Run(run.repetitions, kAtLeast, [&](int repetition) {
    run.progress(absl::StrCat("watch, ", ShowCount(added),
                              " more processes: round ", repetition, " of ",
                              run.repetitions));
  });
  if (!status.ok()) return status;
  table.BeginSection(absl::StrCat(
      "WATCH: ", ShowCount(added), " processes added (",
      ShowCount(static_cast<int64_t>(samples.listed)), " in all), of which ",
      ShowCount(static_cast<int64_t>(changers.count())),
      " change their state between two scans"));
  const std::string what = "processor time: scan, difference and its event";
  table.Add({.what = what,
             .unit = "ms",
             .measured = turns.samples(of_watch),
             .against = "the same scan alone",
             .beside = turns.samples(of_scan),
             .target = AtMost(kMaxToScan)});
  table.Add({.what = what,
             .unit = "ms",
             .measured = turns.samples(of_watch),
             .against = "the scan of the list, without start times",
             .beside = turns.samples(of_list),
             .target = AtMost(kMaxToScan)});
  table.Add({.what = "bytes of a difference",
             .unit = "bytes",
             .measured = samples.difference_bytes,
             .against = "the list",
             .beside = samples.list_bytes,
             .target = AtMost(0.05)});
  return absl::OkStatus();
}

}  // namespace tallyman::bench
