// How a process of a stack is doing, from what is wanted and what runs.

#ifndef TALLYMAN_API_STACKS_PROCESS_STATE_H_
#define TALLYMAN_API_STACKS_PROCESS_STATE_H_

#include <cstdint>
#include <string_view>

#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::api {

// Instances of one process, or of several added up.
struct InstanceCounts {
  int64_t desired = 0;
  int64_t running = 0;  // Their programs run; paused ones included.
  int64_t paused = 0;
  int64_t starting = 0;
  int64_t stopping = 0;
  int64_t waiting = 0;  // Ended, and to be started again soon.
  int64_t crash_looping = 0;

  InstanceCounts& operator+=(const InstanceCounts& other);
  bool operator==(const InstanceCounts&) const = default;
};

// The counts of `process` on the server `server_uid`, or on all servers if it
// is "".
InstanceCounts CountInstances(const stacks::Stack& stack,
                              const stacks::DesiredProcess& process,
                              const stacks::StatusSnapshot& status,
                              std::string_view server_uid);

// One word for the counts of a process; the first that is true:
//   stopped        none is wanted and none is there
//   stopping       none is wanted, or fewer than there are; the others run
//   crash-looping  none runs, and some end again and again
//   degraded       some run, others have ended and wait to be started again
//   starting       fewer run than wanted, and those that miss are being started
//   paused         all are there, and all of them are paused
//   running        all are there
std::string_view ProcessState(const InstanceCounts& counts);

// How a stack or a server is, in the numbers that clients of this API know.
enum class Health : int {
  kUnknown = 0,
  kBuilding = 1,
  kImpaired = 2,
  kHealthy = 3,
  kFailed = 4,
};

// The health of a stack:
//   unknown   all that it wants is on servers whose status is not known here
//   failed    none of its instances runs, and some end again and again
//   impaired  some of its instances have ended and wait to be started again
//   building  fewer run than wanted, or more, or an action is under way
//   healthy   exactly what is wanted runs
// `stack` is one of `registry`.
Health StackHealth(const stacks::Stack& stack,
                   const stacks::RegistrySnapshot& registry,
                   const stacks::StatusSnapshot& status);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_PROCESS_STATE_H_
