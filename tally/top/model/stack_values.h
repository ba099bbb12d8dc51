// Stacks as the API shows them (/api/3/stacks), and what tally top derives from
// them. Plain values.

#ifndef TALLYMAN_TALLY_TOP_MODEL_STACK_VALUES_H_
#define TALLYMAN_TALLY_TOP_MODEL_STACK_VALUES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::tally {

struct StackServer {
  std::string uid;
  std::string name;
};

struct StackInstance {
  std::string server;  // Its name.
  int64_t number = 0;
  std::string state;
  int64_t pid = 0;  // 0: none runs.
  std::optional<absl::Time> started_at = std::nullopt;
  int64_t restarts = 0;
  std::string last_exit = {};
  std::optional<absl::Time> last_exit_at = std::nullopt;
  std::string last_output = {};
  std::optional<absl::Time> next_start_at = std::nullopt;
};

// Instances by the name of their server.
using ServerCounts = std::map<std::string, int64_t>;

struct StackProcess {
  std::string name;
  std::string command;
  ServerCounts running = {};
  ServerCounts paused = {};
  ServerCounts desired = {};
  std::string state = {};
  std::vector<StackInstance> instances = {};
  std::string last_exit = {};
  std::string last_output = {};
};

struct Stack {
  std::string uid;
  std::string name;
  std::string environment = {};
  bool is_loaded = false;  // Its servers and processes are known.
  std::vector<StackServer> servers = {};
  std::vector<StackProcess> processes = {};
};

// An event of the audit log (docs/event-streams.md). Members that do not apply
// are empty or 0.
struct StackEvent {
  int64_t id = 0;
  std::string event;
  std::string stack_uid = {};
  std::string process = {};
  int64_t instance = 0;
  std::string cause = {};
  int64_t action_id = 0;
};

// The counts of a process on one server.
struct ServerRow {
  std::string name;
  std::string uid;
  int64_t running = 0;
  int64_t paused = 0;
  int64_t wanted = 0;
};

// The counts on each server of the stack, also where none is wanted.
std::vector<ServerRow> RowsOf(const StackProcess& process,
                              const std::vector<StackServer>& servers);

int64_t Sum(const ServerCounts& counts);

// The worst state of its processes; "stopped" without any.
std::string StateOfStack(const Stack& stack);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_STACK_VALUES_H_
