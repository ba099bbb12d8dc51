// Lets requests that ask the same at the same time share one answer.

#ifndef TALLYMAN_SERVER_SHARED_ANSWERS_H_
#define TALLYMAN_SERVER_SHARED_ANSWERS_H_

#include <chrono>
#include <cstddef>
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
class SharedAnswers {
 public:
  using Answer = absl::StatusOr<std::shared_ptr<const std::string>>;

  SharedAnswers() = default;
  SharedAnswers(const SharedAnswers&) = delete;
  SharedAnswers& operator=(const SharedAnswers&) = delete;

  // What `make` returned, which was called after this call began: here, or by
  // another thread that has the same key. `make` has to return the same
  // whichever of these threads it comes from.
  //
  // Where the last round answered several, the next one waits for as many for a
  // little of the time that a round takes: they are just reading the last
  // answer, and would otherwise miss it.
  Answer Get(std::string_view key,
             absl::FunctionRef<absl::StatusOr<std::string>()> make)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  struct Round {
    size_t members = 1;
    bool done = false;
    Answer answer;          // Does not change once it is done.
    absl::CondVar changed;  // Somebody joined, or it is done.
  };
  struct Topic {
    std::shared_ptr<Round> running;
    std::shared_ptr<Round> next;
  };
  // The last round that answered several.
  struct Crowd {
    std::string key;
    size_t members = 0;
    Clock::duration took{};
    Clock::time_point ended;
  };

  // Returns when `round`, the next one of `topic`, may begin.
  void WaitForTurn(std::string_view key, const Topic& topic, Round& round)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Finish(std::string_view key, absl::StatusOr<std::string> made,
              Clock::duration took, Topic& topic) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  // Only those with a round that runs or waits.
  absl::node_hash_map<std::string, Topic> topics_ ABSL_GUARDED_BY(mutex_);
  Crowd crowd_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_SHARED_ANSWERS_H_
