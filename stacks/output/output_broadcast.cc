#include "stacks/output/output_broadcast.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/synchronization/mutex.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {
namespace {

// What an event takes besides its bytes, about.
constexpr size_t kEventBytes = 64;

}  // namespace

int64_t OutputBroadcast::begin() const {
  absl::MutexLock lock(&mutex_);
  return begin_;
}

int64_t OutputBroadcast::end() const {
  absl::MutexLock lock(&mutex_);
  return begin_ + static_cast<int64_t>(ring_.size());
}

int OutputBroadcast::followers() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(followers_.size());
}

void OutputBroadcast::Publish(std::vector<Event> events) {
  if (events.empty()) return;
  std::vector<int64_t> instances;
  instances.reserve(events.size());
  for (const Event& event : events) {
    if (instances.empty() || instances.back() != event.instance) {
      instances.push_back(event.instance);
    }
  }
  std::sort(instances.begin(), instances.end());
  // Called without the lock: a wake-up may take a lock under which Read() is
  // called.
  std::vector<Wake> wakes;
  {
    absl::MutexLock lock(&mutex_);
    for (Event& event : events) {
      bytes_ += event.bytes.size() + kEventBytes;
      const int64_t index = counts_[event.instance].published++;
      ring_.push_back({.event = std::move(event), .index = index});
    }
    Evict();
    wakes.reserve(followers_.size());
    for (Subscription* const follower : followers_) {
      if (!follower->is_waiting) continue;
      if (follower->instance != 0 &&
          !std::binary_search(instances.begin(), instances.end(),
                              follower->instance)) {
        continue;
      }
      follower->is_waiting = false;
      wakes.push_back(follower->wake);
    }
  }
  for (const Wake& wake : wakes) (*wake)();
}

void OutputBroadcast::Evict() {
  while (bytes_ > max_bytes_ && ring_.size() > 1) {
    const Event& event = ring_.front().event;
    bytes_ -= event.bytes.size() + kEventBytes;
    ++counts_[event.instance].evicted;
    ring_.pop_front();
    ++begin_;
  }
}

void OutputBroadcast::Close(Reason reason) {
  std::vector<Wake> wakes;
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_) closed_ = reason;
    for (Subscription* const follower : followers_) {
      if (!std::exchange(follower->is_waiting, false)) continue;
      wakes.push_back(follower->wake);
    }
  }
  for (const Wake& wake : wakes) (*wake)();
}

void OutputBroadcast::KeepAlive() {
  std::vector<Wake> wakes;
  {
    absl::MutexLock lock(&mutex_);
    for (Subscription* const follower : followers_) {
      if (!std::exchange(follower->is_quiet, true)) continue;
      follower->needs_sign = true;
      if (!std::exchange(follower->is_waiting, false)) continue;
      wakes.push_back(follower->wake);
    }
  }
  for (const Wake& wake : wakes) (*wake)();
}

std::unique_ptr<OutputFollower> OutputBroadcast::Subscribe(int64_t instance,
                                                           int64_t begin) {
  auto follower = absl::WrapUnique(new OutputFollower(shared_from_this()));
  Subscription& subscription = follower->subscription_;
  absl::MutexLock lock(&mutex_);
  subscription.instance = instance;
  subscription.next = begin;
  if (instance != 0) {
    // The first event of the instance that is not before `begin`.
    subscription.next_index = counts_[instance].published;
    for (size_t i = ring_.size(); i-- > 0;) {
      if (begin_ + static_cast<int64_t>(i) < begin) break;
      if (ring_[i].event.instance != instance) continue;
      subscription.next_index = ring_[i].index;
    }
  }
  subscription.place = followers_.size();
  followers_.push_back(&subscription);
  return follower;
}

void OutputBroadcast::Unsubscribe(const Subscription& subscription) {
  absl::MutexLock lock(&mutex_);
  Subscription* const last = followers_.back();
  last->place = subscription.place;
  followers_[subscription.place] = last;
  followers_.pop_back();
}

int64_t OutputBroadcast::CatchUp(Subscription& subscription) {
  if (subscription.next >= begin_) return 0;
  int64_t lost = begin_ - subscription.next;
  subscription.next = begin_;
  if (subscription.instance != 0) {
    const int64_t evicted = counts_[subscription.instance].evicted;
    lost = std::max<int64_t>(0, evicted - subscription.next_index);
    subscription.next_index += lost;
  }
  return lost;
}

void OutputBroadcast::PassOver(Subscription& subscription) {
  absl::MutexLock lock(&mutex_);
  subscription.is_quiet = subscription.is_quiet || subscription.was_quiet;
  subscription.needs_sign = subscription.needs_sign || subscription.needed_sign;
}

bool OutputBroadcast::Read(Subscription& subscription, size_t max_bytes,
                           std::string& out) {
  const size_t before = out.size();
  absl::MutexLock lock(&mutex_);
  subscription.was_quiet = subscription.is_quiet;
  subscription.needed_sign = subscription.needs_sign;
  if (const int64_t lost = CatchUp(subscription); lost > 0) {
    renderer_->Gap({.reason = OutputGap::Reason::kSlow,
                    .instance = subscription.instance,
                    .lines = lost},
                   out);
  }
  auto i = static_cast<size_t>(subscription.next - begin_);
  for (; i < ring_.size() && out.size() - before < max_bytes; ++i) {
    const Slot& slot = ring_[i];
    if (subscription.instance != 0) {
      if (slot.event.instance != subscription.instance) continue;
      subscription.next_index = slot.index + 1;
    }
    out += slot.event.bytes;
  }
  subscription.next = begin_ + static_cast<int64_t>(i);
  if (out.size() > before) {
    subscription.is_quiet = false;
    subscription.needs_sign = false;
    return true;
  }
  if (closed_) {
    if (*closed_ == Reason::kRemoved) renderer_->End(out);
    return false;
  }
  if (std::exchange(subscription.needs_sign, false)) {
    renderer_->KeepAlive(out);
    return true;
  }
  subscription.is_waiting = true;
  return true;
}

void OutputFollower::Start(std::function<void()> wake) {
  absl::MutexLock lock(&broadcast_->mutex_);
  subscription_.wake =
      std::make_shared<const std::function<void()>>(std::move(wake));
}

bool OutputFollower::Read(size_t max_bytes, std::string& out) {
  const size_t before = out.size();
  while (!backlog_.empty() && out.size() - before < max_bytes) {
    out += backlog_.front();
    backlog_.pop_front();
  }
  if (out.size() > before) return true;
  return broadcast_->Read(subscription_, max_bytes, out);
}

}  // namespace tallyman::stacks
