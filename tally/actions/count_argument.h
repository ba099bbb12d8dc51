// The counts of `tally scale`, as people write them:
//
//   worker=4               four on the only server, or on that of --server
//   worker=+2  worker=-1   two more, one less; also [+2], [-1]
//   worker=4@a,2@b         four on the server a, two on b
//   @a:worker=4            the same as worker=4@a
//
//   ARGUMENT = ["@" SERVER ":"] PROCESS "=" COUNT *("," COUNT)
//   COUNT    = NUMBER ["@" SERVER]
//   NUMBER   = DIGITS / "+" DIGITS / "-" DIGITS / "[" NUMBER "]"
//
// A server is given in front or behind, not both; several counts need one
// behind each. Thread-safe.
//
// Example: tally/actions/count_argument_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_COUNT_ARGUMENT_H_
#define TALLYMAN_TALLY_ACTIONS_COUNT_ARGUMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::tally {

// One count for one process on one server. A value type.
struct CountArgument {
  std::string process;
  std::string server;  // Name or uid; "": none was given.
  int64_t number = 0;  // Negative only if relative.
  bool is_relative = false;
};

// The counts of one argument, at least one. InvalidArgument quotes it and says
// what is wrong.
absl::StatusOr<std::vector<CountArgument>> ParseCountArgument(
    std::string_view text);

// The same without PROCESS and "=", for `process`.
absl::StatusOr<std::vector<CountArgument>> ParseCountsOf(
    std::string_view process, std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_COUNT_ARGUMENT_H_
