// Publishes the state of the instances as immutable snapshots, for the API.

#ifndef TALLYMAN_STACKS_SUPERVISOR_STATUS_PUBLISHER_H_
#define TALLYMAN_STACKS_SUPERVISOR_STATUS_PUBLISHER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "stacks/model/status.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {

// The group as the API shows it.
ProcessStatus MakeStatus(const InstanceGroup& group);

// Not thread-safe; the snapshots are.
class StatusPublisher {
 public:
  using Callback = std::function<void(std::shared_ptr<const StatusSnapshot>)>;
  StatusPublisher(std::string server_uid, Callback publish)
      : publish_(std::move(publish)),
        status_(std::make_shared<const StatusSnapshot>(
            StatusSnapshot{.server_uid = std::move(server_uid)})) {}

  // Calls back with the next snapshot if the table has groups to publish.
  // Unchanged groups are shared with the snapshot before; a group without
  // instances is not in it.
  void Publish(InstanceTable& table);

 private:
  const Callback publish_;
  std::shared_ptr<const StatusSnapshot> status_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_STATUS_PUBLISHER_H_
