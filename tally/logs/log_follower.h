// Follows the output of instances over lost connections and new starts of the
// server, and takes in instances that come later.

#ifndef TALLYMAN_TALLY_LOGS_LOG_FOLLOWER_H_
#define TALLYMAN_TALLY_LOGS_LOG_FOLLOWER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/logs/log_line.h"
#include "tally/logs/log_selection.h"

namespace tallyman::tally {

// Each instance has a stream of its own: by the id of its last line the server
// goes on exactly there also after a new start, which it cannot for a stream of
// several instances (docs/logs.md, "Nothing lost, nothing twice"). A stream of
// the stack's events says which instances come later.
class LogFollower {
 public:
  // At the same time; the server's default limit of a token is greater.
  static constexpr size_t kMaxInstances = 256;

  // `query` has the parameters of the streams of instances, apart from
  // "follow" and "instance". All references must outlive it.
  LogFollower(Session& session, const StackRef& stack,
              std::vector<LogSource> sources, Query query, LogPrinter& printer)
      : session_(session),
        stack_(stack),
        sources_(std::move(sources)),
        query_(std::move(query)),
        printer_(printer) {}
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  // Until nothing is left to follow, or the reader of standard output has gone
  // away: OK. Cancelled after an interrupt. Once.
  absl::Status Run();

 private:
  struct Stream {
    std::string process;
    int64_t instance = 0;
    std::unique_ptr<Api> api;
    std::thread thread;
  };

  // Starts a stream, unless the instance has one. `since`: RFC 3339; "": as the
  // query says.
  absl::Status Add(const std::string& process, int64_t instance,
                   const std::string& since) ABSL_LOCKS_EXCLUDED(mutex_);
  void Follow(Stream& stream, const Query& query);
  // False ends the stream.
  bool Take(const Stream& stream, const StreamEvent& event);
  // Waits for instances that come later. `after`: the id of an event.
  absl::Status Discover(int64_t after);
  // False ends the stream of events.
  bool TakeStackEvent(const StreamEvent& event, absl::Status& failure);
  // Ends all, for this reason; the first one counts.
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void HasLost(const std::string& what, const absl::Status& reason)
      ABSL_LOCKS_EXCLUDED(mutex_);

  Session& session_;
  const StackRef stack_;
  const std::vector<LogSource> sources_;
  const Query query_;
  LogPrinter& printer_;

  absl::Mutex mutex_;
  // By "worker.1". Never removed before the end.
  std::map<std::string, std::unique_ptr<Stream>> streams_
      ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Api> discovery_ ABSL_GUARDED_BY(mutex_);
  bool has_ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  // Whether the person knows that the server is away.
  bool has_told_loss_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_LOGS_LOG_FOLLOWER_H_
