#include "tools/bench/connections_events.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/result_table.h"
#include "tools/bench/spawn_loop.h"
#include "tools/bench/stream_clients.h"
#include "tools/bench/stream_floor.h"
#include "tools/crowd/crowd.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEvents = 50;
// Ends the object of an event, which has no other inside.
constexpr char kMarker = '}';
constexpr absl::Duration kRest = absl::Seconds(1);
constexpr double kKibibyte = 1024;

struct Samples {
  // Milliseconds from the request for a change, or the begin of the loop, until
  // all clients have the event. One value a round: the mean of kEvents.
  std::vector<double> ours;
  std::vector<double> floor;
  // Of the request alone, while nobody follows.
  std::vector<double> request;
  std::vector<double> kibibytes;  // Of a stream.
  std::vector<double> cpu_milliseconds;
  std::vector<double> switches;
  size_t event_bytes = 0;  // That a client gets for an event.
};

// Calls `send` kEvents times, one at a time; the mean time until `clients`, if
// there are any, have what each call has sent.
absl::StatusOr<double> MeanMilliseconds(
    const crowd::Crowd* clients, absl::FunctionRef<absl::Status()> send) {
  Clock::duration spent{};
  for (int i = 0; i < kEvents; ++i) {
    const int64_t expected = clients == nullptr ? 0
                                                : clients->counts().markers +
                                                      int64_t{kStreamClients};
    const Clock::time_point begin = Clock::now();
    absl::Status status = send();
    if (status.ok() && clients != nullptr) {
      status = AwaitMarkers(*clients, expected);
    }
    if (!status.ok()) return status;
    spent += Clock::now() - begin;
  }
  return absl::ToDoubleMilliseconds(absl::FromChrono(spent)) / kEvents;
}

// Each event is that of a new token.
absl::Status MeasureServer(const PerformanceRun& run, const BenchServer& server,
                           Samples& samples) {
  harness::ApiClient client = server.Client();
  const auto make_token = [&] { return client.MakeToken().status(); };
  const absl::StatusOr<double> request = MeanMilliseconds(nullptr, make_token);
  if (!request.ok()) return request.status();
  const absl::StatusOr<int64_t> before = ReadPssBytes(server.pid());
  if (!before.ok()) return before.status();

  const absl::StatusOr<std::unique_ptr<crowd::Crowd>> clients =
      StartStreamClients(server.Target("/events?after=now&kind=token_created"),
                         kMarker, "Accept: text/event-stream\r\n");
  if (!clients.ok()) return clients.status();
  absl::Status status = (*clients)->AwaitSettled(kStreamTimeout);
  if (status.ok()) status = Rest(kRest);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> after = ReadPssBytes(server.pid());
  if (!after.ok()) return after.status();
  samples.kibibytes.push_back(static_cast<double>(*after - *before) /
                              kKibibyte / double{kStreamClients});

  const int64_t bytes = (*clients)->counts().body_bytes;
  const absl::StatusOr<double> ours =
      MeanMilliseconds(clients->get(), make_token);
  if (!ours.ok()) return ours.status();
  samples.event_bytes =
      static_cast<size_t>(((*clients)->counts().body_bytes - bytes) /
                          (int64_t{kEvents} * int64_t{kStreamClients}));
  samples.request.push_back(*request);
  samples.ours.push_back(*ours);

  const absl::StatusOr<CpuUse> idle_begin = ReadCpuUse(server.pid());
  if (!idle_begin.ok()) return idle_begin.status();
  if (absl::Status rested = Rest(run.idle); !rested.ok()) return rested;
  const absl::StatusOr<CpuUse> idle_end = ReadCpuUse(server.pid());
  if (!idle_end.ok()) return idle_end.status();
  samples.cpu_milliseconds.push_back(
      absl::ToDoubleMilliseconds(idle_end->clock - idle_begin->clock));
  samples.switches.push_back(
      static_cast<double>(SwitchesBetween(*idle_begin, *idle_end)));
  return absl::OkStatus();
}

absl::Status MeasureFloor(Samples& samples) {
  absl::StatusOr<StreamFloor> floor = StreamFloor::Listen();
  if (!floor.ok()) return floor.status();
  const absl::StatusOr<std::unique_ptr<crowd::Crowd>> clients =
      StartStreamClients({.port = floor->port(), .path = "/"}, kMarker);
  if (!clients.ok()) return clients.status();
  absl::Status status = floor->Accept(kStreamClients);
  if (status.ok()) status = (*clients)->AwaitSettled(kStreamTimeout);
  if (!status.ok()) return status;
  std::string event(samples.event_bytes, 'x');
  event.back() = kMarker;
  const absl::StatusOr<double> spent = MeanMilliseconds(
      clients->get(), [&] { return floor->Write(event).status(); });
  if (!spent.ok()) return spent.status();
  samples.floor.push_back(*spent);
  return absl::OkStatus();
}

absl::Status MeasureRound(const PerformanceRun& run, Samples& samples) {
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start({.program = run.server,
                          .parent = run.parent_directory,
                          .command = std::string(kSleepCommand)});
  if (!server.ok()) return server.status();
  absl::Status status = MeasureServer(run, **server, samples);
  status.Update((*server)->Stop());
  if (status.ok()) status = MeasureFloor(samples);
  return status;
}

void Report(const PerformanceRun& run, Samples samples, ResultTable& table) {
  table.BeginSection(absl::StrCat("EVENTS: ", ShowCount(kStreamClients),
                                  " streams of /events, ", kEvents,
                                  " new tokens, one after another"));
  table.Add(
      {.what = "from the request until all have its event",
       .unit = "ms",
       .measured = std::move(samples.ours),
       .against = "write(2) in a loop",
       .beside = std::move(samples.floor),
       .target = AtMost(3),
       .note = absl::StrCat("an event has ", samples.event_bytes, " bytes")});
  table.Add({.what = "the request alone, while nobody follows",
             .unit = "ms",
             .measured = std::move(samples.request)});
  table.Add({.what = "memory (PSS) for each stream",
             .unit = "KiB",
             .measured = std::move(samples.kibibytes),
             .target = AtMost(32)});
  const std::string idle = absl::FormatDuration(run.idle);
  table.Add({.what = absl::StrCat("processor time in ", idle, " of idleness"),
             .unit = "ms",
             .measured = std::move(samples.cpu_milliseconds)});
  table.Add({.what = "voluntary switches of its threads meanwhile",
             .measured = std::move(samples.switches),
             .note = "each stream has a heartbeat in 15 to 30 s"});
}

}  // namespace

absl::Status MeasureEventStreams(const PerformanceRun& run,
                                 ResultTable& table) {
  Samples samples;
  for (int i = 1; i <= run.repetitions; ++i) {
    run.progress(
        absl::StrCat("streams of events: round ", i, " of ", run.repetitions));
    if (absl::Status measured = MeasureRound(run, samples); !measured.ok()) {
      return measured;
    }
  }
  Report(run, std::move(samples), table);
  return absl::OkStatus();
}

}  // namespace tallyman::bench
