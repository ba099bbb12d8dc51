// Lets many readers follow the event log while it grows.
//
//   absl::StatusOr<std::unique_ptr<EventFeed>> feed =
//       EventFeed::Start(log, renderer, {});
//   absl::StatusOr<std::unique_ptr<EventFollower>> follower =
//       (*feed)->Follow({.stack_uid = uid}, {.from = EventStart::From::kNow});
//   (*follower)->Start([] { ... wake the reader ... });

#ifndef TALLYMAN_STACKS_REGISTRY_EVENT_FEED_H_
#define TALLYMAN_STACKS_REGISTRY_EVENT_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/event_ring.h"

namespace tallyman::stacks {

// Where a stream begins.
struct EventStart {
  enum class From : uint8_t {
    kOldest,   // The oldest event that is kept.
    kAfter,    // The first event with an id above `after`.
    kNow,      // The next event.
    kUnknown,  // As kNow, with a gap: the client's place is unknown.
  };
  From from = From::kOldest;
  int64_t after = 0;
};

// Reads a stream. One thread at a time uses a follower. It may outlive the
// feed; then it has ended.
class EventFollower {
 public:
  EventFollower(std::shared_ptr<EventRing> ring,
                EventRing::ReaderPointer reader)
      : ring_(std::move(ring)), reader_(std::move(reader)) {
    ring_->Add(reader_);
  }
  ~EventFollower() { ring_->Remove(*reader_); }
  EventFollower(const EventFollower&) = delete;
  EventFollower& operator=(const EventFollower&) = delete;

  // Calls `wake` when Read() has bytes again, or the end, after it had none.
  // `wake` is thread-safe and must not call the follower. It may be called too
  // often, and after the destruction of the follower. Called once, before
  // Read().
  void Start(std::function<void()> wake) {
    ring_->SetWake(*reader_, std::move(wake));
  }

  // Appends the next events, about `max_bytes` at most; none if there are none
  // yet. False: the stream ends after these bytes. Does not block.
  bool Read(size_t max_bytes, std::string& out) {
    return ring_->Read(reader_, max_bytes, out);
  }

 private:
  const std::shared_ptr<EventRing> ring_;
  const EventRing::ReaderPointer reader_;
};

// One thread for all streams, which sleeps until something is appended to the
// log. It reads new events once, and renders each once, into a ring. A follower
// that is behind the ring, because it resumes or because its client is slow,
// gets pieces of the log from that thread, one at a time. So each follower gets
// each event of its filter once, in the order of the ids, and needs memory for
// one piece. Where retention has removed events that it has not read yet, it
// gets a gap. Thread-safe.
class EventFeed {
 public:
  struct Options {
    // After it has read new events the thread rests so long: those that are
    // appended meanwhile are sent together.
    absl::Duration interval = absl::Milliseconds(10);
    // Streams that are quiet for so long give a sign of life.
    absl::Duration keep_alive = absl::Seconds(15);
    size_t ring_bytes = size_t{4} << 20;
    // The pieces for followers that are behind the ring.
    size_t piece_bytes = size_t{16} << 10;
    // Called from the thread when the log can't be read; it tries again.
    std::function<void(const absl::Status&)> on_error;
  };

  // `log` must outlive the feed. ResourceExhausted
  // if the process is out of descriptors; else the errors of the log.
  static absl::StatusOr<std::unique_ptr<EventFeed>> Start(
      EventLog& log, std::shared_ptr<const EventRenderer> renderer,
      Options options);

  // Ends all streams.
  virtual ~EventFeed() = default;

  // A stream of the events of `filter`. Reads the log; the errors are its.
  virtual absl::StatusOr<std::unique_ptr<EventFollower>> Follow(
      EventFilter filter, const EventStart& start) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_FEED_H_
