// The events of a stack, followed one by one: whether they tell a story that
// can be true.

#ifndef TALLYMAN_TOOLS_CHAOS_LEDGER_H_
#define TALLYMAN_TOOLS_CHAOS_LEDGER_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/chaos/api_client.h"

namespace tallyman::chaos {

// Not thread-safe.
class EventLedger {
 public:
  using Instance = std::pair<std::string, int64_t>;  // Process and number.

  struct ActionEvents {
    int started = 0;
    int finished = 0;
  };

  // The next event, by id; what can't be true about it. `had_crash`: a server
  // or keeper was killed lately, so that an instance may have been started by
  // one and have ended before the next looked: its end is all that is told.
  std::vector<std::string> Add(const ApiEvent& event, bool had_crash);

  // Who runs, by what the events say.
  const std::map<Instance, pid_t>& running() const { return running_; }
  const std::map<int64_t, ActionEvents>& actions() const { return actions_; }

  int64_t last_id() const { return last_id_; }
  int64_t count() const { return count_; }
  int64_t starts() const { return starts_; }
  int64_t adoptions() const { return adoptions_; }
  int64_t lost() const { return lost_; }
  int64_t start_failures() const { return start_failures_; }
  // Ends of instances whose start was never told.
  int64_t unseen_starts() const { return unseen_starts_; }

 private:
  std::map<Instance, pid_t> running_;
  std::map<int64_t, ActionEvents> actions_;
  int64_t last_id_ = 0;
  int64_t count_ = 0;
  int64_t starts_ = 0;
  int64_t adoptions_ = 0;
  int64_t lost_ = 0;
  int64_t start_failures_ = 0;
  int64_t unseen_starts_ = 0;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_LEDGER_H_
