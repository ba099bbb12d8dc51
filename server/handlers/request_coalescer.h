// Lets requests that ask the same at the same time share one answer.

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

// Answers are made in rounds, one at a time for each key. A round answers all
// that came before it began, so nobody gets an answer that is older than the
// question. Thread-safe.
class RequestCoalescer {
 public:
  using Answer = absl::StatusOr<std::shared_ptr<const std::string>>;

  RequestCoalescer() = default;
  RequestCoalescer(const RequestCoalescer&) = delete;
  RequestCoalescer& operator=(const RequestCoalescer&) = delete;

  // What `make` returned, which was called after this call began: here, or by
  // another thread that has the same key. `make` has to return the same
  // whichever of these threads it comes from.
  Answer Get(std::string_view key,
             absl::FunctionRef<absl::StatusOr<std::string>()> make)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Round {
    bool done = false;
    Answer answer;  // Does not change once it is done.
    absl::CondVar done_changed;
  };
  struct Topic {
    std::shared_ptr<Round> running;
    std::shared_ptr<Round> next;
  };

  void Finish(std::string_view key, absl::StatusOr<std::string> made,
              Topic& topic) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  // Only those with a round that runs or waits.
  absl::node_hash_map<std::string, Topic> topics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_REQUEST_COALESCER_H_
