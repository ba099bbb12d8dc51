#include "tally/actions/process_view.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>()
                                                   : "";
}

int64_t NumberOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer()
             ? found->get<int64_t>()
             : 0;
}

void ReadCounts(const Json& json, const char* key, int64_t ServerCounts::*count,
                std::map<std::string, ServerCounts>& servers) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return;
  for (const auto& [server, value] : found->items()) {
    if (value.is_number_integer()) {
      servers[server].*count = value.get<int64_t>();
    }
  }
}

template <typename Items, typename Get>
int64_t Sum(const Items& items, Get get) {
  int64_t sum = 0;
  for (const auto& item : items) sum += get(item);
  return sum;
}

}  // namespace

int64_t ProcessView::desired() const {
  return Sum(servers,
             [](const ServerCounts& counts) { return counts.desired; });
}

int64_t ProcessView::running() const {
  return Sum(servers,
             [](const ServerCounts& counts) { return counts.running; });
}

int64_t ProcessView::restarts() const {
  return Sum(instances,
             [](const InstanceView& instance) { return instance.restarts; });
}

ServerCounts ProcessView::On(std::string_view server) const {
  for (const ServerCounts& counts : servers) {
    if (counts.server == server) return counts;
  }
  return {.server = std::string(server)};
}

ProcessView ParseProcess(const Json& json) {
  if (!json.is_object()) return {};
  ProcessView process{.name = TextOf(json, "name"),
                      .command = TextOf(json, "command"),
                      .state = TextOf(json, "state")};
  std::map<std::string, ServerCounts> servers;
  ReadCounts(json, "servers", &ServerCounts::running, servers);
  ReadCounts(json, "servers_pauses", &ServerCounts::paused, servers);
  ReadCounts(json, "desired", &ServerCounts::desired, servers);
  for (auto& [name, counts] : servers) {
    counts.server = name;
    process.servers.push_back(counts);
  }
  const auto instances = json.find("instances");
  if (instances == json.end() || !instances->is_array()) return process;
  for (const Json& instance : *instances) {
    process.instances.push_back({.server = TextOf(instance, "server"),
                                 .number = NumberOf(instance, "instance"),
                                 .state = TextOf(instance, "state"),
                                 .pid = NumberOf(instance, "pid"),
                                 .restarts = NumberOf(instance, "restarts")});
  }
  return process;
}

std::string DescribeCounts(const ProcessView& process) {
  std::vector<std::string> notes;
  if (process.servers.size() > 1) {
    for (const ServerCounts& counts : process.servers) {
      notes.push_back(absl::StrCat(counts.running, " on ", counts.server));
    }
  }
  const int64_t paused = Sum(process.servers, [](const ServerCounts& counts) {
    return counts.paused;
  });
  if (paused > 0) notes.push_back(absl::StrCat(paused, " paused"));
  return absl::StrCat(
      process.running(), " of ", process.desired(), " run",
      notes.empty() ? "" : absl::StrCat(" (", absl::StrJoin(notes, ", "), ")"));
}

}  // namespace tallyman::tally
