// All processes of the machine, from the stream of their differences, with
// their shares of the processors.
//
//   ProcessTable table;
//   table.Replace(snapshot);
//   table.Change(difference);
//   for (ProcessRecord* record : table.records()) ...

#ifndef TALLYMAN_TALLY_TOP_MODEL_PROCESS_TABLE_H_
#define TALLYMAN_TALLY_TOP_MODEL_PROCESS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "tally/top/model/host_process.h"

namespace tallyman::tally {

struct ProcessRecord {
  static constexpr size_t kNoRank = std::numeric_limits<size_t>::max();

  HostProcess process;
  // Of one processor between the last two scans; NaN: not in two scans yet.
  double share = std::numeric_limits<double>::quiet_NaN();
  std::string text;  // SearchableText().

  // The rest is written by Arrange() (process_arrangement.h).
  size_t rank = kNoRank;  // The place in a held order.
  bool is_match = true;
  bool has_match = true;  // It matches, or a descendant does.
  ProcessRecord* parent = nullptr;
  std::vector<ProcessRecord*> children;
  double share_sum = std::numeric_limits<double>::quiet_NaN();
  int64_t memory_sum = 0;  // With all descendants.
  // One letter for each level above: "│", "├", "└" or " " in UTF-8.
  std::string guides;
  bool is_open = false;  // Its children are shown.
  // What it is sorted by.
  bool is_sortable = false;
  double sort_number = 0;
  std::string sort_text;
};

// Not thread-safe. Records stay at their address as long as their process is in
// the table.
class ProcessTable {
 public:
  // Takes all processes in place of those that the table has.
  void Replace(ProcessSnapshot snapshot);

  // Takes what differs since the last scan. Processes that the table does not
  // have are ignored.
  void Change(const ProcessDifference& difference);

  // No scan of the last intervals found a difference: nothing uses a processor.
  // False if no share changes by that.
  bool Quiet();

  // False before the first scan.
  bool has_scan() const { return time_ != absl::InfinitePast(); }

  // In the order that the last Arrange() gave them; later ones at the end.
  std::vector<ProcessRecord*>& records() { return records_; }
  const std::vector<ProcessRecord*>& records() const { return records_; }

  // nullptr if there is none.
  const ProcessRecord* Find(int64_t pid) const;

  // The parent of a process, its parent, and so on.
  std::vector<const ProcessRecord*> Ancestors(const HostProcess& process) const;

 private:
  absl::flat_hash_map<int64_t, std::unique_ptr<ProcessRecord>> by_pid_;
  std::vector<ProcessRecord*> records_;
  absl::Time time_ = absl::InfinitePast();  // When the last scan began.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_PROCESS_TABLE_H_
