#include "server/http/idle_connections.h"

#include <sys/socket.h>

#include "absl/synchronization/mutex.h"

namespace tallyman::server {

IdleConnections::Member::Member(IdleConnections& all, int fd)
    : all_(all), fd_(fd) {
  const absl::MutexLock lock(&all_.mutex_);
  all_.members_.insert(this);
}

IdleConnections::Member::~Member() {
  const absl::MutexLock lock(&all_.mutex_);
  all_.members_.erase(this);
}

bool IdleConnections::Member::BeginWait() {
  // BeginWait() and Stop() each write their own flag and then read the other's,
  // sequentially consistent: at least one of them sees the other's write.
  is_waiting_.store(true);
  return !all_.is_stopping();
}

void IdleConnections::Stop() {
  is_stopping_.store(true);
  const absl::MutexLock lock(&mutex_);
  for (const Member* const member : members_) {
    // A thread that is blocked in recv(2) gets the end of the stream.
    if (member->is_waiting_.load()) shutdown(member->fd_, SHUT_RD);
  }
}

}  // namespace tallyman::server
