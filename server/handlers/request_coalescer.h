// Lets concurrent requests for the same answer share it.

#ifndef TALLYMAN_SERVER_HANDLERS_REQUEST_COALESCER_H_
#define TALLYMAN_SERVER_HANDLERS_REQUEST_COALESCER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/node_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// Makes answers in rounds, one round at a time for each key. A round serves all
// requests that came before it began, so no answer is older than its request.
// Thread-safe.
class RequestCoalescer {
 public:
  using Answer = absl::StatusOr<std::shared_ptr<const std::string>>;

  RequestCoalescer() = default;
  RequestCoalescer(const RequestCoalescer&) = delete;
  RequestCoalescer& operator=(const RequestCoalescer&) = delete;

  // Returns the result of a `make` that was called after this call began: the
  // one of this call, or one of another thread with the same `key`. So all
  // callers with the same key must pass equivalent functions. Blocks.
  Answer Get(std::string_view key,
             absl::FunctionRef<absl::StatusOr<std::string>()> make)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Round {
    bool done = false;
    Answer answer;  // Immutable once `done` is true.
    absl::CondVar done_changed;
  };
  struct Topic {
    std::shared_ptr<Round> running;
    std::shared_ptr<Round> next;
  };

  void Finish(std::string_view key, absl::StatusOr<std::string> made,
              Topic& topic) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  // By key; only keys with a round that runs or waits.
  absl::node_hash_map<std::string, Topic> topics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_REQUEST_COALESCER_H_
