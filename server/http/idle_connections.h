// Wakes the threads of connections that wait for a request when the server
// stops.
//
//   IdleConnections idle;
//   ...
//   {                                               // thread per connection
//     IdleConnections::Member member(idle, fd);
//     const bool may_wait = member.BeginWait();
//     recv(fd, ..., may_wait ? 0 : MSG_DONTWAIT);
//     member.EndWait();
//   }
//   close(fd);
//   ...
//   idle.Stop();                                    // any thread

#ifndef TALLYMAN_SERVER_HTTP_IDLE_CONNECTIONS_H_
#define TALLYMAN_SERVER_HTTP_IDLE_CONNECTIONS_H_

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// The set of open connections, with the state of each: waits for a request, or
// serves one. A change of state takes no lock and no system call. Thread-safe;
// must outlive its members.
class IdleConnections {
 public:
  // One connection. Constructed before the first wait and destroyed before the
  // descriptor is closed. Belongs to one thread.
  class Member {
   public:
    // `fd` is a connected socket, which the caller owns.
    Member(IdleConnections& all, int fd);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // Begins to wait for a request. False if the server stops: the caller must
    // not block, and may read only bytes that have arrived. Otherwise a later
    // Stop() ends the read, which returns the bytes that have arrived.
    bool BeginWait();

    // Ends the wait: a later Stop() does not touch the socket.
    void EndWait() { is_waiting_.store(false); }

   private:
    friend class IdleConnections;
    IdleConnections& all_;
    const int fd_;
    std::atomic<bool> is_waiting_ = false;
  };

  // Ends all waits, the current and later ones. Requests under way go on. A
  // request whose first bytes arrive at this moment may lose its later bytes.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  bool is_stopping() const { return is_stopping_.load(); }

 private:
  std::atomic<bool> is_stopping_ = false;
  absl::Mutex mutex_;
  absl::flat_hash_set<Member*> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_IDLE_CONNECTIONS_H_
