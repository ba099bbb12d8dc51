#include "stacks/model/process_state.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::stacks {
namespace {

bool Includes(std::string_view server_uid, std::string_view uid) {
  return server_uid.empty() || server_uid == uid;
}

void CountStatus(const ProcessStatus& status, InstanceCounts& counts) {
  counts.running = status.running;
  counts.paused = status.paused;
  for (const InstanceStatus& instance : status.instances) {
    switch (instance.state) {
      case InstanceState::kRunning:
      case InstanceState::kPaused:
        break;
      case InstanceState::kStarting:
        ++counts.starting;
        break;
      case InstanceState::kStopping:
        ++counts.stopping;
        break;
      case InstanceState::kWaiting:
        ++counts.waiting;
        break;
      case InstanceState::kCrashLooping:
        ++counts.crash_looping;
        break;
    }
  }
}

}  // namespace

InstanceCounts& InstanceCounts::operator+=(const InstanceCounts& other) {
  desired += other.desired;
  running += other.running;
  paused += other.paused;
  starting += other.starting;
  stopping += other.stopping;
  waiting += other.waiting;
  crash_looping += other.crash_looping;
  return *this;
}

InstanceCounts CountInstances(const Stack& stack, const DesiredProcess& process,
                              const StatusSnapshot& status,
                              std::string_view server_uid) {
  int64_t desired = 0;
  for (const auto& [uid, on_server] : process.servers) {
    if (Includes(server_uid, uid)) desired += on_server.count;
  }
  return CountInstances(FindStatus(stack, process, status, server_uid),
                        desired);
}

InstanceCounts CountInstances(const ProcessStatus* status, int64_t desired) {
  InstanceCounts counts = {.desired = desired};
  if (status != nullptr) CountStatus(*status, counts);
  return counts;
}

std::string_view ProcessState(const InstanceCounts& counts) {
  const int64_t ended = counts.waiting + counts.crash_looping;
  const int64_t present =
      counts.running + counts.starting + counts.stopping + ended;
  if (counts.desired == 0) return present == 0 ? "stopped" : "stopping";
  if (counts.running == 0 && counts.crash_looping > 0) return "crash-looping";
  if (counts.running > 0 && ended > 0) return "degraded";
  if (counts.running < counts.desired) return "starting";
  if (present > counts.desired) return "stopping";
  return counts.paused == counts.running ? "paused" : "running";
}

std::vector<ServerCounts> CountByServer(const Stack& stack,
                                        const DesiredProcess& process,
                                        const RegistrySnapshot& registry,
                                        const StatusSnapshot& status,
                                        std::string_view server_uid) {
  const ProcessStatus* const found =
      FindStatus(stack, process, status, server_uid);
  const std::string& here = status.server_uid;
  std::vector<ServerCounts> servers;
  servers.reserve(process.servers.size() + 1);
  bool has_here = false;
  const auto add = [&](std::string_view uid, int64_t desired) {
    ServerCounts counts = {.name = registry.ServerName(uid),
                           .desired = desired};
    if (uid == here) {
      has_here = true;
      if (found != nullptr) {
        counts.running = found->running;
        counts.paused = found->paused;
      }
    }
    if (counts.desired > 0 || counts.running > 0) servers.push_back(counts);
  };
  for (const auto& [uid, desired] : process.servers) {
    if (Includes(server_uid, uid)) add(uid, desired.count);
  }
  if (!has_here) add(here, 0);
  absl::c_sort(servers, [](const ServerCounts& a, const ServerCounts& b) {
    return a.name < b.name;
  });
  return servers;
}

bool IsDesiredOrRunning(const Stack& stack, const DesiredProcess& process,
                        const StatusSnapshot& status,
                        std::string_view server_uid) {
  const ProcessStatus* const found =
      FindStatus(stack, process, status, server_uid);
  if (found != nullptr && found->running > 0) return true;
  return absl::c_any_of(process.servers, [&](const auto& server) {
    return Includes(server_uid, server.first) && server.second.count > 0;
  });
}

const ProcessStatus* FindStatus(const Stack& stack,
                                const DesiredProcess& process,
                                const StatusSnapshot& status,
                                std::string_view server_uid) {
  if (!Includes(server_uid, status.server_uid)) return nullptr;
  return status.Find(stack.uid, process.definition.name);
}

}  // namespace tallyman::stacks
