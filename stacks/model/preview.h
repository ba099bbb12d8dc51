// What a change of a stack would do, as plain values.
//
// Example: stacks/registry/registry_preview_test.cc

#ifndef TALLYMAN_STACKS_MODEL_PREVIEW_H_
#define TALLYMAN_STACKS_MODEL_PREVIEW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stacks/model/registry.h"

namespace tallyman::stacks {

// One process on one server. The numbers follow from the desired counts; an
// instance that does not run at the moment counts like one that does.
struct ServerPreview {
  std::string server_uid;
  int64_t desired_before = 0;
  int64_t desired = 0;
  int64_t start = 0;    // New instances.
  int64_t stop = 0;     // Instances that go.
  int64_t restart = 0;  // Instances that stay, and get another definition.
};

enum class ProcessChange : uint8_t {
  kNone,  // Of the definition; the desired counts may change.
  kAdded,
  kChanged,
  kRemoved,
};
inline constexpr ProcessChange kLastProcessChange = ProcessChange::kRemoved;
// "none", "added", "changed", "removed".
std::string_view ProcessChangeName(ProcessChange change);

struct ProcessPreview {
  std::string name;
  ProcessChange change = ProcessChange::kNone;
  // kChanged: the keys of the definition that differ ("command", "env").
  std::vector<std::string_view> fields;
  std::vector<ServerPreview> servers;  // By uid.
};

struct Preview {
  // The stack as it would be: `deleting` if it would be removed. Its uid is ""
  // if it would be new.
  std::shared_ptr<const Stack> stack;
  std::vector<std::string_view> fields;  // "name", "environment": those that
                                         // differ from the present ones.
  // The processes that would change in their definition or in a desired count,
  // and all that a scale names. In the order of the new definition, then those
  // that it leaves out.
  std::vector<ProcessPreview> processes;
  std::vector<int64_t> superseded;  // Open actions that would end; by id.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_PREVIEW_H_
