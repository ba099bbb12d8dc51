// The plan of a scale: which counts change to what. No input or output.
//
//   absl::StatusOr<std::vector<ScaleWish>> wishes = GroupCounts(counts, ...);
//   absl::StatusOr<ScalePlan> plan = MakePlan(wishes->front(), process, {});
//
// Thread-safe.
//
// Example: tally/actions/scale_plan_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_SCALE_PLAN_H_
#define TALLYMAN_TALLY_ACTIONS_SCALE_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tally/actions/count_argument.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"
#include "tally/client/api.h"

namespace tallyman::tally {

// What is asked of one process.
struct ScaleWish {
  struct Count {
    ServerRef server;
    int64_t number = 0;
    bool is_relative = false;
  };

  std::string process;
  std::vector<Count> counts;  // At least one, each of another server.

  bool is_relative() const;
};

// The desired counts of one process before and after.
struct ScalePlan {
  struct Count {
    ServerRef server;
    int64_t before = 0;
    int64_t after = 0;
  };

  std::string process;
  std::vector<Count> counts;

  // A process that was desired on these servers would not be any more.
  bool stops_all() const;
};

// One wish for each process, in the order in which they are named first. A
// count without a server is for `default_server`, a name or uid; if that is ""
// too, for the only server. Errors are those of FindServer(), and
// InvalidArgument if a process has two counts for one server.
absl::StatusOr<std::vector<ScaleWish>> GroupCounts(
    const std::vector<CountArgument>& counts,
    const std::vector<ServerRef>& servers, std::string_view default_server);

// `process` is as it is now. `current`: the desired count that it must have on
// each server of the wish; FailedPrecondition if it has another. OutOfRange if
// a count would be negative.
absl::StatusOr<ScalePlan> MakePlan(const ScaleWish& wish,
                                   const ProcessView& process,
                                   std::optional<int64_t> current);

// The body of the request: {"process_name":...,"server_count":{UID:COUNT}}.
Json ScaleBody(const ScalePlan& plan);

// A line for each count: "worker: 2 -> 4, starts 2", with servers "worker on a:
// 2 -> 4, starts 2".
std::vector<std::string> DescribePlan(const ScalePlan& plan,
                                      bool names_servers);

// All counts in a line that GroupCounts() takes: "web=2 worker=4"; for several
// servers "@a:web=2 @a:worker=4 @b:web=0 @b:worker=0".
std::string DescribeFormation(const std::vector<ProcessView>& processes,
                              const std::vector<ServerRef>& servers);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_SCALE_PLAN_H_
