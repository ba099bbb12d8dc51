#include "server/handlers/request_coalescer.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

RequestCoalescer::Answer RequestCoalescer::Get(
    std::string_view key,
    absl::FunctionRef<absl::StatusOr<std::string>()> make) {
  absl::ReleasableMutexLock lock(&mutex_);
  Topic& topic = topics_[key];
  if (topic.next != nullptr) {
    const std::shared_ptr<Round> round = topic.next;
    while (!round->done) round->done_changed.Wait(&mutex_);
    return round->answer;
  }
  const auto round = std::make_shared<Round>();
  topic.next = round;
  while (topic.running != nullptr) {
    // A reference: Finish() drops that of the topic.
    const std::shared_ptr<Round> running = topic.running;
    running->done_changed.Wait(&mutex_);
  }
  topic.running = std::exchange(topic.next, nullptr);
  lock.Release();

  {
    // Finishes even if `make` throws: others wait for this round.
    absl::StatusOr<std::string> made =
        absl::InternalError("the answer could not be made");
    const auto finish =
        absl::MakeCleanup([&] { Finish(key, std::move(made), topic); });
    made = make();
  }
  return round->answer;
}

void RequestCoalescer::Finish(std::string_view key,
                              absl::StatusOr<std::string> made, Topic& topic) {
  const absl::MutexLock lock(&mutex_);
  Round& round = *topic.running;
  if (made.ok()) {
    round.answer = std::make_shared<const std::string>(*std::move(made));
  } else {
    round.answer = made.status();
  }
  round.done = true;
  round.done_changed.SignalAll();
  topic.running.reset();
  if (topic.next == nullptr) topics_.erase(key);
}

}  // namespace tallyman::server
