#include "stacks/registry/event_ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/synchronization/mutex.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"

namespace tallyman::stacks {
namespace {

// What an event takes besides its rendered bytes, about: it is there twice.
constexpr size_t kEventBytes = 512;

}  // namespace

int64_t EventRing::end() const {
  absl::MutexLock lock(&mutex_);
  return end_;
}

int EventRing::readers() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(readers_.size());
}

void EventRing::Publish(const std::vector<Event>& events, int64_t new_end) {
  std::vector<Slot> slots;
  slots.reserve(events.size());
  for (const Event& event : events) {
    slots.push_back({.event = event, .bytes = {}});
    renderer_->Append(event, slots.back().bytes);
  }
  // Called without the lock: a wake-up may take a lock under which Read() is
  // called.
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    wakes.reserve(readers_.size());
    for (Reader* const reader : readers_) {
      if (!reader->is_waiting) continue;
      if (absl::c_any_of(events, [&](const Event& event) {
            return event.id > reader->position && reader->filter.Matches(event);
          })) {
        reader->is_waiting = false;
        wakes.push_back(reader->wake);
      } else if (reader->position == end_) {
        // Else it would fall off the ring for events that are not for it.
        reader->position = new_end;
      }
    }
    for (Slot& slot : slots) {
      bytes_ += slot.bytes.size() + kEventBytes;
      slots_.push_back(std::move(slot));
    }
    end_ = new_end;
    while (bytes_ > max_bytes_ && slots_.size() > 1) {
      bytes_ -= slots_.front().bytes.size() + kEventBytes;
      begin_ = slots_.front().event.id;
      slots_.pop_front();
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

void EventRing::Jump(int64_t new_end) {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    slots_.clear();
    bytes_ = 0;
    begin_ = new_end;
    end_ = new_end;
    for (Reader* const reader : readers_) {
      if (reader->position >= new_end || !reader->is_waiting) continue;
      reader->is_waiting = false;
      wakes.push_back(reader->wake);
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

std::vector<EventRing::ReaderPointer> EventRing::TakeQueued(size_t count) {
  std::vector<ReaderPointer> taken;
  absl::MutexLock lock(&mutex_);
  while (!queue_.empty() && taken.size() < count) {
    if (!queue_.front()->is_gone) taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

std::pair<EventFilter, int64_t> EventRing::Wanted(const Reader& reader) const {
  absl::MutexLock lock(&mutex_);
  return {reader.filter, reader.position};
}

void EventRing::Give(const ReaderPointer& reader, const EventRun& run,
                     size_t max_bytes) {
  std::shared_ptr<const std::function<void()>> wake;
  {
    absl::MutexLock lock(&mutex_);
    if (const int64_t known = std::max(reader->position, reader->gap_through);
        run.removed_id > known) {
      renderer_->Gap({.from = known + 1, .to = run.removed_id}, reader->piece);
      reader->gap_through = run.removed_id;
    }
    reader->position = run.end;
    for (size_t i = 0; i < run.events.size(); ++i) {
      if (i > 0 && reader->piece.size() >= max_bytes) {
        reader->position = run.events[i - 1].id;
        break;
      }
      renderer_->Append(run.events[i], reader->piece);
      reader->told = run.events[i].id;
    }
    if (reader->piece.empty() && reader->position < begin_) {
      Queue(reader);
      return;
    }
    reader->is_queued = false;
    if (std::exchange(reader->is_waiting, false)) wake = reader->wake;
  }
  if (wake != nullptr) (*wake)();
}

void EventRing::Requeue(const ReaderPointer& reader) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(reader);
}

void EventRing::Queue(const ReaderPointer& reader) {
  reader->is_queued = true;
  queue_.push_back(reader);
  if (need_rows_) need_rows_();
}

void EventRing::KeepAlive() {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    for (Reader* const reader : readers_) {
      if (!std::exchange(reader->is_quiet, true)) continue;
      reader->needs_sign = true;
      if (!std::exchange(reader->is_waiting, false)) continue;
      wakes.push_back(reader->wake);
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

void EventRing::Close() {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    is_closed_ = true;
    need_rows_ = nullptr;
    queue_.clear();
    for (Reader* const reader : readers_) {
      if (!std::exchange(reader->is_waiting, false)) continue;
      wakes.push_back(reader->wake);
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

void EventRing::Add(const ReaderPointer& reader) {
  absl::MutexLock lock(&mutex_);
  reader->place = readers_.size();
  readers_.push_back(reader.get());
}

void EventRing::Remove(Reader& reader) {
  absl::MutexLock lock(&mutex_);
  reader.is_gone = true;
  Reader* const last = readers_.back();
  last->place = reader.place;
  readers_[reader.place] = last;
  readers_.pop_back();
}

void EventRing::SetWake(Reader& reader, std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  reader.wake = std::make_shared<const std::function<void()>>(std::move(wake));
}

size_t EventRing::FirstAfter(int64_t id) const {
  const auto first =
      std::partition_point(slots_.begin(), slots_.end(),
                           [id](const Slot& s) { return s.event.id <= id; });
  return static_cast<size_t>(first - slots_.begin());
}

bool EventRing::Read(const ReaderPointer& reader, size_t max_bytes,
                     std::string& out) {
  const size_t before = out.size();
  absl::MutexLock lock(&mutex_);
  if (is_closed_) return false;
  out += std::exchange(reader->piece, {});
  const bool is_behind = reader->position < begin_;
  if (is_behind) {
    // Also while the client takes these bytes.
    if (!reader->is_queued) Queue(reader);
  } else if (!reader->is_queued) {
    size_t i = FirstAfter(reader->position);
    for (; i < slots_.size() && out.size() - before < max_bytes; ++i) {
      const Slot& slot = slots_[i];
      reader->position = slot.event.id;
      if (!reader->filter.Matches(slot.event)) continue;
      out += slot.bytes;
      reader->told = slot.event.id;
    }
    if (i == slots_.size()) reader->position = std::max(reader->position, end_);
  }
  if (out.size() > before) {
    reader->is_quiet = false;
    reader->needs_sign = false;
    return true;
  }
  if (std::exchange(reader->needs_sign, false)) {
    std::optional<int64_t> id;
    if (!is_behind && reader->position > reader->told) {
      id = reader->position;
      reader->told = reader->position;
    }
    renderer_->KeepAlive(id, out);
    return true;
  }
  reader->is_waiting = true;
  return true;
}

}  // namespace tallyman::stacks
