// A bounded ring of the newest events, rendered once for all that follow them.
// Part of event_feed.

#ifndef TALLYMAN_STACKS_REGISTRY_EVENT_RING_H_
#define TALLYMAN_STACKS_REGISTRY_EVENT_RING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"

namespace tallyman::stacks {

// Ids of events that may be missing in a stream: [from, to].
struct EventGap {
  enum class Reason : uint8_t {
    kRetention,  // They were removed.
    kUnknown,  // The log never had the id after which the stream was to go on.
  };
  Reason reason = Reason::kRetention;
  int64_t from = 0;
  int64_t to = 0;
};

// Renders a stream of events. Thread-safe. Each function appends to `out`.
class EventRenderer {
 public:
  virtual ~EventRenderer() = default;
  // The first bytes of each stream. `id`: the reader has all events up to it.
  virtual void Begin(std::optional<int64_t> id, std::string& out) const = 0;
  virtual void Append(const Event& event, std::string& out) const = 0;
  virtual void Gap(const EventGap& gap, std::string& out) const = 0;
  // A sign of life. `id` as above, if it is greater than all that were sent.
  virtual void KeepAlive(std::optional<int64_t> id, std::string& out) const = 0;
};

// Thread-safe, unless stated otherwise. A reader is a place in the ring; one
// that is behind the ring is in the queue of those that need rows of the log.
class EventRing {
 public:
  // The place of a reader. Its fields belong to the ring.
  struct Reader {
    EventFilter filter;
    int64_t position = 0;     // All up to this id is read, or is in `piece`.
    int64_t told = 0;         // The last id that the client got.
    int64_t gap_through = 0;  // Gaps up to this id are known to the client.
    std::string piece;        // Bytes to read before the events of the ring.
    bool is_queued = false;
    bool is_gone = false;
    bool is_waiting = false;
    bool is_quiet = false;    // Got nothing since the last KeepAlive().
    bool needs_sign = false;  // Of life.
    size_t place = 0;         // In readers_.
    std::shared_ptr<const std::function<void()>> wake;
  };
  using ReaderPointer = std::shared_ptr<Reader>;

  // Keeps the last events of `max_bytes`, at least one. `need_rows` is called
  // with the ring's lock when a reader joins the queue; it must be quick and
  // not call the ring.
  EventRing(std::shared_ptr<const EventRenderer> renderer, size_t max_bytes,
            std::function<void()> need_rows)
      : renderer_(std::move(renderer)),
        max_bytes_(max_bytes),
        need_rows_(std::move(need_rows)) {}

  // The id of the newest event that was published.
  int64_t end() const;
  int readers() const;

  // Appends the events with ids in (end(), new_end]. Wakes the readers that
  // they concern. Calls of Publish() and Jump() do not overlap.
  void Publish(const std::vector<Event>& events, int64_t new_end);
  // Forgets all events and goes on after `new_end`; the readers need rows.
  void Jump(int64_t new_end);

  // Takes up to `count` readers from the queue.
  std::vector<ReaderPointer> TakeQueued(size_t count);
  // What a queued reader needs: the filter and the position.
  std::pair<EventFilter, int64_t> Wanted(const Reader& reader) const;
  // Gives a reader that was taken from the queue the rows after its position,
  // about `max_bytes` of them. Queues it again if none of them is for it and
  // more follow.
  void Give(const ReaderPointer& reader, const EventRun& run, size_t max_bytes);
  // Puts a reader back that could not be given its rows.
  void Requeue(const ReaderPointer& reader);

  void KeepAlive();
  // Ends all streams, and calls `need_rows` no more.
  void Close();

  void Add(const ReaderPointer& reader);
  void Remove(Reader& reader);
  void SetWake(Reader& reader, std::function<void()> wake);
  // As EventFollower::Read().
  bool Read(const ReaderPointer& reader, size_t max_bytes, std::string& out);

  const EventRenderer& renderer() const { return *renderer_; }

 private:
  struct Slot {
    Event event;
    std::string bytes;
  };
  using Wakes = std::vector<std::shared_ptr<const std::function<void()>>>;

  // The place of the first event in the ring with an id above `id`.
  size_t FirstAfter(int64_t id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Queue(const ReaderPointer& reader) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const EventRenderer> renderer_;
  const size_t max_bytes_;

  mutable absl::Mutex mutex_;
  std::function<void()> need_rows_ ABSL_GUARDED_BY(mutex_);
  // All events with an id in (begin_, end_].
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  int64_t begin_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t end_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Reader*> readers_ ABSL_GUARDED_BY(mutex_);
  std::deque<ReaderPointer> queue_ ABSL_GUARDED_BY(mutex_);
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_RING_H_
