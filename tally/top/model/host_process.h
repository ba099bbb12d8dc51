// A process of the machine as tally top shows it, and what changes from scan to
// scan. Plain values: GET /server/processes?watch= (docs/process-streams.md)
// has them as JSON, which process_json.h reads.

#ifndef TALLYMAN_TALLY_TOP_MODEL_HOST_PROCESS_H_
#define TALLYMAN_TALLY_TOP_MODEL_HOST_PROCESS_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::tally {

// -1 is a niceness.
inline constexpr int64_t kUnknownNice = std::numeric_limits<int64_t>::min();

// The keys of the API. Unknown: -1 or "".
struct HostProcess {
  int64_t pid = 0;
  std::string start_time;  // As the server writes it.
  int64_t ppid = 0;
  std::string name;
  std::string command_line;
  std::string user;
  std::string state;
  int64_t memory = -1;          // Resident bytes.
  int64_t peak_memory = -1;     // Bytes.
  int64_t virtual_memory = -1;  // Bytes.
  int64_t num_threads = -1;
  double cpu_seconds = -1;
  int64_t io_bytes_read = -1;
  int64_t io_bytes_written = -1;
  int64_t session = -1;
  int64_t nice = kUnknownNice;
  std::string unit;
  std::string container;
  std::string stack;  // The uid of the stack; "": of none.
  std::string process;
  int64_t instance = 0;
};

// Identifies a process: a pid that is used again has another start time.
struct ProcessId {
  int64_t pid = 0;
  std::string start_time;

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const ProcessId& id) {
    return H::combine(std::move(state), id.pid, id.start_time);
  }
};

inline ProcessId IdOf(const HostProcess& process) {
  return {.pid = process.pid, .start_time = process.start_time};
}

using HostMember = std::variant<int64_t HostProcess::*, double HostProcess::*,
                                std::string HostProcess::*>;

// A key of the API and its member.
struct HostField {
  std::string_view key;
  HostMember member;
};

inline constexpr std::array kHostFields = {
    HostField{"pid", &HostProcess::pid},
    HostField{"start_time", &HostProcess::start_time},
    HostField{"ppid", &HostProcess::ppid},
    HostField{"name", &HostProcess::name},
    HostField{"command_line", &HostProcess::command_line},
    HostField{"user", &HostProcess::user},
    HostField{"state", &HostProcess::state},
    HostField{"memory", &HostProcess::memory},
    HostField{"peak_memory", &HostProcess::peak_memory},
    HostField{"virtual_memory", &HostProcess::virtual_memory},
    HostField{"num_threads", &HostProcess::num_threads},
    HostField{"cpu_seconds", &HostProcess::cpu_seconds},
    HostField{"io_bytes_read", &HostProcess::io_bytes_read},
    HostField{"io_bytes_written", &HostProcess::io_bytes_written},
    HostField{"session", &HostProcess::session},
    HostField{"nice", &HostProcess::nice},
    HostField{"unit", &HostProcess::unit},
    HostField{"container", &HostProcess::container},
    HostField{"stack", &HostProcess::stack},
    HostField{"process", &HostProcess::process},
    HostField{"instance", &HostProcess::instance},
};

// Some members of a process, by their index in kHostFields.
struct HostPatch {
  HostProcess values;
  std::bitset<kHostFields.size()> present;
};

// Copies the members that the patch has.
inline void Apply(const HostPatch& patch, HostProcess& process) {
  for (size_t i = 0; i < kHostFields.size(); ++i) {
    if (!patch.present[i]) continue;
    std::visit([&](auto member) { process.*member = patch.values.*member; },
               kHostFields[i].member);
  }
}

// All processes.
struct ProcessSnapshot {
  absl::Time time;  // When the scan began.
  std::vector<HostProcess> processes;
};

struct ProcessDifference {
  absl::Time time;  // When the scan began.
  std::vector<HostProcess> entered;
  std::vector<HostPatch> changed;  // Each has pid and start time.
  std::vector<ProcessId> gone;
};

// GET /server/processes/{pid}.
struct ProcessDetails {
  struct Socket {
    std::string protocol;
    std::string address;
    int64_t port = 0;
  };
  HostProcess process;
  std::string cgroup;
  int64_t pss = -1;  // Bytes.
  int64_t open_descriptors = -1;
  bool knows_sockets = false;
  std::vector<Socket> listening;
  bool knows_environment = false;
  std::vector<std::string> environment_names;
  std::vector<int64_t> children;  // Pids.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_HOST_PROCESS_H_
