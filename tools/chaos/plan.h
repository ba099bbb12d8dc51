// The plan of a round: every choice is made in advance, from the seed alone.

#ifndef TALLYMAN_TOOLS_CHAOS_PLAN_H_
#define TALLYMAN_TOOLS_CHAOS_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {

// The processes of the stack.
const std::vector<harness::ProcessSpec>& Processes();

// True if instances of the process end by themselves: its state keeps changing.
bool EndsByItself(std::string_view process);

struct PlannedRequest {
  enum class Kind { kScale, kRestart, kPause, kResume };
  Kind kind = Kind::kScale;
  size_t process = 0;  // An index of Processes().
  int64_t count = 0;   // kScale
  // Sent with an Idempotency-Key, and repeated after the restart.
  bool repeated = false;
  absl::Duration delay;  // Before the request.
};

// The driver kills an instance itself.
struct InstanceKill {
  size_t after_request = 0;  // An index of Plan::requests.
  size_t process = 0;        // An index of Processes().
  size_t choice = 0;         // An index of its instances, modulo their number.
};

enum class Victim {
  kNone,
  kServer,
  kKeeper,
  kServerThenKeeper,
  kKeeperThenServer,
};

struct Plan {
  int round = 0;
  std::vector<PlannedRequest> requests;
  std::optional<InstanceKill> instance_kill;

  // TALLYMAN_FAULT of the server in this round, such as "start.held:3"; "":
  // none, and the driver kills `victim` instead.
  std::string fault;
  Victim victim = Victim::kNone;
  absl::Duration kill_delay;  // After the first request.
  absl::Duration kill_gap;    // Between the two victims.

  // With a fault: the previous server is stopped, not killed.
  bool stops_before_fault = false;
  // Paused processes are resumed once the desired state is reached.
  bool resumes = false;

  bool fault_is_of_keeper() const { return fault.starts_with("keeper."); }
};

// Equal arguments give equal plans, on every machine.
Plan MakePlan(uint64_t seed, int round);

// One line.
std::string Describe(const Plan& plan);
std::string_view VictimName(Victim victim);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_PLAN_H_
