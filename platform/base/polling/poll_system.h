// The calls of a system that has poll(2) or WSAPoll(): descriptors and a
// wake-up.

#ifndef TALLYMAN_PLATFORM_BASE_POLLING_POLL_SYSTEM_H_
#define TALLYMAN_PLATFORM_BASE_POLLING_POLL_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::base {

struct Polled {
  int fd = -1;
  uint32_t interest = 0;  // kReadable, kWritable.
  // kFailed, kHungUp, and what of `interest` is there. Whether the end of the
  // peer's stream is kHungUp depends on the system.
  uint32_t events = 0;
};

// Not thread-safe, except Wake().
class PollSystem {
 public:
  // ResourceExhausted if the process or the system is out of descriptors.
  static absl::StatusOr<PollSystem> Create();

  PollSystem(PollSystem&&) noexcept;
  PollSystem& operator=(PollSystem&&) noexcept;
  ~PollSystem();

  // Waits for one of the descriptors, for Wake(), or for `timeout_ms` (-1: for
  // ever), and sets the events of all. Returns early for a signal handler.
  void Wait(int timeout_ms, std::vector<Polled>& polled);

  // Thread-safe.
  void Wake() const;

 private:
  struct State;
  explicit PollSystem(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_POLLING_POLL_SYSTEM_H_
