#include "stacks/model/registry.h"

#include <memory>
#include <string_view>

namespace tallyman::stacks {

const DesiredProcess* Stack::Find(std::string_view process) const {
  for (const std::shared_ptr<const DesiredProcess>& desired : processes) {
    if (desired->definition.name == process) return desired.get();
  }
  return nullptr;
}

std::string_view ActionKindName(ActionKind kind) {
  switch (kind) {
    case ActionKind::kProcessScale:
      return "Process_scale";
    case ActionKind::kProcessRestart:
      return "Process_restart";
    case ActionKind::kProcessPause:
      return "Process_pause";
    case ActionKind::kProcessResume:
      return "Process_resume";
    case ActionKind::kProcessSignal:
      return "Process_signal";
    case ActionKind::kRestart:
      return "Restart";
    case ActionKind::kStackDelete:
      return "Stack_delete";
  }
  return "unknown";
}

const Stack* RegistrySnapshot::FindStack(std::string_view uid) const {
  for (const std::shared_ptr<const Stack>& stack : stacks) {
    if (stack->uid == uid) return stack.get();
  }
  return nullptr;
}

const Server* RegistrySnapshot::FindServer(std::string_view uid) const {
  for (const std::shared_ptr<const Server>& server : servers) {
    if (server->uid == uid) return server.get();
  }
  return nullptr;
}

std::string_view RegistrySnapshot::ServerName(std::string_view uid) const {
  const Server* const server = FindServer(uid);
  return server == nullptr ? uid : std::string_view{server->name};
}

}  // namespace tallyman::stacks
