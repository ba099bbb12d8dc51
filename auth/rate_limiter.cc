#include "auth/rate_limiter.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/clock.h"
#include "auth/count_store.h"
#include "auth/token.h"

namespace tallyman::auth {
namespace {

constexpr int64_t kHourSeconds = 3600;
constexpr int64_t kDaySeconds = 86400;
constexpr int64_t kMaxHalf = std::numeric_limits<uint32_t>::max();

// A window and the number of requests in it.
struct Window {
  int64_t index = 0;
  int64_t count = 0;
};

Window Unpack(uint64_t word) {
  return {.index = static_cast<int64_t>(word >> 32),
          .count = static_cast<int64_t>(word & kMaxHalf)};
}

// Clamps values that do not fit into a half; only a corrupt store has any.
uint64_t Pack(const Window& window) {
  const auto half = [](int64_t value) {
    return static_cast<uint64_t>(std::clamp<int64_t>(value, 0, kMaxHalf));
  };
  return half(window.index) << 32 | half(window.count);
}

int64_t IndexAt(absl::Time now, int64_t seconds) {
  return std::clamp<int64_t>(absl::ToUnixSeconds(now) / seconds, 0,
                             kMaxHalf - 1);
}

// The window to count in at `index`: that of `word` if it is the present or the
// next one (the clock jumped back); else it is past, or the clock was far
// ahead, and an empty window replaces it.
Window WindowAt(uint64_t word, int64_t index) {
  const Window window = Unpack(word);
  if (window.index == index || window.index == index + 1) return window;
  return {.index = index, .count = 0};
}

// Counts one more request if `limit` allows it, and returns whether it does.
// Sets `window` to the window after that.
bool CountOne(std::atomic<uint64_t>& word, int64_t index, int64_t limit,
              Window& window) {
  uint64_t old = word.load();
  while (true) {
    window = WindowAt(old, index);
    if (window.count >= limit) return false;
    ++window.count;
    if (word.compare_exchange_weak(old, Pack(window))) return true;
  }
}

// Undoes the CountOne() that set `window`.
void UncountOne(std::atomic<uint64_t>& word, Window& window) {
  --window.count;
  uint64_t old = word.load();
  while (true) {
    Window now = Unpack(old);
    if (now.index != window.index || now.count == 0) return;
    --now.count;
    if (word.compare_exchange_weak(old, Pack(now))) return;
  }
}

RateDecision Describe(const Window& window, int64_t limit, int64_t seconds) {
  return {.limit = limit,
          .remaining = std::max<int64_t>(limit - window.count, 0),
          .reset = absl::FromUnixSeconds((window.index + 1) * seconds)};
}

}  // namespace

RateLimiter::RateLimiter(CountStore& store, const Clock& clock,
                         const RateLimiterOptions& options)
    : store_(store), clock_(clock), options_(options) {}

absl::StatusOr<std::unique_ptr<RateLimiter>> RateLimiter::Create(
    CountStore& store, const Clock& clock, const RateLimiterOptions& options) {
  absl::StatusOr<std::vector<TokenCounts>> counts = store.LoadCounts();
  if (!counts.ok()) return counts.status();
  auto limiter = absl::WrapUnique(new RateLimiter(store, clock, options));
  for (const TokenCounts& count : *counts) {
    Shard& shard = limiter->ShardOf(count.token_id);
    absl::MutexLock lock(&shard.mutex);
    Counter& counter = shard.counters[count.token_id];
    counter.hour = Pack({.index = count.hour, .count = count.hour_count});
    counter.day = Pack({.index = count.day, .count = count.day_count});
  }
  RateLimiter* const self = limiter.get();
  limiter->writer_.emplace(options.write_interval, [self] {
    const absl::Status status = self->Flush();
    if (!status.ok() && self->options_.on_write_error) {
      self->options_.on_write_error(status);
    }
  });
  return limiter;
}

RateLimiter::~RateLimiter() {
  writer_.reset();
  const absl::Status status = Flush();  // Counts of a failed earlier write.
  if (!status.ok() && options_.on_write_error) options_.on_write_error(status);
}

RateDecision RateLimiter::Admit(const Quota& quota) {
  const absl::Time now = clock_.Now();
  Shard& shard = ShardOf(quota.owner);
  RateDecision decision;
  while (true) {
    {
      // Exclusive only for the first request of an owner and to drop old
      // counters.
      absl::ReaderMutexLock lock(&shard.mutex);
      const auto found = shard.counters.find(quota.owner);
      if (found != shard.counters.end()) {
        decision = Count(found->second, quota, now);
        break;
      }
    }
    absl::MutexLock lock(&shard.mutex);
    shard.counters.try_emplace(quota.owner);
  }
  if (decision.allowed) {
    writer_->Notify();
  } else {
    decision.retry_after = std::max(decision.reset - now, absl::ZeroDuration());
  }
  return decision;
}

RateDecision RateLimiter::Count(Counter& counter, const Quota& quota,
                                absl::Time now) {
  const int64_t hour_index = IndexAt(now, kHourSeconds);
  Window hour;
  if (quota.daily_limit == 0) {
    const bool counted =
        CountOne(counter.hour, hour_index, quota.hourly_limit, hour);
    if (counted && !counter.dirty.load()) counter.dirty = true;
    RateDecision decision = Describe(hour, quota.hourly_limit, kHourSeconds);
    decision.allowed = counted;
    return decision;
  }

  // If the day is used up, leave the hour alone. If another request uses up the
  // day between the two steps, undo the count of the hour.
  const int64_t day_index = IndexAt(now, kDaySeconds);
  Window day = WindowAt(counter.day.load(), day_index);
  bool counted = false;
  if (day.count >= quota.daily_limit) {
    hour = WindowAt(counter.hour.load(), hour_index);
  } else if (CountOne(counter.hour, hour_index, quota.hourly_limit, hour)) {
    counted = CountOne(counter.day, day_index, quota.daily_limit, day);
    if (!counted) UncountOne(counter.hour, hour);
    if (!counter.dirty.load()) counter.dirty = true;
  }
  const RateDecision by_hour = Describe(hour, quota.hourly_limit, kHourSeconds);
  const RateDecision by_day = Describe(day, quota.daily_limit, kDaySeconds);
  RateDecision decision = by_day.remaining < by_hour.remaining ||
                                  (by_day.remaining == by_hour.remaining &&
                                   by_day.reset >= by_hour.reset)
                              ? by_day
                              : by_hour;
  decision.allowed = counted;
  return decision;
}

absl::Status RateLimiter::Flush() {
  absl::MutexLock flush_lock(&flush_mutex_);
  std::vector<TokenCounts> changed;
  for (Shard& shard : shards_) {
    absl::ReaderMutexLock lock(&shard.mutex);
    for (auto& [id, counter] : shard.counters) {
      // Clear the mark before reading the counts: a request in between sets it
      // again.
      if (!counter.dirty.exchange(false)) continue;
      const Window hour = Unpack(counter.hour.load());
      const Window day = Unpack(counter.day.load());
      changed.push_back({.token_id = id,
                         .hour = hour.index,
                         .hour_count = hour.count,
                         .day = day.index,
                         .day_count = day.count});
    }
  }
  if (changed.empty()) return absl::OkStatus();
  absl::Status saved = store_.SaveCounts(changed);
  if (!saved.ok()) {
    for (const TokenCounts& count : changed) {
      Shard& shard = ShardOf(count.token_id);
      absl::ReaderMutexLock lock(&shard.mutex);
      const auto found = shard.counters.find(count.token_id);
      if (found != shard.counters.end()) found->second.dirty = true;
    }
    return saved;
  }
  const int64_t day = IndexAt(clock_.Now(), kDaySeconds);
  if (day != dropped_on_day_) {
    dropped_on_day_ = day;
    DropOld(day);
  }
  return absl::OkStatus();
}

void RateLimiter::DropOld(int64_t day) {
  // Keep yesterday: the clock may jump back to it.
  const int64_t first_hour = (day - 1) * (kDaySeconds / kHourSeconds);
  for (Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    absl::erase_if(shard.counters, [&](const auto& entry) {
      const Counter& counter = entry.second;
      return !counter.dirty.load() &&
             Unpack(counter.day.load()).index < day - 1 &&
             Unpack(counter.hour.load()).index < first_hour;
    });
  }
}

}  // namespace tallyman::auth
