// What is to happen in a round: all of it chosen before, from the seed alone.

#ifndef TALLYMAN_TOOLS_CHAOS_PLAN_H_
#define TALLYMAN_TOOLS_CHAOS_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tools/chaos/api_client.h"

namespace tallyman::chaos {

// The processes of the stack.
const std::vector<ProcessSpec>& Processes();

// Whether instances of it end by themselves, so that nothing about it is still.
bool EndsByItself(std::string_view process);

struct PlannedRequest {
  enum class Kind { kScale, kRestart, kPause, kResume };
  Kind kind = Kind::kScale;
  size_t process = 0;  // Its place in Processes().
  int64_t count = 0;   // kScale
  // With an Idempotency-Key, and repeated once the server is there again.
  bool repeated = false;
  absl::Duration delay;  // Before it.
};

// An instance that the driver kills itself.
struct InstanceKill {
  size_t after_request = 0;
  size_t process = 0;
  size_t choice = 0;  // The choice-th of those there are, modulo their number.
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

  // The TALLYMAN_FAULT of the server in this round, as "start.held:3"; "" is
  // none, then:
  std::string fault;
  Victim victim = Victim::kNone;
  absl::Duration kill_delay;  // After the first request.
  absl::Duration kill_gap;    // Between the two victims.

  // Before a round with a fault the present server is stopped, not killed.
  bool stops_before_fault = false;
  // Paused processes are resumed once all is well.
  bool resumes = false;

  bool fault_is_of_keeper() const { return fault.starts_with("keeper."); }
};

// The same for the same arguments, on every machine.
Plan MakePlan(uint64_t seed, int round);

// In one line.
std::string Describe(const Plan& plan);
std::string_view VictimName(Victim victim);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_PLAN_H_
