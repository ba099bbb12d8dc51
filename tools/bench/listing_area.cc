#include "tools/bench/listing_area.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/command.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interleave.h"
#include "tools/bench/listing_probe.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {
namespace {

constexpr std::string_view kProcesses = "/server/processes";

// A way of listing in a process of its own, with its place among the turns.
struct Way {
  std::unique_ptr<ListingProbe> probe;
  size_t turn = 0;
};

absl::StatusOr<Way> AddWay(std::vector<std::string> arguments,
                           Interleave& turns) {
  absl::StatusOr<std::unique_ptr<ListingProbe>> probe =
      ListingProbe::Start(std::move(arguments));
  if (!probe.ok()) return probe.status();
  const size_t turn = turns.Add(
      [probe = probe->get()](int times) { return probe->Measure(times); });
  return Way{.probe = *std::move(probe), .turn = turn};
}

// The floor and the lister of the same kind, in the same number of threads.
struct Pair {
  std::string_view name;
  std::string_view floor_way;
  std::string_view lister_way;
  int threads;
};
constexpr std::array<Pair, 4> kPairs = {
    {{"opened each time, 1 thread", "floor", "lister", 1},
     {"opened each time, 2 threads", "floor", "lister", 2},
     {"kept open, 1 thread", "floor_kept", "lister_kept", 1},
     {"kept open, 2 threads", "floor_kept", "lister_kept", 2}}};
constexpr size_t kBest = kPairs.size() - 1;  // What peers are compared with.
constexpr double kMostOfFloor = 1.15;

// Requests that ask for less.
struct Less {
  std::string shown;  // Of its query, as people write it.
  std::string query;
  size_t turn = 0;
};

class ListingArea {
 public:
  ListingArea(const PerformanceRun& run, const BenchServer& server,
              const Population& population, ResultTable& table)
      : run_(run), server_(server), population_(population), table_(table) {}

  absl::Status Measure();

 private:
  absl::Status AddPairs();
  absl::Status AddPs();
  absl::Status AddPsutil();
  void AddRequests();
  size_t AddRequest(std::string_view query);

  void Report();
  void ReportPairs();
  void ReportPeer(std::string against, const std::vector<double>* samples,
                  double target, std::string_view package);
  void ReportRequests();

  const PerformanceRun& run_;
  const BenchServer& server_;
  const Population& population_;
  ResultTable& table_;

  Interleave turns_;
  std::vector<Way> floors_;
  std::vector<Way> listers_;
  std::optional<Way> psutil_;
  std::optional<size_t> ps_;
  size_t full_ = 0;
  std::vector<Less> less_;
};

absl::Status ListingArea::Measure() {
  absl::Status status = AddPairs();
  if (status.ok()) status = AddPs();
  if (status.ok()) status = AddPsutil();
  if (!status.ok()) return status;
  AddRequests();
  status = turns_.Run(run_.repetitions, [&](int repetition) {
    run_.progress(absl::StrCat("listing, ", ShowCount(population_.added),
                               " more processes: round ", repetition, " of ",
                               run_.repetitions));
  });
  if (status.ok()) Report();
  return status;
}

absl::Status ListingArea::AddPairs() {
  const auto add = [&](std::string_view way, int threads,
                       std::vector<Way>& ways) -> absl::Status {
    absl::StatusOr<Way> added = AddWay(
        {run_.enumerator, std::string(way), absl::StrCat(threads)}, turns_);
    if (added.ok()) ways.push_back(*std::move(added));
    return added.status();
  };
  for (const Pair& pair : kPairs) {
    absl::Status status = add(pair.floor_way, pair.threads, floors_);
    if (status.ok()) status = add(pair.lister_way, pair.threads, listers_);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ListingArea::AddPs() {
  const std::optional<std::string> program = FindInstalled("ps");
  if (!program) return absl::OkStatus();
  ps_ = turns_.Add(
      [program = *program](int times) -> absl::StatusOr<std::vector<double>> {
        std::vector<double> milliseconds;
        for (int i = 0; i < times; ++i) {
          const absl::StatusOr<CommandResult> ran = RunCommand(
              {program, "-eo", "comm,args,nlwp,stat,vsz,rss,pid,user"},
              /*with_output=*/false, absl::Minutes(1));
          if (!ran.ok()) return ran.status();
          if (ran->exit_code != 0) return absl::InternalError("ps has failed");
          milliseconds.push_back(absl::ToDoubleMilliseconds(ran->elapsed));
        }
        return milliseconds;
      });
  return absl::OkStatus();
}

absl::Status ListingArea::AddPsutil() {
  // The interpreter of the system, for which packages of the system are.
  const std::optional<std::string> python = FindInstalled("python3");
  if (!python) return absl::OkStatus();
  absl::StatusOr<Way> psutil = AddWay({*python, run_.psutil_lister}, turns_);
  if (psutil.ok()) psutil_ = *std::move(psutil);
  return absl::IsNotFound(psutil.status()) ? absl::OkStatus() : psutil.status();
}

size_t ListingArea::AddRequest(std::string_view query) {
  return turns_.Add([target = server_.Target(absl::StrCat(kProcesses, query))](
                        int times) -> absl::StatusOr<std::vector<double>> {
    absl::StatusOr<FetchTimes> fetched = MeasureFetches(target, times);
    if (!fetched.ok()) return fetched.status();
    return std::move(fetched->milliseconds);
  });
}

void ListingArea::AddRequests() {
  less_ = {{"fields=pid,name", "?fields=pid,name"},
           {"fields=pid,memory", "?fields=pid,memory"},
           {"limit=10", "?limit=10"},
           {"pid=", absl::StrCat("?pid=", population_.one_pid)},
           // The first ten of those that were added.
           {"name=^sleeper-0000", "?name=%5Esleeper-0000"}};
  full_ = AddRequest("");
  for (Less& less : less_) less.turn = AddRequest(less.query);
}

void ListingArea::Report() {
  table_.BeginSection(absl::StrCat(
      "LISTING: ", ShowCount(population_.added), " processes added (",
      ShowCount(floors_.front().probe->processes()), " in all), ten fields"));
  ReportPairs();
  ReportPeer("ps (8 of the fields)", ps_ ? &turns_.samples(*ps_) : nullptr, 5,
             "procps");
  ReportPeer("psutil, warm (9 of the fields)",
             psutil_ ? &turns_.samples(psutil_->turn) : nullptr, 12,
             "python3-psutil");
  ReportRequests();
}

void ListingArea::ReportPairs() {
  for (size_t i = 0; i < kPairs.size(); ++i) {
    table_.Add({.what = absl::StrCat("floor: ", kPairs[i].name),
                .unit = "ms",
                .measured = turns_.samples(floors_[i].turn)});
  }
  for (size_t i = 0; i < kPairs.size(); ++i) {
    // How many it really keeps is for it to decide.
    table_.Add({.what = absl::StrCat("ProcessLister: ", kPairs[i].name),
                .unit = "ms",
                .measured = turns_.samples(listers_[i].turn),
                .against = "the same floor",
                .beside = turns_.samples(floors_[i].turn),
                .target = AtMost(kMostOfFloor),
                .note = absl::StrCat(listers_[i].probe->descriptors(),
                                     " descriptors open")});
  }
}

void ListingArea::ReportPeer(std::string against,
                             const std::vector<double>* samples, double target,
                             std::string_view package) {
  Row row = {
      .what = absl::StrCat("times faster: ProcessLister, ", kPairs[kBest].name),
      .unit = "ms",
      .against = std::move(against),
      .times_faster = true,
      .target = AtLeast(target)};
  if (samples != nullptr) {
    row.measured = turns_.samples(listers_[kBest].turn);
    row.beside = *samples;
  } else {
    row.note = absl::StrCat("not installed: ", package);
  }
  table_.Add(std::move(row));
}

void ListingArea::ReportRequests() {
  const std::vector<double>& full = turns_.samples(full_);
  table_.Add({.what = absl::StrCat("GET ", kProcesses),
              .unit = "ms",
              .measured = full});
  for (const Less& less : less_) {
    table_.Add({.what = absl::StrCat("GET ", kProcesses, "?", less.shown),
                .unit = "ms",
                .measured = turns_.samples(less.turn),
                .against = "all of them, all fields",
                .beside = full,
                .target = AtMost(1)});
  }
}

}  // namespace

absl::Status MeasureListing(const PerformanceRun& run,
                            const BenchServer& server,
                            const Population& population, ResultTable& table) {
  return ListingArea(run, server, population, table).Measure();
}

absl::Status MeasureHttp(const PerformanceRun& run, const BenchServer& server,
                         const Population& population, ResultTable& table) {
  constexpr int kClients = 16;
  const HttpTarget target = server.Target(kProcesses);
  Interleave turns;
  // As many threads as there are processors, as in the server.
  const absl::StatusOr<Way> lister =
      AddWay({run.enumerator, "lister_kept", "0"}, turns);
  if (!lister.ok()) return lister.status();
  size_t body_bytes = 0;
  const size_t fetch =
      turns.Add([&](int times) -> absl::StatusOr<std::vector<double>> {
        absl::StatusOr<FetchTimes> fetched = MeasureFetches(target, times);
        if (!fetched.ok()) return fetched.status();
        body_bytes = fetched->body_bytes;
        return std::move(fetched->milliseconds);
      });
  const size_t rate_of_one =
      turns.AddSingle([&] { return MeasureRate(target, 1, run.load); });
  const size_t rate_of_many =
      turns.AddSingle([&] { return MeasureRate(target, kClients, run.load); });
  const absl::Status status = turns.Run(run.repetitions, [&](int repetition) {
    run.progress(absl::StrCat("http, ", ShowCount(population.added),
                              " more processes: round ", repetition, " of ",
                              run.repetitions));
  });
  if (!status.ok()) return status;
  table.BeginSection(absl::StrCat(
      "HTTP: ", ShowCount(population.added), " processes added (",
      ShowCount(lister->probe->processes()), " in all), an answer of ",
      ShowCount(static_cast<int64_t>(body_bytes)), " bytes"));
  table.Add({.what = absl::StrCat("GET ", kProcesses, ", one client"),
             .unit = "ms",
             .measured = turns.samples(fetch),
             .against = "ProcessLister in process",
             .beside = turns.samples(lister->turn),
             .target = AtMost(1.35)});
  table.Add({.what = absl::StrCat("answers to ", kClients, " clients"),
             .unit = "1/s",
             .measured = turns.samples(rate_of_many),
             .against = "answers to one client",
             .beside = turns.samples(rate_of_one),
             .target = AtLeast(6)});
  return absl::OkStatus();
}

}  // namespace tallyman::bench
