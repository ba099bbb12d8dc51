// Watches the processes of queries, for streams of differences.
//
//   absl::StatusOr<std::unique_ptr<ProcessFeed>> feed =
//       ProcessFeed::Start(list, format, {});
//   std::unique_ptr<api::BodyStream> stream =
//       (*feed)->Follow(query, absl::Seconds(2));

#ifndef TALLYMAN_SERVER_WATCH_PROCESS_FEED_H_
#define TALLYMAN_SERVER_WATCH_PROCESS_FEED_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/body_stream.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::server {

// One thread for all streams, which scans for each query and interval that
// somebody watches, once for all who do, and else sleeps. Each difference is
// rendered once, and each snapshot once for those who begin with it. The scans
// take turns: if they need longer than their intervals, all are late.
// Thread-safe.
class ProcessFeed {
 public:
  // Lists processes; called from the thread only.
  using List = std::function<absl::StatusOr<platform::ProcessSnapshot>(
      const platform::ProcessQuery&)>;

  struct Options {
    // Streams that are quiet for so long give a sign of life.
    absl::Duration keep_alive = absl::Seconds(15);
    // The differences of a query that are kept for slow readers.
    size_t kept_bytes = size_t{256} << 10;
    // The instances that the server runs, for the queries that show them;
    // called from the thread, before each list. May be empty.
    api::ProcessOwnersSource owners;
    // Called from the thread when a list of a query fails after one that
    // succeeded. The streams go on with the next list.
    std::function<void(const absl::Status&)> on_error;
  };

  // ResourceExhausted if the process is out of descriptors.
  static absl::StatusOr<std::unique_ptr<ProcessFeed>> Start(
      List list, const api::ProcessFormat& format, Options options);

  // Ends all streams, after the scan that is under way.
  virtual ~ProcessFeed() = default;

  // A stream that begins with the processes of the last scan, or of a first
  // one. It may outlive the feed; then it has ended.
  virtual std::unique_ptr<api::BodyStream> Follow(api::ProcessListQuery query,
                                                  absl::Duration interval) = 0;

  // The queries that are watched.
  virtual int watches() const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WATCH_PROCESS_FEED_H_
