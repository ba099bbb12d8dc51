// Rounds of chaos, and what they found.

#ifndef TALLYMAN_TOOLS_CHAOS_DRIVER_H_
#define TALLYMAN_TOOLS_CHAOS_DRIVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/chaos/api_client.h"
#include "tools/chaos/bystanders.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/children.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/server_under_test.h"

namespace tallyman::chaos {

// For the table at the end.
struct Counts {
  struct Fault {
    int64_t planned = 0;
    int64_t struck = 0;
  };
  int64_t rounds = 0;
  std::map<std::string, int64_t> victims;  // By VictimName().
  std::map<std::string, Fault> faults;     // By point.
  int64_t instances_killed = 0;
  int64_t taken = 0;
  int64_t unknown = 0;
  int64_t repeated = 0;
  int64_t actions = 0;
  int64_t actions_superseded = 0;
  int64_t actions_failed = 0;
  int64_t cgroups_left = 0;
  absl::Duration longest_recovery;
};

// Not thread-safe.
class Driver {
 public:
  struct Options {
    std::string server;     // The binary; absolute.
    std::string directory;  // Empty, for all that is kept.
    bool use_cgroups = true;
    bool verbose = false;
    // How long all may take to be well again, and what is about to end to be
    // gone then.
    absl::Duration recovery_timeout;
    absl::Duration patience;
  };

  // `children` must outlive it.
  Driver(Options options, Children& children);
  // Ends everything that is left, by force.
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Each returns what went wrong; after that nothing else may be called.
  Problems Begin();
  Problems RunRound(const Plan& plan);
  Problems End();

  const Counts& counts() const { return counts_; }
  const EventLedger& ledger() const { return ledger_; }

 private:
  Problems Act(const Plan& plan);
  Problems ActWithKills(const Plan& plan);
  Problems ActWithFault(const Plan& plan);
  void Send(const Plan& plan, const PlannedRequest& request,
            Problems& problems);
  Reply SendOnce(const Plan& plan, const PlannedRequest& request);
  void Note(const PlannedRequest& request, const Reply& reply,
            Problems& problems);
  void KillInstance(const InstanceKill& kill);
  Problems Restart();
  Problems Repeat(const Plan& plan);
  Problems Resume(const std::vector<ApiProcess>& processes);

  // Waits until all is well, and checks that it is.
  Problems Settle();
  Problems WaitUntilStill();
  Problems CheckAll();
  Problems ReadEvents();
  Problems ReadActions();

  KernelView Kernel() const;
  absl::Status StartBystanders(int round);
  void Remember(const std::vector<ApiProcess>& processes);
  void Say(std::string_view text) const;

  const Options options_;
  Children& children_;
  Bystanders bystanders_;
  ServerUnderTest server_;
  std::unique_ptr<ApiClient> api_;
  std::string token_;
  std::string stack_uid_;
  std::string server_uid_;

  Counts counts_;
  EventLedger ledger_;
  // All up to this one have been seen to have ended.
  int64_t checked_action_ = 0;
  std::vector<ApiAction> new_actions_;

  // Of the round.
  History history_;
  std::vector<ApiProcess> present_;
  KernelView view_;
  std::vector<int64_t> taken_;  // Ids of actions.
  Reply last_reply_;            // To the last request of the plan.
  bool had_crash_ = false;
  bool had_crash_before_ = false;  // In the round before it.
  // What the events told that can't be true, so far.
  Problems untrue_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_DRIVER_H_
