// A process of a stack, as the API shows it below /api/3.
//
// Example: tally/actions/process_view_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_PROCESS_VIEW_H_
#define TALLYMAN_TALLY_ACTIONS_PROCESS_VIEW_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tally/client/api.h"

namespace tallyman::tally {

struct InstanceView {
  std::string server;  // Its name.
  int64_t number = 0;
  std::string state;
  int64_t pid = 0;  // 0: none runs.
  int64_t restarts = 0;

  // Its program runs, or is paused.
  bool runs() const { return state == "running" || state == "paused"; }
};

struct ServerCounts {
  std::string server;  // Its name.
  int64_t desired = 0;
  int64_t running = 0;  // Includes paused ones.
  int64_t paused = 0;
};

// A value type.
struct ProcessView {
  std::string name;
  std::string command;
  std::string state;
  // The servers where it is desired or runs, by name.
  std::vector<ServerCounts> servers;
  std::vector<InstanceView> instances;

  // The sums over all servers.
  int64_t desired() const;
  int64_t running() const;
  int64_t restarts() const;
  // Zeroes if it is neither desired nor runs there.
  ServerCounts On(std::string_view server) const;
};

// What `json` does not have stays empty or 0.
ProcessView ParseProcess(const Json& json);

// "4 of 4 run", with servers "6 of 6 run (4 on a, 2 on b)", with paused ones
// "2 of 2 run (1 paused)".
std::string DescribeCounts(const ProcessView& process);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_PROCESS_VIEW_H_
