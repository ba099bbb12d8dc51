#include "tally/top/model/stack_rows.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {
namespace {

void AddProcess(const Stack& stack, const StackProcess& process, bool is_open,
                std::vector<StackRow>& rows) {
  const std::vector<ServerRow> servers = RowsOf(process, stack.servers);
  StackRow row{
      .kind = StackRow::Kind::kProcess, .stack = &stack, .process = &process};
  if (!servers.empty()) row.server = servers.front();
  rows.push_back(row);
  if (servers.size() > 1) {
    for (const ServerRow& server : servers) {
      rows.push_back({.kind = StackRow::Kind::kServer,
                      .stack = &stack,
                      .process = &process,
                      .server = server});
    }
  }
  const bool is_troubled = process.state == "crash-looping" ||
                           process.state == "degraded" ||
                           process.state == "starting";
  if (is_troubled && !process.last_exit.empty()) {
    std::string text = process.last_exit;
    if (!process.last_output.empty()) {
      absl::StrAppend(&text, ": ", process.last_output);
    }
    rows.push_back({.kind = StackRow::Kind::kTrouble,
                    .stack = &stack,
                    .process = &process,
                    .text = std::move(text)});
  }
  if (!is_open) return;
  if (process.instances.empty()) {
    rows.push_back({.kind = StackRow::Kind::kMessage,
                    .stack = &stack,
                    .process = &process,
                    .text = "no instances"});
  }
  for (const StackInstance& instance : process.instances) {
    const auto server = absl::c_find_if(servers, [&](const ServerRow& one) {
      return one.name == instance.server;
    });
    StackRow one{.kind = StackRow::Kind::kInstance,
                 .stack = &stack,
                 .process = &process,
                 .instance = &instance};
    if (server != servers.end()) one.server = *server;
    rows.push_back(std::move(one));
  }
}

}  // namespace

bool OpenRows::IsOpen(const StackRow& row) const {
  if (row.process == nullptr) return !closed_stacks.contains(row.stack->uid);
  return open_processes.contains({row.stack->uid, row.process->name});
}

void OpenRows::Toggle(const StackRow& row) {
  if (row.process == nullptr) {
    if (closed_stacks.erase(row.stack->uid) == 0) {
      closed_stacks.insert(row.stack->uid);
    }
    return;
  }
  const std::pair<std::string, std::string> key = {row.stack->uid,
                                                   row.process->name};
  if (open_processes.erase(key) == 0) open_processes.insert(key);
}

std::vector<StackRow> BuildStackRows(const std::vector<Stack>& stacks,
                                     const std::vector<TrackedAction>& actions,
                                     const OpenRows& open) {
  std::vector<StackRow> rows;
  for (const Stack& stack : stacks) {
    rows.push_back({.kind = StackRow::Kind::kStack, .stack = &stack});
    const auto add_actions = [&](auto&& belongs) {
      for (const TrackedAction& action : actions) {
        if (action.stack_uid == stack.uid && belongs(action)) {
          rows.push_back({.kind = StackRow::Kind::kAction,
                          .stack = &stack,
                          .action = &action});
        }
      }
    };
    if (open.closed_stacks.contains(stack.uid)) continue;
    add_actions([&](const TrackedAction& action) {
      return absl::c_none_of(stack.processes, [&](const StackProcess& process) {
        return process.name == action.summary.process;
      });
    });
    if (stack.processes.empty()) {
      rows.push_back({.kind = StackRow::Kind::kMessage,
                      .stack = &stack,
                      .text = stack.is_loaded ? "no processes" : "loading"});
    }
    for (const StackProcess& process : stack.processes) {
      AddProcess(stack, process,
                 open.open_processes.contains({stack.uid, process.name}), rows);
      const size_t first = rows.size();
      add_actions([&](const TrackedAction& action) {
        return action.summary.process == process.name;
      });
      for (size_t i = first; i < rows.size(); ++i) rows[i].process = &process;
    }
  }
  return rows;
}

}  // namespace tallyman::tally
