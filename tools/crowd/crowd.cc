#include "tools/crowd/crowd.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/crowd/crowd_client.h"

namespace tallyman::crowd {
namespace {

constexpr std::chrono::milliseconds kTick(10);
// 200 clients a second: their deadlines at the server, of ten seconds, are
// spread over time like those of clients that do not know of each other.
constexpr size_t kFirstTurnsPerTick = 2;
constexpr size_t kBufferSize = size_t{64} << 10;
constexpr int kEventsPerWait = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<Crowd>> Crowd::Start(
    std::vector<ClientGroup> groups, const CrowdOptions& options) {
  base::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  auto crowd = absl::WrapUnique(new Crowd(std::move(groups), std::move(epoll)));
  crowd->thread_ = std::thread(
      [raw = crowd.get(), niceness = options.niceness] { raw->Run(niceness); });
  return crowd;
}

Crowd::Crowd(std::vector<ClientGroup> groups, base::UniqueFd epoll)
    : groups_(std::move(groups)),
      epoll_(std::move(epoll)),
      shared_{.epoll = epoll_.get(),
              .buffer = std::vector<char>(kBufferSize),
              .counts = counts_} {
  for (const ClientGroup& group : groups_) {
    rotations_.push_back({.first = clients_.size()});
    for (size_t i = 0; i < group.count; ++i) {
      clients_.emplace_back(group, shared_, clients_.size());
    }
  }
}

Crowd::~Crowd() {
  is_ending_ = true;
  thread_.join();
}

absl::Status Crowd::AwaitSettled(absl::Duration timeout) const {
  const auto all = static_cast<int64_t>(clients_.size());
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMilliseconds(timeout);
  while (counts_.settled < all) {
    if (Clock::now() > deadline) {
      const std::string problem = counts_.first_problem();
      return absl::DeadlineExceededError(
          absl::StrCat("only ", counts_.settled.load(), " of ", all,
                       " clients got as far as they should; ",
                       problem.empty() ? "no connection has failed" : problem,
                       "; ", counts_.refusals.load(), " refusals"));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::OkStatus();
}

void Crowd::Run(int niceness) {
  // On Linux the niceness is that of a thread (setpriority(2), NOTES).
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);
  std::array<epoll_event, kEventsPerWait> events;
  const Clock::time_point begin = Clock::now();
  Clock::time_point next_tick = begin;
  while (!is_ending_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(next_tick - Clock::now());
    const int ready = epoll_wait(epoll_.get(), events.data(), kEventsPerWait,
                                 std::max(static_cast<int>(left.count()), 0));
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      static_cast<CrowdClient*>(event.data.ptr)->OnReady(event.events);
    }
    const Clock::time_point now = Clock::now();
    if (now < next_tick) continue;
    ConnectSome();
    GiveTurns(now - begin);
    // After a delay there is no hurry to make up for ticks.
    next_tick = std::max(next_tick + kTick, now);
    timespec spent = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    cpu_nanoseconds_ =
        absl::ToInt64Nanoseconds(absl::DurationFromTimespec(spent));
  }
}

void Crowd::ConnectSome() {
  const size_t end = std::min(begun_ + kFirstTurnsPerTick, clients_.size());
  for (; begun_ < end; ++begun_) clients_[begun_].TakeTurn();
}

void Crowd::GiveTurns(Clock::duration since_begin) {
  for (size_t i = 0; i < groups_.size(); ++i) {
    const ClientGroup& group = groups_[i];
    Rotation& rotation = rotations_[i];
    if (group.count == 0) continue;
    const auto due = static_cast<int64_t>(
        absl::FDivDuration(absl::FromChrono(since_begin), group.interval) *
        static_cast<double>(group.count));
    for (; rotation.given < due; ++rotation.given) {
      const size_t client = rotation.first + rotation.next;
      if (client < begun_) clients_[client].TakeTurn();
      rotation.next = (rotation.next + 1) % group.count;
    }
  }
}

}  // namespace tallyman::crowd
