// A bounded ring of rendered events that any number of followers read.
//
//   auto ring = std::make_shared<OutputBroadcast>(renderer, 1 << 20);
//   std::unique_ptr<OutputFollower> follower = ring->Subscribe(0, ring->end());
//   follower->Start([] { ... wake the reader ... });
//   ring->Publish({{.instance = 1, .bytes = "..."}});
//   std::string out;
//   follower->Read(1 << 16, out);

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_BROADCAST_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_BROADCAST_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {

class OutputFollower;

// The events of one process. Thread-safe. A follower costs no memory for
// events: it is a place in the ring. One that is slower than the ring is long
// loses the oldest events, and learns how many.
class OutputBroadcast : public std::enable_shared_from_this<OutputBroadcast> {
 public:
  struct Event {
    int64_t instance = 0;
    std::string bytes;
  };

  // Keeps the last events of `max_bytes` in all, at least one.
  OutputBroadcast(std::shared_ptr<const OutputRenderer> renderer,
                  size_t max_bytes)
      : renderer_(std::move(renderer)), max_bytes_(max_bytes) {}

  // The number of the oldest event that is kept, and of the next event. The
  // first event is 1.
  int64_t begin() const;
  int64_t end() const;

  // Appends events and wakes the followers that wait for them. Calls of
  // Publish() do not overlap.
  void Publish(std::vector<Event> events);

  enum class Reason : uint8_t {
    kRemoved,  // Streams end with OutputRenderer::End().
    kStop,
  };
  // Ends the streams, once their followers have read all events. The first call
  // counts.
  void Close(Reason reason);

  // Lets followers that got nothing since the last call send a sign of life.
  void KeepAlive();

  int followers() const;

  // Reads the events from `begin` on, those of one instance or, if `instance`
  // is 0, of all. The object must be owned by a std::shared_ptr.
  std::unique_ptr<OutputFollower> Subscribe(int64_t instance, int64_t begin);

  const OutputRenderer& renderer() const { return *renderer_; }

 private:
  friend class OutputFollower;
  using Wake = std::shared_ptr<const std::function<void()>>;

  struct Slot {
    Event event;
    int64_t index = 0;  // Among the events of its instance, from 0.
  };
  // Counts the events of one instance.
  struct Counts {
    int64_t published = 0;
    int64_t evicted = 0;
  };
  struct Subscription {
    int64_t instance = 0;
    int64_t next = 0;        // The number of the next event.
    int64_t next_index = 0;  // Of `instance`; unused if that is 0.
    size_t place = 0;        // In followers_.
    bool is_waiting = false;
    bool is_quiet = false;    // Got nothing since the last KeepAlive().
    bool needs_sign = false;  // Of life.
    // The two before the last Read().
    bool was_quiet = false;
    bool needed_sign = false;
    Wake wake;
  };

  void Evict() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unsubscribe(const Subscription& subscription);
  bool Read(Subscription& subscription, size_t max_bytes, std::string& out);
  void PassOver(Subscription& subscription);
  // Moves a subscription that fell off the ring to its beginning; returns how
  // many events it has lost.
  int64_t CatchUp(Subscription& subscription)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const OutputRenderer> renderer_;
  const size_t max_bytes_;

  mutable absl::Mutex mutex_;
  std::deque<Slot> ring_ ABSL_GUARDED_BY(mutex_);
  int64_t begin_ ABSL_GUARDED_BY(mutex_) = 1;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, Counts> counts_ ABSL_GUARDED_BY(mutex_);
  std::optional<Reason> closed_ ABSL_GUARDED_BY(mutex_);
  // Their fields are guarded by mutex_ too.
  std::vector<Subscription*> followers_ ABSL_GUARDED_BY(mutex_);
};

// Reads a stream. One thread at a time uses a follower; it may outlive all but
// the renderer.
class OutputFollower {
 public:
  ~OutputFollower() { broadcast_->Unsubscribe(subscription_); }
  OutputFollower(const OutputFollower&) = delete;
  OutputFollower& operator=(const OutputFollower&) = delete;

  // Bytes to read before the events of the ring.
  void SetBacklog(std::deque<std::string> backlog) {
    backlog_ = std::move(backlog);
  }

  // Calls `wake` when Read() has bytes again, or the end, after it had none.
  // `wake` is thread-safe and must not call the follower. It may be called too
  // often, and after the destruction of the follower. Called once, before
  // Read().
  void Start(std::function<void()> wake);

  // Appends the next events, about `max_bytes` at most; none if there are none
  // yet. False: the stream ends after these bytes. Does not block.
  bool Read(size_t max_bytes, std::string& out);

  // Says that the reader sends nothing of what the last Read() has appended,
  // so that this is no sign of life.
  void PassOver() { broadcast_->PassOver(subscription_); }

 private:
  friend class OutputBroadcast;
  explicit OutputFollower(std::shared_ptr<OutputBroadcast> broadcast)
      : broadcast_(std::move(broadcast)) {}

  const std::shared_ptr<OutputBroadcast> broadcast_;
  std::deque<std::string> backlog_;
  OutputBroadcast::Subscription subscription_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_BROADCAST_H_
