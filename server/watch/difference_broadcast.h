// Sends the differences of one list to many readers, each at its own pace. A
// reader that is behind the differences that are kept gets a snapshot of the
// list instead of them.

#ifndef TALLYMAN_SERVER_WATCH_DIFFERENCE_BROADCAST_H_
#define TALLYMAN_SERVER_WATCH_DIFFERENCE_BROADCAST_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// The list has a version, which each difference increases by one. Thread-safe,
// unless stated otherwise.
class DifferenceBroadcast {
 public:
  // Immutable bytes, which the readers that are sending them share.
  using Bytes = std::shared_ptr<const std::string>;

  // The place of a reader. Its fields belong to the broadcast. It holds at most
  // one snapshot or difference.
  struct Reader {
    Bytes bytes;  // To read before all others; null if there are none.
    size_t offset = 0;
    uint64_t next = 0;  // The next difference: the version that it begins at.
    bool needs_snapshot = true;
    bool is_waiting = false;
    bool is_quiet = false;    // Got nothing since the last KeepAlive().
    bool needs_sign = false;  // Of life.
    size_t place = 0;         // In readers_.
    std::shared_ptr<const std::function<void()>> wake;
  };

  // Keeps the last differences of `max_bytes`, at least one. `notify` is called
  // with the lock when a reader needs a snapshot and when the last reader
  // leaves; it must be quick and not call the broadcast.
  DifferenceBroadcast(size_t max_bytes, std::function<void()> notify)
      : max_bytes_(max_bytes), notify_(std::move(notify)) {}
  DifferenceBroadcast(const DifferenceBroadcast&) = delete;
  DifferenceBroadcast& operator=(const DifferenceBroadcast&) = delete;

  // Appends an event, and wakes the readers that wait for one. Calls of
  // Publish() and GiveSnapshot() do not overlap.
  void Publish(std::string difference);

  // Whether a reader waits for a snapshot.
  bool NeedsSnapshot() const;
  // Gives the event of the current version to all that wait for it.
  void GiveSnapshot(const Bytes& snapshot);

  // Sends a sign of life to the readers that got nothing since the last call.
  void KeepAlive();
  // Ends all streams, and calls `notify` no more.
  void Close();

  uint64_t version() const;
  int readers() const;

  // Begins a stream.
  void Add(Reader& reader);
  void Remove(Reader& reader);
  void SetWake(Reader& reader, std::function<void()> wake);
  // As api::BodyStream::Read(); false: the stream ends. One thread at a time
  // reads for a reader.
  bool Read(Reader& reader, size_t max_bytes, std::string& out);

 private:
  using Wakes = std::vector<std::shared_ptr<const std::function<void()>>>;

  // Takes the next bytes of a reader. False if there are none yet.
  bool TakeNext(Reader& reader) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Notify() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (notify_) notify_();
  }

  const size_t max_bytes_;

  mutable absl::Mutex mutex_;
  std::function<void()> notify_ ABSL_GUARDED_BY(mutex_);
  // The differences that begin at the versions [begin_, version_).
  std::deque<Bytes> differences_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t begin_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Reader*> readers_ ABSL_GUARDED_BY(mutex_);
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WATCH_DIFFERENCE_BROADCAST_H_
