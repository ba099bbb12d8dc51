#include "tally/top/source/top_json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/top/model/host_process.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"

namespace tallyman::tally {
namespace {

using Json = nlohmann::ordered_json;

// nullptr if there is none.
const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(std::string(key));
  return it == object.end() ? nullptr : &*it;
}

const Json& ListOf(const Json& object, std::string_view key) {
  static const Json& empty = *new Json(Json::array());
  const Json* const list = Find(object, key);
  return list != nullptr && list->is_array() ? *list : empty;
}

void Take(const Json& value, int64_t& member) {
  if (value.is_number_integer()) member = value.get<int64_t>();
}
void Take(const Json& value, double& member) {
  if (value.is_number()) member = value.get<double>();
}
void Take(const Json& value, std::string& member) {
  if (value.is_string()) member = value.get<std::string>();
}

HostPatch ReadPatch(const Json& object) {
  HostPatch patch;
  for (size_t i = 0; i < kHostFields.size(); ++i) {
    const Json* const value = Find(object, kHostFields[i].key);
    if (value == nullptr) continue;
    patch.present[i] = true;
    std::visit([&](auto member) { Take(*value, patch.values.*member); },
               kHostFields[i].member);
  }
  return patch;
}

std::optional<absl::Time> TimeOf(const Json& object, std::string_view key) {
  const std::string text = TextOf(object, key);
  absl::Time time;
  if (text.empty() ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return std::nullopt;
  }
  return time;
}

ServerCounts CountsOf(const Json& object, std::string_view key) {
  ServerCounts counts;
  const Json* const values = Find(object, key);
  if (values == nullptr || !values->is_object()) return counts;
  for (const auto& [name, count] : values->items()) {
    if (count.is_number_integer()) counts[name] = count.get<int64_t>();
  }
  return counts;
}

}  // namespace

int64_t IntegerOr(const Json& object, std::string_view key, int64_t unknown) {
  const Json* const value = Find(object, key);
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>()
                                                        : unknown;
}

std::optional<ProcessSnapshot> ReadSnapshot(const Json& data) {
  const std::optional<absl::Time> time = TimeOf(data, "time");
  if (!time) return std::nullopt;
  ProcessSnapshot snapshot{.time = *time, .processes = {}};
  for (const Json& process : ListOf(data, "processes")) {
    snapshot.processes.push_back(ReadPatch(process).values);
  }
  return snapshot;
}

std::optional<ProcessDifference> ReadDifference(const Json& data) {
  const std::optional<absl::Time> time = TimeOf(data, "time");
  if (!time) return std::nullopt;
  ProcessDifference difference{
      .time = *time, .entered = {}, .changed = {}, .gone = {}};
  for (const Json& process : ListOf(data, "entered")) {
    difference.entered.push_back(ReadPatch(process).values);
  }
  for (const Json& process : ListOf(data, "changed")) {
    difference.changed.push_back(ReadPatch(process));
  }
  for (const Json& process : ListOf(data, "gone")) {
    difference.gone.push_back({.pid = IntegerOr(process, "pid"),
                               .start_time = TextOf(process, "start_time")});
  }
  return difference;
}

ProcessDetails ReadDetails(const Json& process) {
  ProcessDetails details{
      .process = ReadPatch(process).values,
      .cgroup = TextOf(process, "cgroup"),
      .pss = IntegerOr(process, "pss", -1),
      .open_descriptors = IntegerOr(process, "open_descriptors", -1)};
  const Json* const listening = Find(process, "listening");
  details.knows_sockets = listening != nullptr && listening->is_array();
  for (const Json& socket : ListOf(process, "listening")) {
    details.listening.push_back({.protocol = TextOf(socket, "protocol"),
                                 .address = TextOf(socket, "address"),
                                 .port = IntegerOr(socket, "port")});
  }
  const Json* const names = Find(process, "environment_names");
  details.knows_environment = names != nullptr && names->is_array();
  for (const Json& name : ListOf(process, "environment_names")) {
    if (name.is_string()) {
      details.environment_names.push_back(name.get<std::string>());
    }
  }
  for (const Json& child : ListOf(process, "children")) {
    if (child.is_number_integer()) {
      details.children.push_back(child.get<int64_t>());
    }
  }
  return details;
}

Stack ReadStack(const Json& stack) {
  return {.uid = TextOf(stack, "uid"),
          .name = TextOf(stack, "name"),
          .environment = TextOf(stack, "environment")};
}

StackServer ReadServer(const Json& server) {
  return {.uid = TextOf(server, "uid"), .name = TextOf(server, "name")};
}

StackProcess ReadProcess(const Json& process) {
  StackProcess read{.name = TextOf(process, "name"),
                    .command = TextOf(process, "command"),
                    .running = CountsOf(process, "servers"),
                    .paused = CountsOf(process, "servers_pauses"),
                    .desired = CountsOf(process, "desired"),
                    .state = TextOf(process, "state"),
                    .last_exit = TextOf(process, "last_exit"),
                    .last_output = TextOf(process, "last_output")};
  for (const Json& instance : ListOf(process, "instances")) {
    read.instances.push_back(
        {.server = TextOf(instance, "server"),
         .number = IntegerOr(instance, "instance"),
         .state = TextOf(instance, "state"),
         .pid = IntegerOr(instance, "pid"),
         .started_at = TimeOf(instance, "started_at"),
         .restarts = IntegerOr(instance, "restarts"),
         .last_exit = TextOf(instance, "last_exit"),
         .last_exit_at = TimeOf(instance, "last_exit_at"),
         .last_output = TextOf(instance, "last_output"),
         .next_start_at = TimeOf(instance, "next_start_at")});
  }
  return read;
}

StackEvent ReadEvent(const Json& event) {
  return {.id = IntegerOr(event, "id"),
          .event = TextOf(event, "event"),
          .stack_uid = TextOf(event, "stack_uid"),
          .process = TextOf(event, "process"),
          .instance = IntegerOr(event, "instance"),
          .cause = TextOf(event, "cause"),
          .action_id = IntegerOr(event, "action_id")};
}

}  // namespace tallyman::tally
