// A process of the machine as the server shows it, and what tally computes of
// it. Thread-safe.
//
// Example: tally/processes/process_filter_test.cc

#ifndef TALLYMAN_TALLY_PROCESSES_PROCESS_RECORD_H_
#define TALLYMAN_TALLY_PROCESSES_PROCESS_RECORD_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace tallyman::tally {

inline constexpr double kUnknownShare =
    std::numeric_limits<double>::quiet_NaN();

// A value type.
struct ProcessRecord {
  // An object with the requested keys of GET /server/processes.
  nlohmann::ordered_json p;
  // Of one processor: 1 is 100 %. NaN: unknown.
  double cpu = kUnknownShare;

  // The rest is of Arrange() (arrange.h).
  bool is_match = true;
  // With all descendants.
  int64_t memory_sum = 0;
  double cpu_sum = kUnknownShare;
  // One letter for each level of the tree above, at most the innermost twelve:
  // '|' an ancestor has further children, ' ' it has none, '+' the process has
  // siblings below it, '`' it is the last one.
  std::string guides = {};
};

// The names of stacks by their uids.
using StackNames = std::map<std::string, std::string, std::less<>>;

// The text at a key; "" if it is not there or unknown.
std::string_view TextOf(const ProcessRecord& record, std::string_view key);

// The number at a key; NaN if it is not there or unknown: -1, or null.
double NumberOf(const ProcessRecord& record, std::string_view key);

// The same for byte counts and ids; -1: unknown.
int64_t IntegerOf(const ProcessRecord& record, std::string_view key);

// When it started; InfinitePast(): unknown.
absl::Time StartOf(const ProcessRecord& record);

// A time as the server writes it, in ISO 8601; InfinitePast() if it is none.
absl::Time ParseServerTime(std::string_view text);

// Its average share of one processor since it started. NaN without
// `cpu_seconds` or `start_time`. The server's times have a resolution of a
// second, so one younger than that counts as a second old.
double AverageShare(const ProcessRecord& record, absl::Time now);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_PROCESSES_PROCESS_RECORD_H_
