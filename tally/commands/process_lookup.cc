#include "tally/commands/process_lookup.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "tally/actions/process_view.h"
#include "tally/client/api.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {

absl::StatusOr<std::vector<ProcessView>> AllProcesses(Api& api,
                                                      const StackRef& stack) {
  const absl::StatusOr<std::vector<Json>> list =
      api.List(StackPath(stack, "/processes"));
  if (!list.ok()) return list.status();
  std::vector<ProcessView> processes;
  processes.reserve(list->size());
  for (const Json& json : *list) processes.push_back(ParseProcess(json));
  return processes;
}

absl::StatusOr<ProcessTarget> FindProcess(
    const std::vector<ProcessView>& processes, std::string_view text) {
  const auto find = [&](std::string_view name) {
    return absl::c_find_if(processes, [name](const ProcessView& process) {
      return process.name == name;
    });
  };
  if (const auto found = find(text); found != processes.end()) {
    return ProcessTarget{.process = *found};
  }
  const size_t dot = text.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    int64_t instance = 0;
    const auto found = find(text.substr(0, dot));
    if (found != processes.end() &&
        absl::c_all_of(digits, absl::ascii_isdigit) &&
        absl::SimpleAtoi(digits, &instance) && instance > 0) {
      return ProcessTarget{.process = *found, .instance = instance};
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "no process ", base::Quote(text), "; there are ",
      absl::StrJoin(processes, ", ",
                    [](std::string* out, const ProcessView& process) {
                      absl::StrAppend(out, process.name);
                    })));
}

}  // namespace tallyman::tally
