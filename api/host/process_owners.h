// Which processes of the machine belong to instances that the server runs.
//
// Of one moment, and immutable: a list of processes is compared with the
// instances of the time at which it began.
//
//   const RunningInstance* instance = owners.Find(process);

#ifndef TALLYMAN_API_HOST_PROCESS_OWNERS_H_
#define TALLYMAN_API_HOST_PROCESS_OWNERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "platform/process.h"

namespace tallyman::api {

// An instance with a process.
struct RunningInstance {
  std::string stack_uid;
  std::string stack_name;  // "" if the stack is gone by now.
  std::string process;
  int64_t number = 0;
  // The first process, which leads a session of its own; 0 once it has ended.
  int32_t pid = 0;
  int64_t start_ticks = -1;  // Of it, as in platform::Process.
  // The id of the launch: the name of its cgroup, if the server uses cgroups.
  std::string launch;
};

// Movable; const access is thread-safe.
class ProcessOwners {
 public:
  // The fields of a process that Find() needs.
  static constexpr platform::ProcessFields kFields =
      platform::ProcessFields(platform::ProcessField::kSession) |
      platform::ProcessField::kStartTime | platform::ProcessField::kCgroup;

  // No process belongs to an instance.
  ProcessOwners() = default;
  explicit ProcessOwners(std::vector<RunningInstance> instances);

  // Without instances. Lives for ever.
  static const ProcessOwners& None();

  // The instance that `process` belongs to: as its first process, as a member
  // of that one's session, or of the cgroup of its launch (also below it). So a
  // process that has left the session is found only with cgroups. No older
  // process belongs to an instance. Null if there is none; lives as long as
  // this object.
  const RunningInstance* Find(const platform::Process& process) const;

 private:
  const RunningInstance* FindByCgroup(const platform::Process& process) const;

  std::vector<RunningInstance> instances_;
  // Indices of `instances_`. The keys point into it.
  absl::flat_hash_map<int32_t, size_t> by_pid_;
  absl::flat_hash_map<std::string_view, size_t> by_launch_;
};

// Returns the instances of the moment of the call; null stands for none.
using ProcessOwnersSource =
    std::function<std::shared_ptr<const ProcessOwners>()>;

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_OWNERS_H_
