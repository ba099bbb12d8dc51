// Measures the ratios that Tallyman is held against, and prints them as one
// table: listing beside the floor of reading /proc and beside other programs,
// watched lists beside scans, HTTP answers beside the listing and beside nginx,
// scaling beside loops of posix_spawn(3) and kill(2), and idleness. See
// docs/performance.md. Starts everything that it measures and leaves nothing
// behind.
//
//   tools/bazel run //tools/bench:performance

#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/connections_area.h"
#include "tools/bench/floor_area.h"
#include "tools/bench/interruption.h"
#include "tools/bench/listing_area.h"
#include "tools/bench/machine.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"
#include "tools/bench/runfiles.h"
#include "tools/bench/scaling_area.h"
#include "tools/bench/sleeper_crowd.h"
#include "tools/bench/small_area.h"
#include "tools/bench/spawn_loop.h"
#include "tools/bench/watch_area.h"

ABSL_FLAG(std::vector<std::string>, areas,
          (std::vector<std::string>{"listing", "http", "watch", "small",
                                    "scaling", "idle", "connections"}),
          "Areas to measure: listing, http, watch, small, scaling, idle, "
          "connections; "
          "and floor, the cost of reading /proc by its parts.");
ABSL_FLAG(std::vector<std::string>, processes,
          (std::vector<std::string>{"100", "1000", "5000"}),
          "Numbers of sleeping processes that are added for listing, http and "
          "watch.");
ABSL_FLAG(std::vector<std::string>, instances,
          (std::vector<std::string>{"100", "1000"}),
          "Numbers of instances to scale to, from 0 and back.");
ABSL_FLAG(int64_t, idle_instances, 1000, "How many instances idle.");
ABSL_FLAG(int, repetitions, 5,
          "Rounds, at least, besides a first one that does not count.");
ABSL_FLAG(absl::Duration, load, absl::Seconds(1),
          "Duration of one measurement of answers per second.");
ABSL_FLAG(absl::Duration, idle, absl::Seconds(10),
          "Duration of the measurement of idleness.");
ABSL_FLAG(std::vector<std::string>, connection_parts,
          (std::vector<std::string>{"crowd", "idle", "kept", "new", "follow",
                                    "events"}),
          "Parts of the area connections.");
ABSL_FLAG(absl::Duration, crowd, absl::Seconds(20),
          "Duration of one measurement among a crowd of connections.");
ABSL_FLAG(absl::Duration, timeout, absl::Minutes(5), "Limit of one scale.");
ABSL_FLAG(std::string, format, "table", "table (for a terminal) or markdown.");
ABSL_FLAG(bool, check, false,
          "Exit with 1 if a target is missed, or can't be measured here.");
ABSL_FLAG(std::string, server, "server/server",
          "The server's binary. The default is the one that was built along "
          "with this program.");
ABSL_FLAG(std::string, dir, "",
          "The server's data directory is made below, for the time of the run; "
          "its file system matters. Empty: $TMPDIR, or /tmp.");

namespace tallyman::bench {
namespace {

constexpr int64_t kMaxProcesses = 20'000;
constexpr int64_t kMaxInstances = 1000;  // The API's limit.

struct Plan {
  PerformanceRun run;
  std::set<Area> areas;
  std::vector<int64_t> processes;
  TableFormat format = TableFormat::kTable;

  bool Has(Area area) const { return areas.contains(area); }
};

absl::Status FindFiles(PerformanceRun& run) {
  absl::Status status;
  const auto set = [&](std::string& path, absl::StatusOr<std::string> found) {
    status.Update(found.status());
    if (found.ok()) path = *std::move(found);
  };
  set(run.server, FindFile(absl::GetFlag(FLAGS_server)));
  set(run.sleepers, FindFile("tools/bench/sleepers"));
  set(run.enumerator, FindFile("tools/bench/enumerator"));
  set(run.psutil_lister, FindFile("tools/bench/psutil_lister.py"));
  return status;
}

absl::StatusOr<Plan> ReadFlags() {
  Plan plan;
  absl::StatusOr<std::set<Area>> areas = ParseAreas(absl::GetFlag(FLAGS_areas));
  if (!areas.ok()) return areas.status();
  plan.areas = *std::move(areas);
  absl::StatusOr<std::vector<int64_t>> processes =
      ParseCounts(absl::GetFlag(FLAGS_processes), kMaxProcesses, "--processes");
  if (!processes.ok()) return processes.status();
  plan.processes = *std::move(processes);
  absl::StatusOr<std::vector<int64_t>> instances =
      ParseCounts(absl::GetFlag(FLAGS_instances), kMaxInstances, "--instances");
  if (!instances.ok()) return instances.status();
  plan.run.instances = *std::move(instances);
  plan.run.idle_instances = absl::GetFlag(FLAGS_idle_instances);
  if (plan.run.idle_instances < 1 || plan.run.idle_instances > kMaxInstances) {
    return absl::InvalidArgumentError(
        absl::StrCat("--idle_instances: is not from 1 to ", kMaxInstances));
  }
  absl::StatusOr<std::set<ConnectionPart>> parts =
      ParseConnectionParts(absl::GetFlag(FLAGS_connection_parts));
  if (!parts.ok()) return parts.status();
  plan.run.connection_parts = *std::move(parts);
  const std::string format = absl::GetFlag(FLAGS_format);
  const std::optional<TableFormat> parsed = ParseTableFormat(format);
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat("--format: \"", format, "\" is not table or markdown"));
  }
  plan.format = *parsed;
  plan.run.repetitions = absl::GetFlag(FLAGS_repetitions);
  if (plan.run.repetitions < 1) {
    return absl::InvalidArgumentError("--repetitions: is less than 1");
  }
  plan.run.load = absl::GetFlag(FLAGS_load);
  plan.run.idle = absl::GetFlag(FLAGS_idle);
  plan.run.timeout = absl::GetFlag(FLAGS_timeout);
  plan.run.crowd = absl::GetFlag(FLAGS_crowd);
  for (const absl::Duration duration :
       {plan.run.load, plan.run.idle, plan.run.timeout, plan.run.crowd}) {
    if (duration <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError(
          "--load, --idle, --timeout, --crowd: are not more than 0");
    }
  }
  plan.run.parent_directory = absl::GetFlag(FLAGS_dir);
  plan.run.progress = [](std::string_view what) {
    std::cerr << "performance: " << what << std::endl;
  };
  if (absl::Status found = FindFiles(plan.run); !found.ok()) return found;
  return plan;
}

// Measures the areas of a plan. An area that fails becomes a row with the
// reason; the others are measured all the same.
class Performance {
 public:
  explicit Performance(const Plan& plan) : plan_(plan) {}

  // The first error; Cancelled after an interruption.
  absl::Status Measure();

  ResultTable& table() { return table_; }

 private:
  // Records the result of `area`. False after an interruption: measure no more.
  bool Record(std::string_view area, const absl::Status& status);

  // Each with its own server.
  bool MeasureAnswers();
  bool MeasureInstances();
  // Starts a server, calls `measure`, and stops the server.
  bool WithServer(const std::function<bool(BenchServer&)>& measure);
  bool MeasurePopulation(const BenchServer& server, int64_t added);

  const Plan& plan_;
  ResultTable table_;
  absl::Status status_;
};

absl::Status Performance::Measure() {
  const std::string before = DescribeMachine();
  const std::string peers = DescribePeers();
  bool go_on = true;
  if (plan_.Has(Area::kFloor) || plan_.Has(Area::kListing) ||
      plan_.Has(Area::kHttp) || plan_.Has(Area::kWatch) ||
      plan_.Has(Area::kSmall)) {
    go_on = MeasureAnswers();
  }
  if (go_on && (plan_.Has(Area::kScaling) || plan_.Has(Area::kIdle))) {
    go_on = MeasureInstances();
  }
  if (go_on && plan_.Has(Area::kConnections)) {
    for (const ConnectionPart part : plan_.run.connection_parts) {
      if (!Record("connections", MeasureConnections(plan_.run, part, table_))) {
        break;
      }
    }
  }
  table_.AddFootnote(absl::StrCat("medians of ", plan_.run.repetitions,
                                  " rounds, or more where they are quick; "
                                  "ratio and spread: of the single rounds"));
  table_.AddFootnote(absl::StrCat("before: ", before));
  table_.AddFootnote(absl::StrCat("after:  ", DescribeMachine()));
  table_.AddFootnote(absl::StrCat("peers:  ", peers));
  return status_;
}

bool Performance::Record(std::string_view area, const absl::Status& status) {
  if (status.ok()) return true;
  status_.Update(status);
  if (absl::IsCancelled(status)) return false;
  plan_.run.progress(absl::StrCat(area, ": ", status.message()));
  table_.BeginSection(std::string(area));
  table_.Add({.what = "failed", .note = std::string(status.message())});
  return true;
}

bool Performance::WithServer(const std::function<bool(BenchServer&)>& measure) {
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start({.program = plan_.run.server,
                          .parent = plan_.run.parent_directory,
                          .command = std::string(kSleepCommand)});
  if (!server.ok()) return Record("the server", server.status());
  const bool go_on = measure(**server);
  return Record("stopping the server", (*server)->Stop()) && go_on;
}

bool Performance::MeasurePopulation(const BenchServer& server, int64_t added) {
  plan_.run.progress(
      absl::StrCat("starting ", ShowCount(added), " sleeping processes"));
  const absl::StatusOr<SleeperCrowd> crowd =
      StartSleepers(plan_.run.sleepers, added);
  if (!crowd.ok()) return Record("sleeping processes", crowd.status());
  const Population population = {.added = added, .one_pid = crowd->last_pid};
  if (plan_.Has(Area::kFloor) &&
      !Record("floor", MeasureFloorParts(plan_.run, added, table_))) {
    return false;
  }
  if (plan_.Has(Area::kListing) &&
      !Record("listing",
              MeasureListing(plan_.run, server, population, table_))) {
    return false;
  }
  if (plan_.Has(Area::kHttp) &&
      !Record("http", MeasureHttp(plan_.run, server, population, table_))) {
    return false;
  }
  return !plan_.Has(Area::kWatch) ||
         Record("watch", MeasureWatch(plan_.run, added, table_));
}

bool Performance::MeasureAnswers() {
  return WithServer([&](BenchServer& server) {
    if (plan_.Has(Area::kFloor) || plan_.Has(Area::kListing) ||
        plan_.Has(Area::kHttp) || plan_.Has(Area::kWatch)) {
      for (const int64_t added : plan_.processes) {
        if (!MeasurePopulation(server, added)) return false;
      }
    }
    return !plan_.Has(Area::kSmall) ||
           Record("small", MeasureSmall(plan_.run, server, table_));
  });
}

bool Performance::MeasureInstances() {
  return WithServer([&](BenchServer& server) {
    if (plan_.Has(Area::kScaling) &&
        !Record("scaling", MeasureScaling(plan_.run, server, table_))) {
      return false;
    }
    return !plan_.Has(Area::kIdle) ||
           Record("idle", MeasureIdle(plan_.run, server, table_));
  });
}

// The exit code.
absl::StatusOr<int> Run() {
  const absl::StatusOr<Plan> plan = ReadFlags();
  if (!plan.ok()) return plan.status();
  CatchInterruptions();
  Performance performance(*plan);
  const absl::Status status = performance.Measure();
  std::cout << performance.table().Render(plan->format) << std::flush;
  if (!status.ok()) return status;
  const int missed = performance.table().MissedTargets();
  const int unmeasured = performance.table().UnmeasuredTargets();
  plan->run.progress(
      absl::StrCat("targets missed: ", missed, ", not measured: ", unmeasured));
  return absl::GetFlag(FLAGS_check) && missed + unmeasured > 0 ? 1 : 0;
}

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures Tallyman beside floors and peers; prints one table.\n\n"
      "  performance "
      "[--areas=listing,http,watch,small,scaling,idle,connections]\n"
      "      [--processes=100,1000,5000] [--repetitions=5] "
      "[--format=table|markdown] [--check]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const absl::StatusOr<int> code =
      arguments.size() > 1
          ? absl::InvalidArgumentError(absl::StrCat(
                "\"", std::string_view(arguments[1]), "\" is not a flag"))
          : Run();
  if (code.ok()) return *code;
  std::cerr << "performance: " << code.status().message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tallyman::bench

int main(int argc, char** argv) { return tallyman::bench::Main(argc, argv); }
