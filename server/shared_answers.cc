#include "server/shared_answers.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::server {
namespace {

// The part of a round's time that the next one waits for a crowd: an eighth.
constexpr int kPatience = 8;

}  // namespace

SharedAnswers::Answer SharedAnswers::Get(
    std::string_view key,
    absl::FunctionRef<absl::StatusOr<std::string>()> make) {
  absl::ReleasableMutexLock lock(&mutex_);
  Topic& topic = topics_[key];
  if (topic.next != nullptr) {
    const std::shared_ptr<Round> round = topic.next;
    ++round->members;
    round->changed.SignalAll();
    while (!round->done) round->changed.Wait(&mutex_);
    return round->answer;
  }
  const auto round = std::make_shared<Round>();
  topic.next = round;
  WaitForTurn(key, topic, *round);
  topic.running = std::exchange(topic.next, nullptr);
  lock.Release();

  {
    // Whatever happens, the others must not wait for ever.
    absl::StatusOr<std::string> made =
        absl::InternalError("the answer could not be made");
    const Clock::time_point begin = Clock::now();
    const auto finish = absl::MakeCleanup(
        [&] { Finish(key, std::move(made), Clock::now() - begin, topic); });
    made = make();
  }
  return round->answer;
}

void SharedAnswers::Finish(std::string_view key,
                           absl::StatusOr<std::string> made,
                           Clock::duration took, Topic& topic) {
  const absl::MutexLock lock(&mutex_);
  Round& round = *topic.running;
  if (made.ok()) {
    round.answer = std::make_shared<const std::string>(*std::move(made));
  } else {
    round.answer = made.status();
  }
  round.done = true;
  round.changed.SignalAll();
  if (round.members > 1) {
    crowd_ = {.key = std::string(key),
              .members = round.members,
              .took = took,
              .ended = Clock::now()};
  } else if (crowd_.key == key) {
    crowd_.members = 0;
  }
  topic.running.reset();
  if (topic.next == nullptr) topics_.erase(key);
}

void SharedAnswers::WaitForTurn(std::string_view key, const Topic& topic,
                                Round& round) {
  while (topic.running != nullptr) {
    // It lives as long as it has to be waited for.
    const std::shared_ptr<Round> running = topic.running;
    running->changed.Wait(&mutex_);
  }
  if (crowd_.key != key) return;
  const Clock::time_point deadline = crowd_.ended + crowd_.took / kPatience;
  while (round.members < crowd_.members) {
    const Clock::duration left = deadline - Clock::now();
    if (left <= Clock::duration::zero() ||
        round.changed.WaitWithTimeout(&mutex_, absl::FromChrono(left))) {
      return;
    }
  }
}

}  // namespace tallyman::server
