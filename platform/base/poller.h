// Waits for descriptors: the part of an event loop that differs by system.

#ifndef TALLYMAN_PLATFORM_BASE_POLLER_H_
#define TALLYMAN_PLATFORM_BASE_POLLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::base {

// Events of a descriptor, combined by |. The values are those of epoll_ctl(2).
inline constexpr uint32_t kReadable = 0x1;
inline constexpr uint32_t kWritable = 0x4;
inline constexpr uint32_t kFailed = 0x8;   // Always watched.
inline constexpr uint32_t kHungUp = 0x10;  // Always watched.
// The peer sends nothing more: behind unread bytes is the end.
inline constexpr uint32_t kReadEnds = 0x2000;
// How to watch. Of the pollers that watch a descriptor kOneWakes, the system
// wakes as few as it can.
inline constexpr uint32_t kOneWakes = uint32_t{1} << 28;
inline constexpr uint32_t kEdgeTriggered = uint32_t{1} << 31;

// Linux: epoll(7). Others: poll(2), WSAPoll(). Not thread-safe, except Wake().
class Poller {
 public:
  struct Ready {
    uint64_t id = 0;
    uint32_t events = 0;
  };

  // ResourceExhausted if the process or the system is out of descriptors,
  // memory or watches.
  static absl::StatusOr<Poller> Create();

  Poller(Poller&&) noexcept;
  Poller& operator=(Poller&&) noexcept;
  ~Poller();

  // Reports `events` of `fd` as `id`, which is unique and not 0. False if the
  // kernel is out of memory or watches. Dies (CHECK) for a descriptor that
  // cannot be watched.
  bool Add(uint64_t id, int fd, uint32_t events);

  // For kEdgeTriggered: a call on the descriptor found none of `events`, so
  // report them again.
  void Await(uint64_t id, uint32_t events);

  // `fd` is still open.
  void Remove(uint64_t id, int fd);

  // Fills `ready` and returns how many are. Waits for at most `timeout_ms`
  // milliseconds, -1 for ever, or until Wake(). Returns early for a signal
  // handler.
  size_t Wait(int timeout_ms, absl::Span<Ready> ready);

  // Makes the current Wait(), or else the next one, return. Thread-safe.
  void Wake() const;

 private:
  struct State;
  explicit Poller(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_POLLER_H_
