#include "tally/top/model/process_arrangement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {
namespace {

double AddKnown(double a, double b) {
  if (std::isnan(a)) return b;
  return std::isnan(b) ? a : a + b;
}

// Finds the parents. Returns all records, parents before their children.
std::vector<ProcessRecord*> LinkParents(
    const std::vector<ProcessRecord*>& records) {
  absl::flat_hash_map<int64_t, ProcessRecord*> by_pid;
  for (ProcessRecord* record : records) {
    record->parent = nullptr;
    record->children.clear();
    by_pid[record->process.pid] = record;
  }
  std::vector<ProcessRecord*> ordered;
  for (ProcessRecord* record : records) {
    const int64_t ppid = record->process.ppid;
    const auto it = by_pid.find(ppid);
    if (ppid > 0 && ppid != record->process.pid && it != by_pid.end()) {
      record->parent = it->second;
      record->parent->children.push_back(record);
    } else {
      ordered.push_back(record);
    }
  }
  const auto add_children = [&](size_t begin) {
    for (size_t i = begin; i < ordered.size(); ++i) {
      ordered.insert(ordered.end(), ordered[i]->children.begin(),
                     ordered[i]->children.end());
    }
  };
  add_children(0);
  if (ordered.size() < records.size()) {
    // Parents in a circle: pids that were used again during a scan. Their
    // processes become roots without children.
    const absl::flat_hash_set<ProcessRecord*> reached(ordered.begin(),
                                                      ordered.end());
    for (ProcessRecord* record : records) {
      if (reached.contains(record)) continue;
      record->parent = nullptr;
      record->children.clear();
      ordered.push_back(record);
    }
  }
  return ordered;
}

void SumUp(const std::vector<ProcessRecord*>& records) {
  const std::vector<ProcessRecord*> ordered = LinkParents(records);
  for (ProcessRecord* record : records) {
    record->share_sum = record->share;
    record->has_match = record->is_match;
  }
  for (auto it = ordered.rbegin(); it != ordered.rend(); ++it) {
    const ProcessRecord& record = **it;
    if (record.parent == nullptr) continue;
    ProcessRecord& parent = *record.parent;
    parent.share_sum = AddKnown(parent.share_sum, record.share_sum);
    parent.memory_sum += record.memory_sum;
    parent.has_match = parent.has_match || record.has_match;
  }
}

void Sort(const SortOrder& order, bool is_tree, const StackNames& names,
          std::vector<ProcessRecord*>& records) {
  for (ProcessRecord* record : records) {
    SetSortValue(order.column, is_tree, names, *record);
  }
  absl::c_sort(records, [&](const ProcessRecord* a, const ProcessRecord* b) {
    if (a->is_sortable != b->is_sortable) return a->is_sortable;
    if (a->is_sortable) {
      if (a->sort_number != b->sort_number) {
        return (a->sort_number < b->sort_number) != order.is_descending;
      }
      if (const int by_text = a->sort_text.compare(b->sort_text);
          by_text != 0) {
        return (by_text < 0) != order.is_descending;
      }
    }
    // More memory is of more interest, also before the first shares are known.
    if (a->memory_sum != b->memory_sum) return a->memory_sum > b->memory_sum;
    return a->process.pid < b->process.pid;
  });
}

// The rows of the tree; `records` are sorted.
std::vector<ProcessRecord*> Flatten(
    const absl::flat_hash_set<ProcessId>& closed,
    const std::vector<ProcessRecord*>& records) {
  std::vector<ProcessRecord*> pending;  // The next one last.
  for (ProcessRecord* record : records) record->children.clear();
  for (ProcessRecord* record : records) {
    if (!record->has_match) continue;
    if (record->parent == nullptr) {
      pending.push_back(record);
    } else {
      record->parent->children.push_back(record);
    }
  }
  absl::c_reverse(pending);
  std::vector<ProcessRecord*> rows;
  rows.reserve(records.size());
  while (!pending.empty()) {
    ProcessRecord& record = *pending.back();
    pending.pop_back();
    rows.push_back(&record);
    if (record.parent == nullptr) record.guides.clear();
    record.is_open =
        !record.children.empty() && !closed.contains(IdOf(record.process));
    if (!record.is_open) continue;
    const std::string above =
        absl::StrReplaceAll(record.guides, {{"├", "│"}, {"└", " "}});
    for (ProcessRecord* child : record.children) {
      const bool is_last = child == record.children.back();
      child->guides = absl::StrCat(above, is_last ? "└" : "├");
    }
    pending.insert(pending.end(), record.children.rbegin(),
                   record.children.rend());
  }
  return rows;
}

}  // namespace

std::vector<ProcessRecord*> Arrange(const Arrangement& arrangement,
                                    const StackNames& names,
                                    std::vector<ProcessRecord*>& records) {
  const bool is_tree = arrangement.is_tree;
  for (ProcessRecord* record : records) {
    std::string_view stack_name;
    if (const auto it = names.find(record->process.stack); it != names.end()) {
      stack_name = it->second;
    }
    record->is_match = arrangement.search.Matches({.process = record->process,
                                                   .text = record->text,
                                                   .share = record->share,
                                                   .stack_name = stack_name});
    record->memory_sum = std::max<int64_t>(0, record->process.memory);
  }
  if (is_tree) SumUp(records);
  if (arrangement.is_held) {
    absl::c_sort(records, [](const ProcessRecord* a, const ProcessRecord* b) {
      return std::tie(a->rank, a->process.pid) <
             std::tie(b->rank, b->process.pid);
    });
  } else {
    Sort(arrangement.order, is_tree, names, records);
  }
  if (is_tree) return Flatten(arrangement.closed, records);
  std::vector<ProcessRecord*> rows;
  absl::c_copy_if(records, std::back_inserter(rows),
                  [](const ProcessRecord* record) { return record->is_match; });
  return rows;
}

void HoldOrder(const std::vector<ProcessRecord*>& records) {
  for (size_t i = 0; i < records.size(); ++i) records[i]->rank = i;
}

ProcessSummary Summarize(const std::vector<ProcessRecord*>& records) {
  ProcessSummary summary;
  summary.all = static_cast<int64_t>(records.size());
  for (const ProcessRecord* record : records) {
    if (!record->is_match) continue;
    ++summary.count;
    if (record->process.state == "running") ++summary.running;
    summary.threads += std::max<int64_t>(0, record->process.num_threads);
    summary.memory += std::max<int64_t>(0, record->process.memory);
    summary.share = AddKnown(summary.share, record->share);
  }
  return summary;
}

}  // namespace tallyman::tally
