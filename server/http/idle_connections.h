// Ends connections that wait for a request, when the server stops.
//
//   IdleConnections idle;
//   ...
//   {                                               // a thread for each
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

// Knows which connections there are, and which of them wait. Waiting and going
// on cost no lock and no system call. Thread-safe; must outlive its members.
class IdleConnections {
 public:
  // One connection, from before its first wait until before its descriptor is
  // closed. Used by one thread.
  class Member {
   public:
    // `fd` is a connected socket that the caller owns.
    Member(IdleConnections& all, int fd);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // Says that a request is waited for. False if the server stops: then only
    // what has come already may be read. Otherwise a Stop() from now on lets
    // a read of the socket return, at once and with what has come.
    bool BeginWait();

    // The wait is over: Stop() lets the connection be from now on.
    void EndWait() { is_waiting_.store(false); }

   private:
    friend class IdleConnections;
    IdleConnections& all_;
    const int fd_;
    std::atomic<bool> is_waiting_ = false;
  };

  // From now on nobody waits. Those with a request under way go on with it; one
  // whose first bytes come at this very moment may lose what hasn't come yet.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  bool is_stopping() const { return is_stopping_.load(); }

 private:
  std::atomic<bool> is_stopping_ = false;
  absl::Mutex mutex_;
  absl::flat_hash_set<Member*> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_IDLE_CONNECTIONS_H_
