#include "tools/bench/connections_follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/result_table.h"
#include "tools/bench/scratch_directory.h"
#include "tools/bench/spawn_loop.h"
#include "tools/bench/stream_clients.h"
#include "tools/bench/stream_floor.h"
#include "tools/crowd/crowd.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

constexpr int kLines = 100;
// Slow enough that each line is an event of its own: a server that is behind
// sends many at once, which costs less.
constexpr absl::Duration kLineInterval = absl::Milliseconds(50);
constexpr std::string_view kProcess = "talker";
constexpr char kMarker = '~';  // Ends each line, and is nowhere else.
constexpr absl::Duration kRest = absl::Seconds(1);

// A line of 100 bytes.
std::string Line() {
  constexpr size_t kSize = 98;
  return absl::StrCat(std::string(kSize, 'x'), std::string(1, kMarker), "\n");
}

// Calls `write` for each line, at the pace; waits until all followers have all
// lines.
absl::Status WriteLines(const crowd::Crowd& followers,
                        absl::FunctionRef<absl::Status()> write) {
  const int64_t expected =
      followers.counts().markers + int64_t{kLines} * int64_t{kStreamClients};
  for (int i = 0; i < kLines; ++i) {
    if (absl::Status written = write(); !written.ok()) return written;
    if (absl::Status rested = Rest(kLineInterval); !rested.ok()) return rested;
  }
  return AwaitMarkers(followers, expected);
}

double MicrosecondsEach(absl::Duration all) {
  return absl::ToDoubleMicroseconds(all) /
         (double{kLines} * double{kStreamClients});
}

struct Samples {
  std::vector<double> ours;  // Microseconds for each line and follower.
  std::vector<double> floor;
  size_t event_bytes = 0;  // That a follower gets for a line.
};

class FollowMeasurement {
 public:
  FollowMeasurement(const BenchServer& server, std::string path,
                    const base::UniqueFd& talker)
      : server_(server), path_(std::move(path)), talker_(talker) {}

  // Of the server; sets the size of an event.
  absl::Status MeasureServer(Samples& samples) const;
  // Of a loop that writes as many bytes.
  static absl::Status MeasureFloor(Samples& samples);

 private:
  const BenchServer& server_;
  const std::string path_;
  const base::UniqueFd& talker_;
};

absl::Status FollowMeasurement::MeasureServer(Samples& samples) const {
  const absl::StatusOr<std::unique_ptr<crowd::Crowd>> followers =
      StartStreamClients(server_.Target(path_), kMarker);
  if (!followers.ok()) return followers.status();
  absl::Status status = (*followers)->AwaitSettled(kStreamTimeout);
  // The lines of earlier rounds arrive.
  if (status.ok()) status = Rest(kRest);
  if (!status.ok()) return status;
  const int64_t bytes_before = (*followers)->counts().body_bytes;
  const absl::StatusOr<CpuUse> before = ReadCpuUse(server_.pid());
  if (!before.ok()) return before.status();
  const std::string line = Line();
  status = WriteLines(**followers, [&] {
    return write(talker_.get(), line.data(), line.size()) ==
                   static_cast<ssize_t>(line.size())
               ? absl::OkStatus()
               : absl::ErrnoToStatus(errno, "writing to the talker");
  });
  if (!status.ok()) return status;
  const absl::StatusOr<CpuUse> after = ReadCpuUse(server_.pid());
  if (!after.ok()) return after.status();
  samples.ours.push_back(MicrosecondsEach(after->clock - before->clock));
  samples.event_bytes =
      static_cast<size_t>(((*followers)->counts().body_bytes - bytes_before) /
                          (int64_t{kLines} * int64_t{kStreamClients}));
  return absl::OkStatus();
}

absl::Status FollowMeasurement::MeasureFloor(Samples& samples) {
  absl::StatusOr<StreamFloor> floor = StreamFloor::Listen();
  if (!floor.ok()) return floor.status();
  const absl::StatusOr<std::unique_ptr<crowd::Crowd>> followers =
      StartStreamClients({.port = floor->port(), .path = "/"}, kMarker);
  if (!followers.ok()) return followers.status();
  absl::Status status = floor->Accept(kStreamClients);
  if (status.ok()) status = (*followers)->AwaitSettled(kStreamTimeout);
  if (!status.ok()) return status;
  std::string event(samples.event_bytes, 'x');
  event.back() = kMarker;
  absl::Duration spent;
  status = WriteLines(**followers, [&] {
    const absl::StatusOr<absl::Duration> once = floor->Write(event);
    if (once.ok()) spent += *once;
    return once.status();
  });
  if (status.ok()) samples.floor.push_back(MicrosecondsEach(spent));
  return status;
}

// A program that writes what it reads from a FIFO.
absl::StatusOr<base::UniqueFd> MakeFifo(const std::string& path) {
  if (mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  // Also for reading: the program finds no end of the file between its starts.
  base::UniqueFd fifo(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fifo.valid()) return absl::ErrnoToStatus(errno, path);
  return fifo;
}

absl::Status MeasureRounds(const PerformanceRun& run, const BenchServer& server,
                           const base::UniqueFd& fifo, Samples& samples) {
  harness::ApiClient client = server.Client();
  if (auto scaled = server.Scale(client, 1, kProcess); !scaled.ok()) {
    return scaled.status();
  }
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  const FollowMeasurement measurement(
      server,
      absl::StrCat("/stacks/", server.stack_uid(), "/processes/", kProcess,
                   "/logs?follow=1"),
      fifo);
  Samples warm_up;
  for (int i = 0; i <= run.repetitions; ++i) {
    run.progress(absl::StrCat("followers: round ", i, " of ", run.repetitions));
    Samples& into = i == 0 ? warm_up : samples;
    absl::Status status = measurement.MeasureServer(into);
    if (status.ok()) status = FollowMeasurement::MeasureFloor(into);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureFollowers(const PerformanceRun& run, ResultTable& table) {
  const absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  const std::string path = absl::StrCat(directory->path(), "/lines");
  const absl::StatusOr<base::UniqueFd> fifo = MakeFifo(path);
  if (!fifo.ok()) return fifo.status();
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start({.program = run.server,
                          .parent = run.parent_directory,
                          .command = std::string(kSleepCommand),
                          .others = {{.name = std::string(kProcess),
                                      .command = absl::StrCat("cat ", path)}}});
  if (!server.ok()) return server.status();
  Samples samples;
  absl::Status status = MeasureRounds(run, **server, *fifo, samples);
  status.Update((*server)->Stop());
  if (!status.ok()) return status;
  table.BeginSection(absl::StrCat("FOLLOWERS: ", ShowCount(kStreamClients),
                                  " of one log, ", kLines, " lines, one each ",
                                  absl::FormatDuration(kLineInterval)));
  table.Add(
      {.what = "processor time of a line for each follower",
       .unit = "us",
       .measured = std::move(samples.ours),
       .against = "write(2) in a loop",
       .beside = std::move(samples.floor),
       .target = AtMost(3),
       .note = absl::StrCat("an event has ", samples.event_bytes, " bytes")});
  return absl::OkStatus();
}

}  // namespace tallyman::bench
