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
// Rounds of few processes are short: this time allows more of them.
constexpr absl::Duration kAtLeast = absl::Seconds(6);

// A way of listing, in a process of its own, and the index of its turn; or the
// reason why it can't be measured.
struct Way {
  std::unique_ptr<ListingProbe> probe;
  std::optional<size_t> turn;
  std::string failure;
};

// Cancelled if interrupted; any other error is the way's `failure`.
absl::StatusOr<Way> AddWay(std::vector<std::string> arguments,
                           Interleave& turns) {
  absl::StatusOr<std::unique_ptr<ListingProbe>> probe =
      ListingProbe::Start(std::move(arguments));
  absl::Status status = probe.status();
  // A way that will fail, as without enough descriptors, fails now.
  if (status.ok()) status = (*probe)->Measure(1).status();
  if (absl::IsCancelled(status)) return status;
  if (!status.ok()) return Way{.failure = std::string(status.message())};
  const size_t turn = turns.Add(
      [probe = probe->get()](int times) { return probe->Measure(times); });
  return Way{.probe = *std::move(probe), .turn = turn};
}

// A floor and the lister to be held against it: same files, same threads.
struct Pair {
  std::string_view name;
  std::string_view floor_way;
  std::string_view lister_way;
  int threads;
};
constexpr std::string_view kKept = "lister_kept";
constexpr std::array<Pair, 4> kPairs = {
    {{"opened each time, 1 thread", "floor", "lister", 1},
     {"opened each time, 2 threads", "floor", "lister", 2},
     {"kept open, 1 thread", "floor_kept", kKept, 1},
     {"kept open, 2 threads", "floor_kept", kKept, 2}}};
constexpr size_t kBest = kPairs.size() - 1;  // The one beside the peers.
constexpr double kMaxToFloor = 1.15;

// A request for a part of the list.
struct PartialRequest {
  std::string shown;  // The query, decoded.
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

  // Empty if the way could not be measured.
  std::vector<double> SamplesOf(const Way& way) const {
    return way.turn ? turns_.samples(*way.turn) : std::vector<double>();
  }

  void Report();
  void ReportPairs();
  void ReportPair(size_t index);
  void ReportPeer(const std::string& against,
                  const std::vector<double>& samples, double target,
                  const std::string& failure);
  void ReportRequests();

  const PerformanceRun& run_;
  const BenchServer& server_;
  const Population& population_;
  ResultTable& table_;

  Interleave turns_;
  std::vector<Way> floors_;
  std::vector<Way> listers_;
  Way psutil_ = {.failure = "not installed: python3"};
  std::optional<size_t> ps_;
  size_t full_ = 0;
  std::vector<PartialRequest> partial_;
};

absl::Status ListingArea::Measure() {
  absl::Status status = AddPairs();
  if (status.ok()) status = AddPs();
  if (status.ok()) status = AddPsutil();
  if (!status.ok()) return status;
  AddRequests();
  status = turns_.Run(run_.repetitions, kAtLeast, [&](int repetition) {
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
  // Without the simplest floor there is nothing to compare with.
  if (!floors_.front().turn) {
    return absl::InternalError(floors_.front().failure);
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
  // The system's interpreter finds the system's package of psutil.
  const std::optional<std::string> python = FindInstalled("python3");
  if (!python) return absl::OkStatus();
  absl::StatusOr<Way> psutil = AddWay({*python, run_.psutil_lister}, turns_);
  if (psutil.ok()) psutil_ = *std::move(psutil);
  return psutil.status();
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
  partial_ = {{"fields=pid,name", "?fields=pid,name"},
              {"fields=pid,memory", "?fields=pid,memory"},
              {"limit=10", "?limit=10"},
              {"pid=", absl::StrCat("?pid=", population_.one_pid)},
              // The first ten of the added processes.
              {"name=^sleeper-0000", "?name=%5Esleeper-0000"}};
  full_ = AddRequest("");
  for (PartialRequest& request : partial_) {
    request.turn = AddRequest(request.query);
  };
}

void ListingArea::Report() {
  table_.BeginSection(absl::StrCat(
      "LISTING: ", ShowCount(population_.added), " processes added (",
      ShowCount(floors_.front().probe->processes()), " in all), ten fields"));
  ReportPairs();
  ReportPeer("ps (8 of the fields)",
             ps_ ? turns_.samples(*ps_) : std::vector<double>(), 5,
             "not installed: procps");
  ReportPeer("psutil, warm (9 of the fields)", SamplesOf(psutil_), 12,
             psutil_.failure);
  ReportRequests();
}

void ListingArea::ReportPairs() {
  for (size_t i = 0; i < kPairs.size(); ++i) {
    table_.Add({.what = absl::StrCat("floor: ", kPairs[i].name),
                .unit = "ms",
                .measured = SamplesOf(floors_[i]),
                .note = floors_[i].failure});
  }
  for (size_t i = 0; i < kPairs.size(); ++i) ReportPair(i);
}

void ListingArea::ReportPair(size_t index) {
  const Way& lister = listers_[index];
  Row row = {.what = absl::StrCat("ProcessLister: ", kPairs[index].name),
             .unit = "ms",
             .measured = SamplesOf(lister),
             .against = "the same floor",
             .beside = SamplesOf(floors_[index]),
             .target = AtMost(kMaxToFloor),
             .note = lister.failure};
  // Without a floor there is no ratio to hold against the target.
  if (row.beside.empty()) row.target.reset();
  if (lister.probe != nullptr && kPairs[index].lister_way == kKept) {
    // The lister decides how many descriptors it keeps.
    row.note = absl::StrCat(lister.probe->descriptors(), " descriptors open");
  }
  table_.Add(std::move(row));
}

void ListingArea::ReportPeer(const std::string& against,
                             const std::vector<double>& samples, double target,
                             const std::string& failure) {
  // The floor as well: it is the limit of any listing.
  for (const auto& [name, way] :
       {std::pair("floor", &floors_[kBest]),
        std::pair("ProcessLister", &listers_[kBest])}) {
    Row row = {
        .what = absl::StrCat("times faster: ", name, ", ", kPairs[kBest].name),
        .unit = "ms",
        .against = against,
        .times_faster = true,
        .note = samples.empty() ? failure : way->failure};
    if (way == &listers_[kBest]) row.target = AtLeast(target);
    if (!samples.empty()) {
      row.measured = SamplesOf(*way);
      row.beside = samples;
    }
    table_.Add(std::move(row));
  }
}

void ListingArea::ReportRequests() {
  const std::vector<double>& full = turns_.samples(full_);
  table_.Add({.what = absl::StrCat("GET ", kProcesses),
              .unit = "ms",
              .measured = full});
  for (const PartialRequest& request : partial_) {
    table_.Add({.what = absl::StrCat("GET ", kProcesses, "?", request.shown),
                .unit = "ms",
                .measured = turns_.samples(request.turn),
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
  // 0: as many threads as processors, as in the server.
  const absl::StatusOr<Way> lister =
      AddWay({run.enumerator, std::string(kKept), "0"}, turns);
  if (!lister.ok()) return lister.status();
  if (!lister->turn) return absl::InternalError(lister->failure);
  size_t body_bytes = 0;
  const size_t fetch =
      turns.Add([&](int times) -> absl::StatusOr<std::vector<double>> {
        absl::StatusOr<FetchTimes> fetched = MeasureFetches(target, times);
        if (!fetched.ok()) return fetched.status();
        body_bytes = fetched->body_bytes;
        return std::move(fetched->milliseconds);
      });
  Interleave rates;
  const size_t rate_of_one =
      rates.AddSingle([&] { return MeasureRate(target, 1, run.load); });
  const size_t rate_of_many =
      rates.AddSingle([&] { return MeasureRate(target, kClients, run.load); });
  const auto progress = [&](std::string_view what, int repetition) {
    run.progress(absl::StrCat("http, ", ShowCount(population.added),
                              " more processes, ", what, ": round ", repetition,
                              " of ", run.repetitions));
  };
  absl::Status status =
      turns.Run(run.repetitions, kAtLeast,
                [&](int repetition) { progress("one client", repetition); });
  if (status.ok()) {
    status =
        rates.Run(run.repetitions, absl::ZeroDuration(),
                  [&](int repetition) { progress("16 clients", repetition); });
  }
  if (!status.ok()) return status;
  table.BeginSection(absl::StrCat(
      "HTTP: ", ShowCount(population.added), " processes added (",
      ShowCount(lister->probe->processes()), " in all), an answer of ",
      ShowCount(static_cast<int64_t>(body_bytes)), " bytes"));
  table.Add({.what = absl::StrCat("GET ", kProcesses, ", one client"),
             .unit = "ms",
             .measured = turns.samples(fetch),
             .against = "ProcessLister in process",
             .beside = turns.samples(*lister->turn),
             .target = AtMost(1.35)});
  table.Add({.what = absl::StrCat("answers to ", kClients, " clients"),
             .unit = "1/s",
             .measured = rates.samples(rate_of_many),
             .against = "answers to one client",
             .beside = rates.samples(rate_of_one),
             .target = AtLeast(6)});
  return absl::OkStatus();
}

}  // namespace tallyman::bench
