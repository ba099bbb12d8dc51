#include "tally/top/source/feed_thread.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/top/model/source_values.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {
namespace {

// What the answer says about the next attempt; zero if it says nothing.
absl::Duration RetryAfter(const absl::Status& status) {
  const std::optional<absl::Cord> payload =
      status.GetPayload(kRetryAfterPayload);
  int64_t seconds = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &seconds)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(std::max<int64_t>(0, seconds));
}

// Another attempt may succeed by itself.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         status.ok();
}

}  // namespace

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    default:
      return 0;
  }
}

FeedThread::FeedThread(Feed feed, MakeApi make_api, TopSource::Post post,
                       Read read)
    : feed_(feed),
      make_api_(std::move(make_api)),
      post_(std::move(post)),
      read_(std::move(read)),
      thread_([this] { Run(); }) {}

FeedThread::~FeedThread() {
  Stop();
  thread_.join();
}

void FeedThread::Stop() {
  const absl::MutexLock lock(&mutex_);
  is_stopped_ = true;
  if (api_ != nullptr) api_->Stop();
}

bool FeedThread::HasEnded() const {
  const absl::MutexLock lock(&mutex_);
  return has_ended_;
}

void FeedThread::RetryNow() {
  const absl::MutexLock lock(&mutex_);
  retries_now_ = true;
}

void FeedThread::Post(SourceUpdate update) {
  const absl::MutexLock lock(&mutex_);
  if (!is_stopped_) post_(std::move(update));
}

void FeedThread::GoLive() {
  wait_ = kFirstWait;
  Post(FeedStatus{.feed = feed_, .state = FeedStatus::State::kLive});
}

void FeedThread::Run() {
  while (Attempt()) {
  }
  const absl::MutexLock lock(&mutex_);
  has_ended_ = true;
}

bool FeedThread::Attempt() {
  Post(FeedStatus{.feed = feed_, .state = FeedStatus::State::kConnecting});
  std::unique_ptr<Api> made = make_api_();
  Api* const api = made.get();
  {
    const absl::MutexLock lock(&mutex_);
    if (is_stopped_) return false;
    api_ = std::move(made);
    retries_now_ = false;
  }
  const absl::Status status = read_(*api, *this);
  FeedStatus ended{.feed = feed_,
                   .state = FeedStatus::State::kRefused,
                   .http_status = HttpStatusOf(status),
                   .message = std::string(status.message())};
  absl::Duration wait = absl::InfiniteDuration();
  if (MayPass(status)) {
    wait = std::max(wait_, RetryAfter(status));
    wait_ = std::min(2 * wait_, kMaxWait);
    ended.state = FeedStatus::State::kWaiting;
    ended.retry_at = absl::Now() + wait;
  }
  Post(std::move(ended));

  const absl::MutexLock lock(&mutex_);
  api_.reset();
  const auto ends_wait = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return is_stopped_ || retries_now_;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&ends_wait), wait);
  return !is_stopped_;
}

}  // namespace tallyman::tally
