// The lines of the list of stacks.

#ifndef TALLYMAN_TALLY_TOP_MODEL_STACK_ROWS_H_
#define TALLYMAN_TALLY_TOP_MODEL_STACK_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "tally/top/model/action_list.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {

// A line of the list.
struct StackRow {
  enum class Kind : uint8_t {
    kStack,
    kProcess,
    kServer,  // The counts of a process on one of several servers.
    kInstance,
    kTrouble,  // How an instance of the process ended last.
    kAction,
    kMessage,  // "has no processes"
  };
  Kind kind = Kind::kStack;
  const Stack* stack = nullptr;                    // Never null.
  const StackProcess* process = nullptr;           // Null for a stack.
  std::optional<ServerRow> server = std::nullopt;  // The target of + and -.
  const StackInstance* instance = nullptr;
  const TrackedAction* action = nullptr;
  std::string text = {};

  bool is_selectable() const { return kind <= Kind::kInstance; }
};

// Which rows show what is below them.
struct OpenRows {
  // Stacks, by uid, that hide their processes.
  absl::flat_hash_set<std::string> closed_stacks;
  // Processes, by uid and name, that show their instances.
  absl::flat_hash_set<std::pair<std::string, std::string>> open_processes;

  bool IsOpen(const StackRow& row) const;
  void Toggle(const StackRow& row);
};

// The rows point into `stacks` and `actions`.
std::vector<StackRow> BuildStackRows(const std::vector<Stack>& stacks,
                                     const std::vector<TrackedAction>& actions,
                                     const OpenRows& open);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_STACK_ROWS_H_
