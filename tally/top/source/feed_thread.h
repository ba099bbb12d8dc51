// A stream that is read by a thread of its own, and connected again.

#ifndef TALLYMAN_TALLY_TOP_SOURCE_FEED_THREAD_H_
#define TALLYMAN_TALLY_TOP_SOURCE_FEED_THREAD_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/top/model/source_values.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {

// The status of HTTP that an error of Api came from; 0: there was no answer, or
// it was one that may pass.
int HttpStatusOf(const absl::Status& status);

// Thread-safe, except for the destructor.
class FeedThread {
 public:
  // A new connection; called by the thread.
  using MakeApi = std::function<std::unique_ptr<Api>()>;
  // Reads until the stream ends, calls GoLive() and Post() of `feed`.
  using Read = std::function<absl::Status(Api& api, FeedThread& feed)>;

  static constexpr absl::Duration kFirstWait = absl::Seconds(1);
  static constexpr absl::Duration kMaxWait = absl::Seconds(15);

  // Posts the states of the feed.
  FeedThread(Feed feed, MakeApi make_api, TopSource::Post post, Read read);
  // Stops, and waits for the thread.
  ~FeedThread();
  FeedThread(const FeedThread&) = delete;
  FeedThread& operator=(const FeedThread&) = delete;

  // Posts nothing from now on, and ends the request under way. Does not wait.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  // The thread has come to its end: the destructor does not wait.
  bool HasEnded() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the wait for the next attempt.
  void RetryNow() ABSL_LOCKS_EXCLUDED(mutex_);
  // For `read`: the stream has begun.
  void GoLive() ABSL_LOCKS_EXCLUDED(mutex_);
  // Posts, unless the feed has been stopped.
  void Post(SourceUpdate update) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // False if it has been stopped.
  bool Attempt() ABSL_LOCKS_EXCLUDED(mutex_);

  const Feed feed_;
  const MakeApi make_api_;
  const TopSource::Post post_;
  const Read read_;
  absl::Duration wait_ = kFirstWait;  // Of the thread.

  mutable absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool retries_now_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Api> api_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_SOURCE_FEED_THREAD_H_
