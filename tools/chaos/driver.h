// Rounds of chaos, and the problems that they show.

#ifndef TALLYMAN_TOOLS_CHAOS_DRIVER_H_
#define TALLYMAN_TOOLS_CHAOS_DRIVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/chaos/bystanders.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/server_under_test.h"
#include "tools/harness/api_client.h"

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
  int64_t taken = 0;    // Requests that the server answered with an action.
  int64_t unknown = 0;  // Requests whose answer is missing.
  int64_t repeated = 0;
  int64_t actions = 0;
  int64_t actions_superseded = 0;
  int64_t actions_failed = 0;
  int64_t cgroups_left = 0;
  absl::Duration longest_recovery;
};

// Not thread-safe. driver.cc has the beginning, the end and the course of a
// round; driver_actions.cc the requests and kills of a round; driver_checks.cc
// the checks after it.
class Driver {
 public:
  struct Options {
    std::string server;     // The binary; absolute.
    std::string directory;  // Exists and is empty; holds all files.
    bool use_cgroups = true;
    bool verbose = false;
    // How long the server may take until the API shows that all desired counts
    // are reached.
    absl::Duration recovery_timeout;
    // How long processes that just start or end may then contradict it.
    absl::Duration patience;
  };

  explicit Driver(Options options);
  // Kills everything that is left.
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Each returns the problems that it has found; after one nothing else may be
  // called.
  Problems Begin();
  Problems RunRound(const Plan& plan);
  Problems End();

  const Counts& counts() const { return counts_; }
  const EventLedger& ledger() const { return ledger_; }

 private:
  // driver.cc
  Problems MakeStack();
  Problems RemoveStack();
  Problems EndServer();
  KernelView Kernel() const;
  void ConnectApi();
  void PrintIfVerbose(std::string_view text) const;

  // driver_actions.cc
  Problems ActWithKills(const Plan& plan);
  Problems ActWithFault(const Plan& plan);
  void Kill(const Plan& plan);
  void SendRequest(const Plan& plan, size_t index, Problems& problems);
  absl::StatusOr<int64_t> Request(const Plan& plan,
                                  const PlannedRequest& request);
  void RecordAnswer(const PlannedRequest& request,
                    const absl::StatusOr<int64_t>& action_id,
                    Problems& problems);
  void KillInstance(const InstanceKill& kill);
  Problems Restart();
  Problems RepeatLastRequest(const Plan& plan);
  Problems ResumePaused();

  // driver_checks.cc
  // Waits until the desired state is reached, and checks that it is.
  Problems Settle();
  Problems AwaitDesiredCounts();
  Problems CheckAll();
  Problems ReadEvents();
  Problems ReadActions();
  // Makes the present state the one that the next round begins with.
  void BeginHistory();

  const Options options_;
  Bystanders bystanders_;
  ServerUnderTest server_;
  std::optional<harness::ApiClient> api_;
  std::string token_;
  std::string stack_uid_;
  std::string server_uid_;

  Counts counts_;
  EventLedger ledger_;
  // All actions up to this id are known to have ended.
  int64_t checked_action_ = 0;
  std::vector<harness::ApiAction> new_actions_;

  // Of the current round.
  History history_;
  std::vector<harness::ApiProcess> present_;
  KernelView view_;
  std::vector<int64_t> taken_;  // Ids of actions.
  // The answer to the last request of the plan.
  absl::StatusOr<int64_t> last_answer_;
  bool had_crash_ = false;
  bool had_crash_before_ = false;  // In the round before.
  // Contradictions among the events so far. Later events can't resolve them.
  Problems event_problems_;
};

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_DRIVER_H_
