// The scans of one watched query. Part of process_feed.

#ifndef TALLYMAN_SERVER_WATCH_PROCESS_WATCH_H_
#define TALLYMAN_SERVER_WATCH_PROCESS_WATCH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/host/process_changes.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/watch/difference_broadcast.h"

namespace tallyman::server {

// For one thread at a time; the broadcast is thread-safe.
class ProcessWatch {
 public:
  ProcessWatch(const api::ProcessListQuery& query,
               const api::ProcessFormat& format,
               std::shared_ptr<DifferenceBroadcast> broadcast);

  // Whether the list depends on the instances that the server runs.
  bool needs_owners() const { return query_.needs_owners(); }
  // The query to list with; null owners: no process belongs to an instance.
  platform::ProcessQuery QueryOf(
      const std::shared_ptr<const api::ProcessOwners>& owners) const;
  DifferenceBroadcast& broadcast() const { return *broadcast_; }

  // Publishes how `snapshot`, a list by QueryOf(owners), differs from the one
  // before, if it does.
  void Update(platform::ProcessSnapshot snapshot,
              std::shared_ptr<const api::ProcessOwners> owners);

  // Gives the latest snapshot to the readers that wait for one, after the first
  // Update().
  void GiveSnapshot();

 private:
  // With the owners of the latest list.
  api::ProcessFormat Format() const;

  const api::ProcessListQuery query_;
  const std::vector<const api::ProcessKey*> keys_;
  const api::ProcessFormat format_;
  const std::shared_ptr<DifferenceBroadcast> broadcast_;
  api::WatchedProcesses processes_;
  bool is_updated_ = false;
  // The event of version rendered_version_, while a reader has it.
  std::weak_ptr<const std::string> rendered_;
  uint64_t rendered_version_ = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WATCH_PROCESS_WATCH_H_
