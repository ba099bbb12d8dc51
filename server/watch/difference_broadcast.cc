#include "server/watch/difference_broadcast.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/synchronization/mutex.h"
#include "api/http/server_sent_events.h"

namespace tallyman::server {

// Wake-ups are called without the lock: they may take a lock under which Read()
// is called.

void DifferenceBroadcast::Publish(std::string difference) {
  auto bytes = std::make_shared<const std::string>(std::move(difference));
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    bytes_ += bytes->size();
    differences_.push_back(std::move(bytes));
    ++version_;
    while (bytes_ > max_bytes_ && differences_.size() > 1) {
      bytes_ -= differences_.front()->size();
      differences_.pop_front();
      ++begin_;
    }
    for (Reader* const reader : readers_) {
      if (reader->needs_snapshot || !std::exchange(reader->is_waiting, false)) {
        continue;
      }
      wakes.push_back(reader->wake);
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

bool DifferenceBroadcast::NeedsSnapshot() const {
  absl::MutexLock lock(&mutex_);
  return absl::c_any_of(
      readers_, [](const Reader* reader) { return reader->needs_snapshot; });
}

void DifferenceBroadcast::GiveSnapshot(const Bytes& snapshot) {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    for (Reader* const reader : readers_) {
      if (!std::exchange(reader->needs_snapshot, false)) continue;
      // Never while a reader has bytes left: it asks when it has sent them.
      reader->bytes = snapshot;
      reader->offset = 0;
      reader->next = version_;
      if (std::exchange(reader->is_waiting, false)) {
        wakes.push_back(reader->wake);
      }
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

void DifferenceBroadcast::KeepAlive() {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    for (Reader* const reader : readers_) {
      if (!std::exchange(reader->is_quiet, true)) continue;
      reader->needs_sign = true;
      if (std::exchange(reader->is_waiting, false)) {
        wakes.push_back(reader->wake);
      }
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

void DifferenceBroadcast::Close() {
  Wakes wakes;
  {
    absl::MutexLock lock(&mutex_);
    is_closed_ = true;
    notify_ = nullptr;
    for (Reader* const reader : readers_) {
      if (std::exchange(reader->is_waiting, false)) {
        wakes.push_back(reader->wake);
      }
    }
  }
  for (const auto& wake : wakes) (*wake)();
}

uint64_t DifferenceBroadcast::version() const {
  absl::MutexLock lock(&mutex_);
  return version_;
}

int DifferenceBroadcast::readers() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(readers_.size());
}

void DifferenceBroadcast::Add(Reader& reader) {
  absl::MutexLock lock(&mutex_);
  reader.place = readers_.size();
  readers_.push_back(&reader);
  Notify();
}

void DifferenceBroadcast::Remove(Reader& reader) {
  absl::MutexLock lock(&mutex_);
  Reader* const last = readers_.back();
  last->place = reader.place;
  readers_[reader.place] = last;
  readers_.pop_back();
  if (readers_.empty()) Notify();
}

void DifferenceBroadcast::SetWake(Reader& reader, std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  reader.wake = std::make_shared<const std::function<void()>>(std::move(wake));
}

bool DifferenceBroadcast::TakeNext(Reader& reader) {
  if (reader.needs_snapshot) return false;
  if (reader.next < begin_) {
    reader.needs_snapshot = true;
    Notify();
    return false;
  }
  if (reader.next == version_) return false;
  reader.bytes = differences_[static_cast<size_t>(reader.next - begin_)];
  reader.offset = 0;
  ++reader.next;
  return true;
}

bool DifferenceBroadcast::Read(Reader& reader, size_t max_bytes,
                               std::string& out) {
  const size_t before = out.size();
  absl::MutexLock lock(&mutex_);
  if (is_closed_) return false;
  while (out.size() - before < max_bytes) {
    if (reader.bytes == nullptr && !TakeNext(reader)) break;
    const size_t size = std::min(max_bytes - (out.size() - before),
                                 reader.bytes->size() - reader.offset);
    out.append(*reader.bytes, reader.offset, size);
    reader.offset += size;
    if (reader.offset == reader.bytes->size()) reader.bytes = nullptr;
  }
  if (out.size() > before) {
    reader.is_quiet = false;
    reader.needs_sign = false;
  } else if (std::exchange(reader.needs_sign, false)) {
    api::AppendStreamKeepAlive(std::nullopt, out);
  } else {
    reader.is_waiting = true;
  }
  return true;
}

}  // namespace tallyman::server
