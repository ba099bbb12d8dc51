#include "tally/top/model/process_table.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_search.h"

namespace tallyman::tally {
namespace {

constexpr double kUnknownShare = std::numeric_limits<double>::quiet_NaN();
// A share over more time without scans than this says nothing about now.
constexpr absl::Duration kMaxSpan = absl::Seconds(30);
// Over less time than this it is too coarse: the clock of processes ticks each
// 10 ms.
constexpr absl::Duration kMinSpan = absl::Milliseconds(400);

double ShareOf(double before, double now, absl::Duration span) {
  if (before < 0 || now < 0 || span <= absl::ZeroDuration()) {
    return kUnknownShare;
  }
  return std::max(0.0, now - before) / absl::ToDoubleSeconds(span);
}

std::unique_ptr<ProcessRecord> MakeRecord(HostProcess process) {
  auto record = std::make_unique<ProcessRecord>();
  record->process = std::move(process);
  record->text = SearchableText(record->process);
  return record;
}

}  // namespace

void ProcessTable::Replace(ProcessSnapshot snapshot) {
  const absl::Duration span =
      has_scan() ? snapshot.time - time_ : absl::ZeroDuration();
  absl::flat_hash_map<int64_t, std::unique_ptr<ProcessRecord>> old =
      std::exchange(by_pid_, {});
  records_.clear();
  for (HostProcess& process : snapshot.processes) {
    const int64_t pid = process.pid;
    std::unique_ptr<ProcessRecord> record = MakeRecord(std::move(process));
    if (const auto it = old.find(pid);
        it != old.end() &&
        it->second->process.start_time == record->process.start_time) {
      const ProcessRecord& before = *it->second;
      record->rank = before.rank;
      if (span >= absl::ZeroDuration() && span < kMinSpan) {
        record->share = before.share;
      } else if (span <= kMaxSpan) {
        record->share = ShareOf(before.process.cpu_seconds,
                                record->process.cpu_seconds, span);
      }
    }
    ProcessRecord* const added = record.get();
    if (by_pid_.try_emplace(pid, std::move(record)).second) {
      records_.push_back(added);
    }
  }
  time_ = snapshot.time;
}

void ProcessTable::Change(const ProcessDifference& difference) {
  const absl::Duration span = difference.time - time_;
  time_ = difference.time;
  // The processes that are not among the changed ones were in this scan, too,
  // and used nothing.
  for (ProcessRecord* record : records_) {
    record->share =
        ShareOf(record->process.cpu_seconds, record->process.cpu_seconds, span);
  }
  for (const HostPatch& patch : difference.changed) {
    const auto it = by_pid_.find(patch.values.pid);
    if (it == by_pid_.end()) continue;
    ProcessRecord& record = *it->second;
    if (record.process.start_time != patch.values.start_time) continue;
    const double before = record.process.cpu_seconds;
    Apply(patch, record.process);
    record.share = ShareOf(before, record.process.cpu_seconds, span);
    record.text = SearchableText(record.process);
  }
  absl::flat_hash_set<const ProcessRecord*> gone;
  for (const ProcessId& id : difference.gone) {
    const auto it = by_pid_.find(id.pid);
    if (it != by_pid_.end() && IdOf(it->second->process) == id) {
      gone.insert(it->second.get());
    }
  }
  if (!gone.empty()) {
    std::erase_if(records_, [&](const ProcessRecord* record) {
      return gone.contains(record);
    });
    absl::erase_if(by_pid_, [&](const auto& one) {
      return gone.contains(one.second.get());
    });
    // Arrange() links them anew; until then no pointer may dangle.
    for (ProcessRecord* record : records_) {
      record->parent = nullptr;
      record->children.clear();
    }
  }
  for (const HostProcess& process : difference.entered) {
    std::unique_ptr<ProcessRecord> record = MakeRecord(process);
    ProcessRecord* const added = record.get();
    if (by_pid_.try_emplace(process.pid, std::move(record)).second) {
      records_.push_back(added);
    }
  }
}

bool ProcessTable::Quiet() {
  bool changes = false;
  for (ProcessRecord* record : records_) {
    if (!(record->share > 0)) continue;
    record->share = 0;
    changes = true;
  }
  return changes;
}

const ProcessRecord* ProcessTable::Find(int64_t pid) const {
  const auto it = by_pid_.find(pid);
  return it == by_pid_.end() ? nullptr : it->second.get();
}

std::vector<const ProcessRecord*> ProcessTable::Ancestors(
    const HostProcess& process) const {
  std::vector<const ProcessRecord*> ancestors;
  absl::flat_hash_set<int64_t> seen = {process.pid};
  for (int64_t pid = process.ppid; pid > 0 && seen.insert(pid).second;) {
    const ProcessRecord* const parent = Find(pid);
    if (parent == nullptr) break;
    ancestors.push_back(parent);
    pid = parent->process.ppid;
  }
  return ancestors;
}

}  // namespace tallyman::tally
