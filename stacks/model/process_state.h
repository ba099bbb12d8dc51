// The state of a process of a stack: its desired counts (registry.h) compared
// with its instances (status.h).
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_PROCESS_STATE_H_
#define TALLYMAN_STACKS_MODEL_PROCESS_STATE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::stacks {

// In all functions here, `process` belongs to `stack`, and `server_uid` limits
// the result to one server; "" means all servers. Instances are known only on
// the server of `status`; on others, `running` and the like are 0.

// Numbers of instances, of one process or summed over several.
struct InstanceCounts {
  int64_t desired = 0;
  int64_t running = 0;  // The program runs; includes paused ones.
  int64_t paused = 0;
  int64_t starting = 0;
  int64_t stopping = 0;
  int64_t waiting = 0;  // Ended; starts again after a delay.
  int64_t crash_looping = 0;

  InstanceCounts& operator+=(const InstanceCounts& other);
  bool operator==(const InstanceCounts&) const = default;
};

InstanceCounts CountInstances(const Stack& stack, const DesiredProcess& process,
                              const StatusSnapshot& status,
                              std::string_view server_uid);
// The same for the status of a process on one server; null: no instances.
InstanceCounts CountInstances(const ProcessStatus* status, int64_t desired);

// The state of a process as one word; the first that applies:
//   stopped        none is desired and none exists
//   stopping       none is desired, or more exist than desired
//   crash-looping  none runs, and at least one ends again and again
//   degraded       some run, others have ended and wait to be started again
//   starting       fewer run than desired; the others are being started
//   paused         as many run as desired, and all of them are paused
//   running        as many run as desired
std::string_view ProcessState(const InstanceCounts& counts);
inline constexpr std::string_view kProcessStates[] = {
    "stopped",  "stopping", "crash-looping", "degraded",
    "starting", "paused",   "running"};

// One process on one server.
struct ServerCounts {
  std::string_view name;  // Of the server; points into the registry or status.
  int64_t desired = 0;
  int64_t running = 0;  // Includes paused instances.
  int64_t paused = 0;
};

// The servers where instances of `process` are desired or run, ordered by name.
std::vector<ServerCounts> CountByServer(const Stack& stack,
                                        const DesiredProcess& process,
                                        const RegistrySnapshot& registry,
                                        const StatusSnapshot& status,
                                        std::string_view server_uid);

// Whether CountByServer() finds a server.
bool IsDesiredOrRunning(const Stack& stack, const DesiredProcess& process,
                        const StatusSnapshot& status,
                        std::string_view server_uid);

// The instances of `process`; null if the server of `status` has none or is
// excluded by `server_uid`.
const ProcessStatus* FindStatus(const Stack& stack,
                                const DesiredProcess& process,
                                const StatusSnapshot& status,
                                std::string_view server_uid);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_PROCESS_STATE_H_
