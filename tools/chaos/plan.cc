#include "tools/chaos/plan.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {
namespace {

constexpr std::string_view kShortLived = "quick";

// Points of //platform/base:fault_injection that almost every round passes,
// some several times.
constexpr std::string_view kFaults[] = {
    "start.spawn",  "start.held",    "start.durable", "start.released",
    "stop.signal",  "stop.ended",    "stop.forget",   "action.finish",
    "keeper.spawn", "keeper.forked", "keeper.told",   "keeper.exit"};
constexpr uint64_t kMaxFaultCount = 5;
constexpr int64_t kMaxCount = 6;
constexpr int64_t kMaxKillDelayUs = 40'000;

// SplitMix64 (Steele, Lea, Flood 2014). The distributions of <random> differ
// between standard libraries; these numbers do not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // 0 to `sides` - 1.
  uint64_t Roll(uint64_t sides) { return Next() % sides; }
  int64_t Between(int64_t min, int64_t max) {
    return min +
           static_cast<int64_t>(Roll(static_cast<uint64_t>(max - min) + 1));
  }
  bool OneIn(uint64_t sides) { return Roll(sides) == 0; }

 private:
  uint64_t state_;
};

PlannedRequest MakeRequest(Dice& dice) {
  PlannedRequest request = {
      .process = dice.Roll(Processes().size()),
      .count = dice.Between(0, kMaxCount),
      .delay = absl::Microseconds(dice.OneIn(3) ? dice.Between(0, 10'000) : 0)};
  switch (dice.Roll(10)) {
    case 0:
      request.kind = PlannedRequest::Kind::kRestart;
      break;
    case 1:
      request.kind = PlannedRequest::Kind::kPause;
      break;
    case 2:
      request.kind = PlannedRequest::Kind::kResume;
      break;
    default:
      break;
  }
  return request;
}

Victim MakeVictim(Dice& dice) {
  // The server alone is twice as likely as each other choice.
  constexpr Victim kVictims[] = {
      Victim::kNone,   Victim::kServer,           Victim::kServer,
      Victim::kKeeper, Victim::kServerThenKeeper, Victim::kKeeperThenServer};
  return kVictims[dice.Roll(std::size(kVictims))];
}

std::string Describe(const PlannedRequest& request) {
  const std::string& name = Processes()[request.process].name;
  switch (request.kind) {
    case PlannedRequest::Kind::kScale:
      return absl::StrCat(name, "=", request.count,
                          request.repeated ? " (repeated)" : "");
    case PlannedRequest::Kind::kRestart:
      return absl::StrCat("restart ", name);
    case PlannedRequest::Kind::kPause:
      return absl::StrCat("pause ", name);
    case PlannedRequest::Kind::kResume:
      return absl::StrCat("resume ", name);
  }
  return "";
}

}  // namespace

const std::vector<harness::ProcessSpec>& Processes() {
  static const auto& processes = *new std::vector<harness::ProcessSpec>{
      {.name = "sleeper",
       .command = "sleep 100000",
       .stop_sequence = "term,10,kill"},
      {.name = "forker",
       .command = "sleep 100000 & sleep 100000 & wait",
       .stop_sequence = "term,10,kill"},
      {.name = std::string(kShortLived),
       .command = "sleep 0.2",
       .stop_sequence = "term,10,kill"},
      {.name = "deaf",
       .command = "trap '' TERM; exec sleep 100000",
       .stop_sequence = "term,0.05,kill"},
      {.name = "daemon",
       .command = "setsid sleep 100000 & wait",
       .stop_sequence = "term,10,kill"}};
  return processes;
}

bool EndsByItself(std::string_view process) { return process == kShortLived; }

Plan MakePlan(uint64_t seed, int round) {
  // A round does not depend on the rounds before.
  Dice dice(Dice(seed).Next() ^ Dice(static_cast<uint64_t>(round)).Next());
  Plan plan = {.round = round};
  const bool has_fault = dice.OneIn(2);
  int64_t requests = dice.Between(1, 4);
  if (has_fault) {
    plan.fault = absl::StrCat(kFaults[dice.Roll(std::size(kFaults))], ":",
                              1 + dice.Roll(kMaxFaultCount));
    plan.stops_before_fault = dice.OneIn(2);
    // More requests: the point is passed up to kMaxFaultCount times.
    requests += 4;
  } else {
    plan.victim = MakeVictim(dice);
    // Half of the kills come early, during the first requests.
    plan.kill_delay = absl::Microseconds(dice.Between(0, kMaxKillDelayUs) /
                                         (dice.OneIn(2) ? 8 : 1));
    plan.kill_gap =
        absl::Microseconds(dice.OneIn(2) ? dice.Between(0, 20'000) : 0);
  }
  plan.requests.reserve(static_cast<size_t>(requests));
  for (int64_t i = 0; i < requests; ++i) {
    plan.requests.push_back(MakeRequest(dice));
  }
  // No request follows the last one, so repeating it overrides no other.
  PlannedRequest& last = plan.requests.back();
  last.repeated = last.kind == PlannedRequest::Kind::kScale && dice.OneIn(3);
  if (dice.OneIn(4)) {
    plan.instance_kill = {.after_request = dice.Roll(plan.requests.size()),
                          .process = dice.Roll(Processes().size()),
                          .choice = dice.Roll(kMaxCount)};
  }
  plan.resumes = dice.OneIn(2);
  return plan;
}

std::string_view VictimName(Victim victim) {
  switch (victim) {
    case Victim::kNone:
      return "none";
    case Victim::kServer:
      return "server";
    case Victim::kKeeper:
      return "keeper";
    case Victim::kServerThenKeeper:
      return "server, then keeper";
    case Victim::kKeeperThenServer:
      return "keeper, then server";
  }
  return "";
}

std::string Describe(const Plan& plan) {
  std::string text = absl::StrCat("round ", plan.round, ": ");
  for (const PlannedRequest& request : plan.requests) {
    absl::StrAppend(&text, Describe(request), ", ");
  }
  if (plan.instance_kill) {
    absl::StrAppend(&text, "kill an instance of ",
                    Processes()[plan.instance_kill->process].name, ", ");
  }
  if (!plan.fault.empty()) {
    return absl::StrCat(text, "fault ", plan.fault, " after the server was ",
                        plan.stops_before_fault ? "stopped" : "killed");
  }
  return absl::StrCat(text, "victim: ", VictimName(plan.victim), ", after ",
                      absl::FormatDuration(plan.kill_delay), ", gap ",
                      absl::FormatDuration(plan.kill_gap));
}

}  // namespace tallyman::chaos
