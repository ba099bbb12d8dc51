#include "tally/top/model/stack_values.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"

namespace tallyman::tally {
namespace {

int64_t CountAt(const ServerCounts& counts, const std::string& server) {
  const auto it = counts.find(server);
  return it == counts.end() ? 0 : it->second;
}

}  // namespace

std::vector<ServerRow> RowsOf(const StackProcess& process,
                              const std::vector<StackServer>& servers) {
  std::vector<ServerRow> rows;
  const auto add = [&](const std::string& name, const std::string& uid) {
    if (absl::c_any_of(
            rows, [&](const ServerRow& row) { return row.name == name; })) {
      return;
    }
    rows.push_back({.name = name,
                    .uid = uid,
                    .running = CountAt(process.running, name),
                    .paused = CountAt(process.paused, name),
                    .wanted = CountAt(process.desired, name)});
  };
  for (const StackServer& server : servers) add(server.name, server.uid);
  // A request may name a server by its name, too.
  for (const auto& [name, count] : process.desired) add(name, name);
  for (const auto& [name, count] : process.running) add(name, name);
  return rows;
}

int64_t Sum(const ServerCounts& counts) {
  int64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

std::string StateOfStack(const Stack& stack) {
  constexpr std::array<std::string_view, 7> kWorstFirst = {
      "crash-looping", "degraded", "starting", "stopping",
      "running",       "paused",   "stopped"};
  for (const std::string_view state : kWorstFirst) {
    if (absl::c_any_of(stack.processes, [&](const StackProcess& process) {
          return process.state == state;
        })) {
      return std::string(state);
    }
  }
  return "stopped";
}

}  // namespace tallyman::tally
