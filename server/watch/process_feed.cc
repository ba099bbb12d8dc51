#include "server/watch/process_feed.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/body_stream.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "platform/process_lister.h"
#include "server/watch/difference_broadcast.h"
#include "server/watch/process_watch.h"

namespace tallyman::server {
namespace {

using base::EventLoop;

class ProcessStream final : public api::BodyStream {
 public:
  explicit ProcessStream(std::shared_ptr<DifferenceBroadcast> broadcast)
      : broadcast_(std::move(broadcast)) {
    broadcast_->Add(reader_);
  }
  ~ProcessStream() override { broadcast_->Remove(reader_); }
  ProcessStream(const ProcessStream&) = delete;
  ProcessStream& operator=(const ProcessStream&) = delete;

  void Start(std::function<void()> wake) override {
    broadcast_->SetWake(reader_, std::move(wake));
  }
  State Read(size_t max_bytes, std::string& out) override {
    return broadcast_->Read(reader_, max_bytes, out) ? State::kOpen
                                                     : State::kEnd;
  }

 private:
  const std::shared_ptr<DifferenceBroadcast> broadcast_;
  DifferenceBroadcast::Reader reader_;
};

// A watch, and when it is to scan.
struct ScheduledWatch {
  // The first scan is due at once.
  ScheduledWatch(const api::ProcessListQuery& query,
                 const api::ProcessFormat& format, absl::Duration interval,
                 const std::shared_ptr<DifferenceBroadcast>& broadcast)
      : broadcast(broadcast),
        watch(query, format, broadcast),
        interval(interval),
        due(EventLoop::Now()) {}

  const std::shared_ptr<DifferenceBroadcast> broadcast;
  // The following are used by the thread only.
  ProcessWatch watch;
  const absl::Duration interval;
  absl::Duration due;             // A time of EventLoop::Now().
  EventLoop::Registration timer;  // Active until it is due.
  bool is_failing = false;
};

class ThreadFeed final : public ProcessFeed {
 public:
  ThreadFeed(List list, const api::ProcessFormat& format, Options options,
             std::unique_ptr<EventLoop> loop)
      : list_(std::move(list)),
        format_(format),
        options_(std::move(options)),
        loop_(std::move(loop)) {
    thread_.emplace(*loop_, [this] { AfterRound(); });
  }
  ~ThreadFeed() override {
    is_closing_.store(true);
    thread_.reset();
    for (const auto& broadcast : Broadcasts()) broadcast->Close();
  }
  ThreadFeed(const ThreadFeed&) = delete;
  ThreadFeed& operator=(const ThreadFeed&) = delete;

  std::unique_ptr<api::BodyStream> Follow(api::ProcessListQuery query,
                                          absl::Duration interval) override;
  int watches() const override {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(watches_.size());
  }

 private:
  void AfterRound();
  void Scan(ScheduledWatch& scheduled);
  void Schedule(ScheduledWatch& scheduled);
  // Drops the watches without readers; the others.
  std::vector<ScheduledWatch*> DropUnwatched();
  // To call without the lock: wake-ups may take other locks.
  std::vector<std::shared_ptr<DifferenceBroadcast>> Broadcasts() const;

  const List list_;
  const api::ProcessFormat format_;
  const Options options_;
  const std::unique_ptr<EventLoop> loop_;
  std::atomic<bool> is_closing_ = false;
  mutable absl::Mutex mutex_;
  // By interval and query. Only the thread removes watches.
  std::map<std::string, std::unique_ptr<ScheduledWatch>> watches_
      ABSL_GUARDED_BY(mutex_);
  EventLoop::Registration tick_;            // Active while there are watches.
  std::optional<base::LoopThread> thread_;  // Last: it uses all of the above.
};

std::unique_ptr<api::BodyStream> ThreadFeed::Follow(api::ProcessListQuery query,
                                                    absl::Duration interval) {
  const std::string key =
      absl::StrCat(absl::ToInt64Nanoseconds(interval), ";", query.text());
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<ScheduledWatch>& watch = watches_[key];
  if (watch == nullptr) {
    watch = std::make_unique<ScheduledWatch>(
        query, format_, interval,
        std::make_shared<DifferenceBroadcast>(options_.kept_bytes,
                                              [this] { loop_->Wake(); }));
  }
  // With the lock, so that the thread does not drop the watch before.
  return std::make_unique<ProcessStream>(watch->broadcast);
}

std::vector<ScheduledWatch*> ThreadFeed::DropUnwatched() {
  std::vector<ScheduledWatch*> watched;
  absl::MutexLock lock(&mutex_);
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (it->second->broadcast->readers() == 0) {
      it = watches_.erase(it);
    } else {
      watched.push_back((it++)->second.get());
    }
  }
  return watched;
}

void ThreadFeed::AfterRound() {
  const std::vector<ScheduledWatch*> watched = DropUnwatched();
  for (ScheduledWatch* const scheduled : watched) {
    if (is_closing_.load()) return;
    if (!scheduled->timer.active()) {
      Scan(*scheduled);
      Schedule(*scheduled);
    }
    scheduled->watch.GiveSnapshot();
  }
  if (watched.empty()) {
    tick_.reset();
  } else if (!tick_.active()) {
    tick_ = loop_->RunAfter(options_.keep_alive, [this] {
      tick_.reset();
      for (const auto& broadcast : Broadcasts()) broadcast->KeepAlive();
    });
  }
}

void ThreadFeed::Scan(ScheduledWatch& scheduled) {
  std::shared_ptr<const api::ProcessOwners> owners;
  if (scheduled.watch.needs_owners() && options_.owners) {
    owners = options_.owners();
  }
  absl::StatusOr<platform::ProcessSnapshot> snapshot =
      list_(scheduled.watch.QueryOf(owners));
  if (snapshot.ok()) {
    scheduled.is_failing = false;
    scheduled.watch.Update(*std::move(snapshot), std::move(owners));
  } else if (!std::exchange(scheduled.is_failing, true) && options_.on_error) {
    options_.on_error(snapshot.status());
  }
}

void ThreadFeed::Schedule(ScheduledWatch& scheduled) {
  const absl::Duration now = EventLoop::Now();
  scheduled.due += scheduled.interval;
  // Late by more than an interval: rest for one, so that the machine does not
  // do nothing but scan.
  if (scheduled.due < now) scheduled.due = now + scheduled.interval;
  scheduled.timer = loop_->RunAfter(scheduled.due - now,
                                    [&scheduled] { scheduled.timer.reset(); });
}

std::vector<std::shared_ptr<DifferenceBroadcast>> ThreadFeed::Broadcasts()
    const {
  std::vector<std::shared_ptr<DifferenceBroadcast>> broadcasts;
  absl::MutexLock lock(&mutex_);
  broadcasts.reserve(watches_.size());
  for (const auto& [key, scheduled] : watches_) {
    broadcasts.push_back(scheduled->broadcast);
  }
  return broadcasts;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessFeed>> ProcessFeed::Start(
    List list, const api::ProcessFormat& format, Options options) {
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return loop.status();
  return std::make_unique<ThreadFeed>(std::move(list), format,
                                      std::move(options), *std::move(loop));
}

}  // namespace tallyman::server
