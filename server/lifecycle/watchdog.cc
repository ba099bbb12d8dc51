#include "server/lifecycle/watchdog.h"

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {
namespace {

constexpr int kPingsInTime = 2;
constexpr int kChecksInTime = 10;

}  // namespace

Watchdog::Watchdog(base::EventLoop& loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

std::unique_ptr<Watchdog> Watchdog::Start(base::EventLoop& loop,
                                          Options options) {
  auto watchdog = absl::WrapUnique(new Watchdog(loop, std::move(options)));
  watchdog->last_ = watchdog->options_.progress();
  watchdog->timer_ = loop.RunAfter(watchdog->options_.time / kPingsInTime,
                                   [self = watchdog.get()] { self->Check(); });
  return watchdog;
}

void Watchdog::Check() {
  std::vector<Progress> now = options_.progress();
  const std::string_view hanging = FindHanging(now);
  if (hanging.empty()) {
    hangs_ = false;
    last_ = std::move(now);
    options_.ping();
  } else if (!std::exchange(hangs_, true) && options_.on_hang) {
    options_.on_hang(hanging);
  }
  timer_ =
      loop_.RunAfter(options_.time / (hangs_ ? kChecksInTime : kPingsInTime),
                     [this] { Check(); });
}

std::string_view Watchdog::FindHanging(const std::vector<Progress>& now) const {
  if (now.size() != last_.size()) return "";
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].rounds == last_[i].rounds) return now[i].name;
  }
  return "";
}

}  // namespace tallyman::server
