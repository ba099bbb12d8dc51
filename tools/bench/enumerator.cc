// Lists the processes of the machine on command, and reports the time. Each way
// of listing runs in a process of its own, with its own limit of descriptors.
//
//   enumerator floor|floor_kept|lister|lister_kept THREADS
//   enumerator floor:FILE,...|floor_kept:FILE,... THREADS
//
// The second form reads only these files of each process; without a FILE it
// only lists the directory. THREADS 0: as many as processors.
//
// Prints "ready". Then, for each line of standard input, a number N, prints one
// line: the number of processes, the number of open descriptors, and the
// nanoseconds of each of N listings, after one that does not count. Prints
// "error MESSAGE" instead if a listing fails, and exits with 1. Ends at the end
// of its input.

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/proc_file.h"
#include "tools/bench/proc_floor.h"

namespace tallyman::bench {
namespace {

using ::tallyman::platform::ProcessField;
using ::tallyman::platform::ProcessLister;

// The default fields of GET /server/processes; the pid is always included.
constexpr platform::ProcessFields kDefaultFields =
    ProcessField::kName | ProcessField::kArguments | ProcessField::kNumThreads |
    ProcessField::kState | ProcessField::kResidentBytes |
    ProcessField::kPeakResidentBytes | ProcessField::kUser |
    ProcessField::kStorageIo;

// Lists once; the number of processes.
using Listing = std::function<absl::StatusOr<size_t>()>;

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<Listing> MakeFloor(ProcFloor::Files files, int threads,
                                  ProcFloor::Names names) {
  absl::StatusOr<std::unique_ptr<ProcFloor>> floor =
      ProcFloor::Create(files, threads, std::move(names));
  if (!floor.ok()) return floor.status();
  return Listing([floor = std::shared_ptr<ProcFloor>(*std::move(floor))] {
    return floor->Walk();
  });
}

enum class KeptDescriptors { kNone, kDefault };

absl::StatusOr<Listing> MakeLister(KeptDescriptors kept, int threads) {
  ProcessLister::Options options = {.max_threads = threads};
  if (kept == KeptDescriptors::kNone) options.max_kept_descriptors = 0;
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create(std::move(options));
  if (!lister.ok()) return lister.status();
  return Listing([lister = std::shared_ptr<ProcessLister>(
                      *std::move(lister))]() -> absl::StatusOr<size_t> {
    const absl::StatusOr<platform::ProcessSnapshot> snapshot =
        lister->List({.fields = kDefaultFields, .pids = {}});
    if (!snapshot.ok()) return snapshot.status();
    return snapshot->processes().size();
  });
}

absl::StatusOr<Listing> MakeListing(std::string_view way, int threads) {
  ProcFloor::Names names = ProcFloor::DefaultNames();
  if (const size_t colon = way.find(':'); colon != std::string_view::npos) {
    names = absl::StrSplit(way.substr(colon + 1), ',', absl::SkipEmpty());
    way = way.substr(0, colon);
  }
  if (way == "floor") {
    return MakeFloor(ProcFloor::Files::kOpened, threads, std::move(names));
  }
  if (way == "floor_kept") {
    return MakeFloor(ProcFloor::Files::kKept, threads, std::move(names));
  }
  if (way == "lister") return MakeLister(KeptDescriptors::kNone, threads);
  if (way == "lister_kept")
    return MakeLister(KeptDescriptors::kDefault, threads);
  return absl::InvalidArgumentError(
      absl::StrCat("\"", way, "\" is not a way of listing"));
}

absl::StatusOr<std::string> ListRepeatedly(const Listing& list, int times) {
  using Clock = std::chrono::steady_clock;
  std::string nanoseconds;
  size_t processes = 0;
  for (int i = 0; i <= times; ++i) {
    const Clock::time_point begin = Clock::now();
    // Freeing the list is part of its cost.
    const absl::StatusOr<size_t> listed = list();
    const std::chrono::nanoseconds elapsed = Clock::now() - begin;
    if (!listed.ok()) return listed.status();
    processes = *listed;
    if (i > 0) absl::StrAppend(&nanoseconds, " ", elapsed.count());
  }
  return absl::StrCat(processes, " ",
                      platform::ListNumbers("/proc/self/fd").size(),
                      nanoseconds);
}

absl::Status Run(std::string_view way, std::string_view threads_text) {
  constexpr int kMaxTimes = 10'000;
  int threads = 0;
  if (!absl::SimpleAtoi(threads_text, &threads) || threads < 0) {
    return absl::InvalidArgumentError("THREADS is not a number");
  }
  RaiseDescriptorLimit();
  const absl::StatusOr<Listing> list = MakeListing(way, threads);
  if (!list.ok()) return list.status();
  std::cout << "ready" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    int times = 0;
    if (!absl::SimpleAtoi(line, &times) || times < 1 || times > kMaxTimes) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", line, "\" is not a number of listings"));
    }
    const absl::StatusOr<std::string> answer = ListRepeatedly(*list, times);
    if (!answer.ok()) return answer.status();
    std::cout << *answer << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace tallyman::bench

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 3 ? tallyman::bench::Run(argv[1], argv[2])
                : absl::InvalidArgumentError(
                      "usage: enumerator "
                      "floor|floor_kept|lister|lister_kept THREADS");
  if (status.ok()) return 0;
  // On standard output, where the driver expects the answer.
  std::cout << "error " << status.message() << std::endl;
  return 1;
}
