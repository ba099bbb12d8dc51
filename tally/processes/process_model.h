// All processes of a stream of GET /server/processes?watch=, with their shares
// of the processor between the last two scans.
//
// Source: docs/process-streams.md.
//
// Example: tally/processes/process_model_test.cc

#ifndef TALLYMAN_TALLY_PROCESSES_PROCESS_MODEL_H_
#define TALLYMAN_TALLY_PROCESSES_PROCESS_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/processes/process_record.h"

namespace tallyman::tally {

// Not thread-safe.
class ProcessModel {
 public:
  // Takes an event of the stream; ignores types that it does not know.
  // InvalidArgument if it is not as the server writes it; the model is then
  // not usable any more.
  absl::Status Apply(std::string_view type, std::string_view data);

  // In no order. Valid until the next Apply().
  std::vector<ProcessRecord>& records() { return records_; }
  // When the last scan began; InfinitePast(): none came yet.
  absl::Time time() const { return time_; }

 private:
  void Replace(nlohmann::ordered_json& processes, absl::Duration span);
  absl::Status Change(nlohmann::ordered_json& difference, absl::Duration span);
  void Enter(nlohmann::ordered_json process);
  // The record of a process, or null.
  ProcessRecord* Find(const nlohmann::ordered_json& process);
  void Remove(const ProcessRecord& record);

  std::vector<ProcessRecord> records_;
  absl::flat_hash_map<int64_t, size_t> by_pid_;  // Indices of records_.
  absl::Time time_ = absl::InfinitePast();
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_PROCESSES_PROCESS_MODEL_H_
