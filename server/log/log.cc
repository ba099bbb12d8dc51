#include "server/log/log.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "platform/base/write_all.h"

namespace tallyman::server {
namespace {

// `time` as in "2026-11-22T07:26:47.676Z". Formatting is expensive, and most
// lines are of the second of the line before.
std::string Timestamp(absl::Time time) {
  struct Second {
    int64_t unix_seconds = -1;
    std::string text;  // "2026-11-22T07:26:47"
  };
  thread_local Second last;
  const int64_t millis = absl::ToUnixMillis(time);
  if (const int64_t seconds = millis / 1000; seconds != last.unix_seconds) {
    last = {.unix_seconds = seconds,
            .text = absl::FormatTime("%Y-%m-%dT%H:%M:%S",
                                     absl::FromUnixSeconds(seconds),
                                     absl::UTCTimeZone())};
  }
  return absl::StrCat(last.text, ".", absl::Dec(millis % 1000, absl::kZeroPad3),
                      "Z");
}

}  // namespace

Log::Log(int fd, absl::Duration max_delay) : fd_(fd) {
  if (max_delay > absl::ZeroDuration()) {
    writer_.emplace(max_delay, [this] { Flush(); });
  }
}

Log::~Log() {
  writer_.reset();
  Flush();
}

void Log::InfoSoon(std::string_view event, Add add) const {
  const size_t pending = Append("info", event, add);
  if (!writer_ || pending > kMaxPendingBytes) {
    Flush();
  } else {
    writer_->Notify();
  }
}

size_t Log::Append(std::string_view level, std::string_view event,
                   Add add) const {
  std::string line;
  api::JsonWriter json(line);
  json.BeginObject();
  json.Key("time");
  json.String(Timestamp(absl::Now()));
  json.Key("level");
  json.String(level);
  json.Key("event");
  json.String(event);
  add(json);
  json.EndObject();
  line.push_back('\n');
  const absl::MutexLock lock(&mutex_);
  lines_.append(line);
  return lines_.size();
}

void Log::Flush() const {
  const absl::MutexLock write_lock(&write_mutex_);
  {
    const absl::MutexLock lock(&mutex_);
    lines_.swap(writing_);
  }
  // The server goes on without its log.
  (void)base::WriteAll(fd_, writing_);
  writing_.clear();
}

}  // namespace tallyman::server
