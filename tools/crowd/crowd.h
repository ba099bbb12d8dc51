// Thousands of clients of one server, in one thread.
//
//   auto crowd = Crowd::Start({{.kind = ClientKind::kFollower, ...}}, {});
//   if (absl::Status settled = (*crowd)->AwaitSettled(absl::Seconds(30)); ...)
//   ...
//   (*crowd)->counts().problems

#ifndef TALLYMAN_TOOLS_CROWD_CROWD_H_
#define TALLYMAN_TOOLS_CROWD_CROWD_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/crowd/crowd_client.h"

namespace tallyman::crowd {

struct CrowdOptions {
  // nice(2) of the crowd's thread. 19: the clients stand for other machines,
  // and take no time from the server where they would delay it.
  int niceness = 0;
};

// Thread-safe.
class Crowd {
 public:
  static absl::StatusOr<std::unique_ptr<Crowd>> Start(
      std::vector<ClientGroup> groups, const CrowdOptions& options);

  // Closes all connections.
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Waits until every client has settled; see CrowdCounts. Visitors settle too.
  // DeadlineExceeded, with the first problem, after `timeout`.
  absl::Status AwaitSettled(absl::Duration timeout) const;

  const CrowdCounts& counts() const { return counts_; }
  // The processor time of the crowd's thread.
  absl::Duration cpu_time() const {
    return absl::Nanoseconds(cpu_nanoseconds_.load());
  }

 private:
  using Clock = std::chrono::steady_clock;

  // The turns of a group.
  struct Rotation {
    size_t first = 0;   // Of its clients.
    size_t next = 0;    // Of its clients; the next turn is his.
    int64_t given = 0;  // Turns, since the begin.
  };

  Crowd(std::vector<ClientGroup> groups, base::UniqueFd epoll);

  void Run(int niceness);
  void ConnectSome();
  void GiveTurns(Clock::duration since_begin);

  const std::vector<ClientGroup> groups_;
  const base::UniqueFd epoll_;
  CrowdCounts counts_;
  CrowdClient::Shared shared_;
  std::deque<CrowdClient> clients_;  // In the order of the groups.
  std::vector<Rotation> rotations_;
  size_t begun_ = 0;  // Clients that had their first turn.
  std::atomic<int64_t> cpu_nanoseconds_ = 0;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_CROWD_H_
