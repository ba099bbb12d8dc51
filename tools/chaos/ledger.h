// Replays the events of a stack and finds contradictions among them.

#ifndef TALLYMAN_TOOLS_CHAOS_LEDGER_H_
#define TALLYMAN_TOOLS_CHAOS_LEDGER_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/harness/api_client.h"

namespace tallyman::chaos {

// Not thread-safe.
class EventLedger {
 public:
  using Instance = std::pair<std::string, int64_t>;  // Process and number.

  struct ActionEvents {
    int started = 0;
    int finished = 0;
  };

  // Replays the next event, in the order of ids; problems: its contradictions
  // to earlier ones. `had_crash`: server or keeper was killed in this round or
  // the one before. An instance may then have been started by one server and
  // have ended before the next one saw it: its end is its only event.
  std::vector<std::string> Add(const harness::ApiEvent& event, bool had_crash);

  // Pids of the instances that run, according to the events.
  const std::map<Instance, pid_t>& running() const { return running_; }
  const std::map<int64_t, ActionEvents>& actions() const { return actions_; }

  int64_t last_id() const { return last_id_; }
  int64_t count() const { return count_; }
  int64_t starts() const { return starts_; }
  int64_t adoptions() const { return adoptions_; }
  int64_t losses() const { return losses_; }
  int64_t start_failures() const { return start_failures_; }
  // Ends of instances without an event of their start.
  int64_t missing_starts() const { return missing_starts_; }

 private:
  std::map<Instance, pid_t> running_;
  std::map<int64_t, ActionEvents> actions_;
  int64_t last_id_ = 0;
  int64_t count_ = 0;
  int64_t starts_ = 0;
  int64_t adoptions_ = 0;
  int64_t losses_ = 0;
  int64_t start_failures_ = 0;
  int64_t missing_starts_ = 0;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_LEDGER_H_
