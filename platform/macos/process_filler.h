// Fills in the fields that the process table does not have: which calls a
// process needs, in which order, and what their errors mean.

#ifndef TALLYMAN_PLATFORM_MACOS_PROCESS_FILLER_H_
#define TALLYMAN_PLATFORM_MACOS_PROCESS_FILLER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "platform/arena.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"
#include "platform/macos/process_table.h"
#include "platform/process.h"

namespace tallyman::platform {

// For one list. Not thread-safe.
//
// A process costs at most three calls each time that it is filled in:
//
//   KERN_PROCARGS2      the arguments
//   proc_pid_rusage()   storage I/O, peak
//   PROC_PIDTASKALLINFO threads, memory, processor time, and the state of a
//                       process that is neither stopped nor a zombie
//
// The last one is also the witness for the others, so it is made with each of
// them: it shows the start time. If that is the one of the process table, the
// same process had the pid throughout, and the other calls were about it.
//
// Zombies, stopped processes' states and names of users need none of the calls.
class ProcessFiller {
 public:
  // Returns the name of a user id, or "" if it has none.
  using UserNameLookup = std::function<std::string(uint32_t uid)>;

  // Borrows all of them. The strings of filled-in processes live in `strings`.
  ProcessFiller(const MacosSystem& system, const UserNameLookup& user_name,
                const ProcessTable& table, Arena& strings)
      : system_(system),
        user_name_(user_name),
        table_(table),
        strings_(strings),
        timebase_(system.timebase()) {}

  // Fills in `fields` of a process of the table, and possibly further ones. A
  // call that the system refuses costs its own fields; if it refuses the
  // witness, also the arguments and the usage, which could be another
  // process's. False if the process has ended or another one has its pid.
  //
  // A process may be filled in twice, with different fields, which takes at
  // most four calls together: numbers of the task and of the usage stay those
  // of the first time, since a condition or an order may have used them.
  bool Fill(Process& process, ProcessFields fields);

 private:
  // The name of a user of the table, or its number. Looks each one up once.
  std::string_view UserName(uint32_t uid);

  // Each returns false if the process has ended.
  bool ReadArguments(int32_t pid, std::string_view& arguments);
  bool ReadResourceUsage(int32_t pid, std::optional<ResourceUsage>& usage);
  bool ReadTaskInfo(const ProcessRecord& record, std::optional<TaskInfo>& task);

  void SetTaskInfo(const ProcessRecord& record, const TaskInfo& task,
                   Process& process) const;

  const MacosSystem& system_;
  const UserNameLookup& user_name_;
  const ProcessTable& table_;
  Arena& strings_;
  const Timebase timebase_;
  absl::flat_hash_map<uint32_t, std::string_view> users_;  // Names by uid.
  std::unique_ptr<char[]> arguments_buffer_;  // Null until the first use.
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_PROCESS_FILLER_H_
