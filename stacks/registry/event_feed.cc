#include "stacks/registry/event_feed.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/event_ring.h"

namespace tallyman::stacks {
namespace {

// Rows that are read at once for the ring, and for a follower.
constexpr int64_t kTailRows = 1024;
constexpr int64_t kPieceRows = 64;
// The ring does not read what it has missed if that is more.
constexpr int64_t kMaxTailRows = 8 * kTailRows;
// Followers that get a piece before new events are read again.
constexpr size_t kPiecesPerRound = 16;
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

class LogFeed final : public EventFeed {
 public:
  LogFeed(EventLog& log, std::shared_ptr<const EventRenderer> renderer,
          Options options, std::unique_ptr<base::EventLoop> loop,
          int64_t last_id)
      : log_(log),
        options_(std::move(options)),
        loop_(std::move(loop)),
        ring_(std::make_shared<EventRing>(std::move(renderer),
                                          options_.ring_bytes,
                                          [this] { loop_->Wake(); })) {
    ring_->Jump(last_id);
    listener_ = log_.AddListener([this] {
      if (ring_->readers() > 0) OnAppend();
    });
    thread_.emplace(*loop_, [this] { AfterRound(); });
  }
  ~LogFeed() override {
    log_.RemoveListener(listener_);
    ring_->Close();
  }
  LogFeed(const LogFeed&) = delete;
  LogFeed& operator=(const LogFeed&) = delete;

  absl::StatusOr<std::unique_ptr<EventFollower>> Follow(
      EventFilter filter, const EventStart& start) override;

 private:
  void OnAppend() {
    must_read_.store(true);
    loop_->Wake();
  }
  void AfterRound();
  absl::Status ReadTail();
  absl::Status ReadPieces();
  void Pause(absl::Duration delay, base::EventLoop::Registration& timer,
             bool& flag);

  EventLog& log_;
  int64_t listener_ = 0;
  const Options options_;
  const std::unique_ptr<base::EventLoop> loop_;
  const std::shared_ptr<EventRing> ring_;
  std::atomic<bool> must_read_ = false;
  // The following are used by the thread only.
  bool is_resting_ = false;
  bool is_failing_ = false;  // Until the next try.
  base::EventLoop::Registration rest_;
  base::EventLoop::Registration retry_;
  base::EventLoop::Registration tick_;      // Active while there are followers.
  std::optional<base::LoopThread> thread_;  // Last: it uses all of the above.
};

absl::StatusOr<std::unique_ptr<EventFollower>> LogFeed::Follow(
    EventFilter filter, const EventStart& start) {
  absl::StatusOr<EventRun> state = log_.ReadAfter(filter, 0, 0);
  if (!state.ok()) return state.status();
  auto reader = std::make_shared<EventRing::Reader>();
  std::optional<int64_t> id;
  bool is_unknown = start.from == EventStart::From::kUnknown;
  switch (start.from) {
    case EventStart::From::kOldest:
      reader->gap_through = state->removed_id;
      break;
    case EventStart::From::kAfter:
      reader->position = start.after;
      // Such as an id of a log that was replaced.
      is_unknown = start.after > state->last_id;
      break;
    case EventStart::From::kNow:
    case EventStart::From::kUnknown:
      id = state->last_id;
      break;
  }
  if (is_unknown) id = state->last_id;
  if (id) reader->position = *id;
  reader->told = reader->position;
  reader->filter = std::move(filter);
  ring_->renderer().Begin(id, reader->piece);
  if (is_unknown && state->last_id > 0) {
    ring_->renderer().Gap(
        {.reason = EventGap::Reason::kUnknown, .from = 1, .to = state->last_id},
        reader->piece);
  }
  auto follower = std::make_unique<EventFollower>(ring_, std::move(reader));
  // The ring may not have heard of the last events: nobody needed them.
  OnAppend();
  return follower;
}

void LogFeed::Pause(absl::Duration delay, base::EventLoop::Registration& timer,
                    bool& flag) {
  flag = true;
  timer = loop_->RunAfter(delay, [&flag] { flag = false; });
}

void LogFeed::AfterRound() {
  if (ring_->readers() > 0 && !tick_.active()) {
    tick_ = loop_->RunAfter(options_.keep_alive, [this] {
      tick_.reset();
      ring_->KeepAlive();
    });
  }
  if (is_failing_) return;
  absl::Status read = absl::OkStatus();
  if (!is_resting_ && must_read_.exchange(false)) {
    read = ReadTail();
    if (!read.ok()) must_read_.store(true);
    if (options_.interval > absl::ZeroDuration()) {
      Pause(options_.interval, rest_, is_resting_);
    }
  }
  if (read.ok()) read = ReadPieces();
  if (read.ok()) return;
  if (options_.on_error) options_.on_error(read);
  Pause(kRetryDelay, retry_, is_failing_);
}

absl::Status LogFeed::ReadTail() {
  // The last append may not be committed yet.
  if (absl::Status committed = log_.AwaitCommit(); !committed.ok()) {
    return committed;
  }
  while (true) {
    const int64_t end = ring_->end();
    absl::StatusOr<EventRun> run = log_.ReadAfter({}, end, kTailRows);
    if (!run.ok()) return run.status();
    if (run->last_id <= end) return absl::OkStatus();
    if (run->removed_id > end || run->last_id - end > kMaxTailRows) {
      ring_->Jump(run->last_id);
      return absl::OkStatus();
    }
    ring_->Publish(run->events, run->end);
    if (run->end >= run->last_id) return absl::OkStatus();
  }
}

absl::Status LogFeed::ReadPieces() {
  const auto readers = ring_->TakeQueued(kPiecesPerRound);
  absl::Status failure = absl::OkStatus();
  for (const EventRing::ReaderPointer& reader : readers) {
    if (!failure.ok()) {
      ring_->Requeue(reader);
      continue;
    }
    const auto [filter, position] = ring_->Wanted(*reader);
    const absl::StatusOr<EventRun> run =
        log_.ReadAfter(filter, position, kPieceRows);
    if (!run.ok()) {
      failure = run.status();
      ring_->Requeue(reader);
      continue;
    }
    ring_->Give(reader, *run, options_.piece_bytes);
  }
  // There may be more of them.
  if (readers.size() == kPiecesPerRound) loop_->Wake();
  return failure;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventFeed>> EventFeed::Start(
    EventLog& log, std::shared_ptr<const EventRenderer> renderer,
    Options options) {
  absl::StatusOr<std::unique_ptr<base::EventLoop>> loop =
      base::EventLoop::Create();
  if (!loop.ok()) return loop.status();
  const absl::StatusOr<EventRun> state = log.ReadAfter({}, 0, 0);
  if (!state.ok()) return state.status();
  return std::make_unique<LogFeed>(log, std::move(renderer), std::move(options),
                                   *std::move(loop), state->last_id);
}

}  // namespace tallyman::stacks
