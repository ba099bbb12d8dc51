#include "tally/logs/log_selection.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {
namespace {

// "worker" and 2, of "worker.2"; nullopt if it has no such end.
std::optional<std::pair<std::string, int64_t>> SplitInstance(
    std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(dot + 1);
  int64_t instance = 0;
  if (!absl::c_all_of(digits, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &instance)) {
    return std::nullopt;
  }
  return std::pair(std::string(name.substr(0, dot)), instance);
}

std::vector<int64_t> PresentInstances(const Json& process) {
  std::vector<int64_t> numbers;
  const Json& instances = MemberOf(process, "instances");
  if (!instances.is_array()) return numbers;
  for (const Json& instance : instances) {
    if (const auto number = NumberOf(instance, "instance")) {
      numbers.push_back(*number);
    }
  }
  absl::c_sort(numbers);
  return numbers;
}

}  // namespace

absl::StatusOr<std::vector<LogSource>> SelectLogs(
    Api& api, const StackRef& stack, const std::vector<std::string>& names) {
  const absl::StatusOr<std::vector<Json>> processes =
      api.List(StackPath(stack, "/processes"));
  if (!processes.ok()) return processes.status();
  std::vector<std::string> known;
  known.reserve(processes->size());
  for (const Json& process : *processes) {
    known.push_back(TextOf(process, "name"));
  }
  std::set<std::string> whole;
  std::map<std::string, std::set<int64_t>> single;
  for (const std::string& name : names) {
    const auto split = SplitInstance(name);
    if (absl::c_linear_search(known, name)) {
      whole.insert(name);
    } else if (split && absl::c_linear_search(known, split->first)) {
      single[split->first].insert(split->second);
    } else {
      return absl::NotFoundError(absl::StrCat(
          "no process ", base::Quote(name), " in ", stack.label,
          known.empty()
              ? ", which has none"
              : absl::StrCat("; there are ", absl::StrJoin(known, ", "))));
    }
  }
  std::vector<LogSource> sources;
  for (const Json& process : *processes) {
    const std::string name = TextOf(process, "name");
    const auto chosen = single.find(name);
    if (names.empty() || whole.contains(name)) {
      sources.push_back(
          {.process = name, .instances = PresentInstances(process)});
    } else if (chosen != single.end()) {
      sources.push_back(
          {.process = name,
           .is_exact = true,
           .instances = {chosen->second.begin(), chosen->second.end()}});
    }
  }
  return sources;
}

}  // namespace tallyman::tally
