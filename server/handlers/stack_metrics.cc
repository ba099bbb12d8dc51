#include "server/handlers/stack_metrics.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "api/metrics/metrics_writer.h"
#include "stacks/model/process_state.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/registry/sqlite_registry.h"

namespace tallyman::server {
namespace {

// One process on this server; each family has a sample of it.
struct Row {
  size_t labels_end = 0;  // In Table::labels; they begin at that of the last.
  stacks::InstanceCounts counts;
  stacks::LifeCounts life;
};

struct Table {
  // The rendered labels of all rows, one after the other.
  std::string labels;
  std::vector<Row> rows;
};

using Statuses =
    std::vector<std::pair<std::string_view, const stacks::ProcessStatus*>>;

// Sets `statuses` to those of the stack with the uid in `begin`, whose process
// is "", by process.
void FindStatuses(const stacks::StatusSnapshot& status,
                  const std::pair<std::string, std::string>& begin,
                  Statuses& statuses) {
  statuses.clear();
  for (auto at = status.processes.lower_bound(begin);
       at != status.processes.end() && at->first.first == begin.first; ++at) {
    statuses.emplace_back(at->first.second, at->second.get());
  }
}

// Null if the process has no instances.
const stacks::ProcessStatus* Find(const Statuses& statuses,
                                  std::string_view process) {
  const auto found =
      std::lower_bound(statuses.begin(), statuses.end(), process,
                       [](const auto& entry, std::string_view name) {
                         return entry.first < name;
                       });
  return found != statuses.end() && found->first == process ? found->second
                                                            : nullptr;
}

Table MakeTable(const stacks::RegistrySnapshot& registry,
                const stacks::StatusSnapshot& status) {
  Table table;
  size_t processes = 0;
  for (const auto& stack : registry.stacks) {
    processes += stack->processes.size();
  }
  table.rows.reserve(processes);
  Statuses statuses;
  std::pair<std::string, std::string> begin;
  std::string of_stack;  // The labels.
  std::string of_process;
  for (const auto& stack : registry.stacks) {
    begin.first = stack->uid;
    FindStatuses(status, begin, statuses);
    of_stack.clear();
    api::AppendLabel("stack", stack->name, of_stack);
    api::AppendLabel("environment", stack->environment, of_stack);
    for (const auto& process : stack->processes) {
      const std::string& name = process->definition.name;
      const auto desired = process->servers.find(status.server_uid);
      const stacks::ProcessStatus* const found = Find(statuses, name);
      of_process = of_stack;
      api::AppendLabel("process", name, of_process);
      table.labels.append(of_process);
      table.rows.push_back(
          {.labels_end = table.labels.size(),
           .counts = stacks::CountInstances(
               found,
               desired == process->servers.end() ? 0 : desired->second.count),
           .life = found == nullptr ? stacks::LifeCounts() : found->counts});
    }
  }
  return table;
}

void WriteFamily(const Table& table,
                 absl::FunctionRef<int64_t(const Row&)> value,
                 api::MetricsWriter& writer) {
  const std::string_view labels = table.labels;
  size_t begin = 0;
  for (const Row& row : table.rows) {
    writer.Sample(labels.substr(begin, row.labels_end - begin), value(row));
    begin = row.labels_end;
  }
}

void WriteStates(const Table& table, api::MetricsWriter& writer) {
  std::array<int64_t, std::size(stacks::kProcessStates)> counts = {};
  for (const Row& row : table.rows) {
    const auto* const state = std::find(std::begin(stacks::kProcessStates),
                                        std::end(stacks::kProcessStates),
                                        stacks::ProcessState(row.counts));
    if (state != std::end(stacks::kProcessStates)) {
      ++counts[static_cast<size_t>(state - stacks::kProcessStates)];
    }
  }
  writer.BeginGauge("tallyman_processes", "Processes of stacks by state.");
  for (size_t i = 0; i < counts.size(); ++i) {
    writer.Sample({{"state", stacks::kProcessStates[i]}}, counts[i]);
  }
}

// The bytes of a sample besides its labels, rounded up.
constexpr size_t kSampleBytes = 64;
constexpr size_t kFamilies = 5;

}  // namespace

void WriteStackMetrics(const stacks::RegistrySnapshot& registry,
                       const stacks::StatusSnapshot& status,
                       api::MetricsWriter& writer) {
  const Table table = MakeTable(registry, status);
  writer.Reserve(kFamilies *
                 (table.labels.size() + table.rows.size() * kSampleBytes));
  writer.BeginGauge("tallyman_stacks", "Stacks.");
  writer.Sample({}, static_cast<int64_t>(registry.stacks.size()));
  WriteStates(table, writer);
  writer.BeginGauge("tallyman_instances_desired",
                    "Instances that are desired on this server.");
  WriteFamily(
      table, [](const Row& row) { return row.counts.desired; }, writer);
  writer.BeginGauge("tallyman_instances_running",
                    "Instances whose program runs, also paused ones.");
  WriteFamily(
      table, [](const Row& row) { return row.counts.running; }, writer);
  writer.BeginCounter("tallyman_instance_restarts",
                      "Programs that ran again, after an end or by request.");
  WriteFamily(
      table, [](const Row& row) { return row.life.restarts; }, writer);
  writer.BeginCounter("tallyman_instance_exits",
                      "Programs that ended by themselves.");
  WriteFamily(
      table, [](const Row& row) { return row.life.exits; }, writer);
  writer.BeginCounter("tallyman_instance_start_failures",
                      "Programs that could not be executed.");
  WriteFamily(
      table, [](const Row& row) { return row.life.start_failures; }, writer);
}

void WriteActionMetrics(
    const stacks::RegistrySnapshot& registry,
    absl::FunctionRef<stacks::EndedActions(stacks::ActionKind)> ended,
    api::MetricsWriter& writer) {
  writer.BeginGauge("tallyman_actions_open", "Actions that have not ended.");
  writer.Sample({}, static_cast<int64_t>(registry.open.size()));
  writer.BeginCounter("tallyman_actions_ended",
                      "Actions that have ended, by kind and result.");
  for (size_t i = 0; i < stacks::kActionKinds; ++i) {
    const auto kind = static_cast<stacks::ActionKind>(i);
    const std::string_view name = stacks::ActionKindName(kind);
    const stacks::EndedActions count = ended(kind);
    writer.Sample({{"kind", name}, {"result", "success"}}, count.succeeded);
    writer.Sample({{"kind", name}, {"result", "failure"}}, count.failed);
  }
}

}  // namespace tallyman::server
