#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "api/host/process_filters.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "platform/process.h"
#include "re2/re2.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using platform::Process;
using platform::ProcessState;

// Processes with equal and different values, known and unknown.
std::vector<Process> Sample(std::string_view name) {
  return {{.pid = 1,
           .name = "init",
           .user = "root",
           .state = ProcessState::kSleeping,
           .num_threads = 1,
           .resident_bytes = 4096,
           .cgroup = "/system.slice/nginx.service"},
          {.pid = 2,
           .name = name,
           .arguments = name,
           .user = name,
           .state = ProcessState::kRunning,
           .num_threads = 8},
          {.pid = 3,
           .name = name,
           .user = "root",
           .state = ProcessState::kZombie,
           .resident_bytes = 0}};
}

bool HasWord(std::string_view list, std::string_view word) {
  const std::vector<std::string_view> words = absl::StrSplit(list, ',');
  return absl::c_linear_search(words, word);
}

// For the processes of Sample(), of which none belongs to a stack.
bool PassesUnitAndStack(const Params& params, const Process& process) {
  if (params.Get("stack")) return false;
  const auto unit = params.Get("unit");
  return !unit ||
         (!process.cgroup.empty() &&
          (HasWord(*unit, "nginx") || HasWord(*unit, "nginx.service")));
}

bool PassesMemory(const Params& params, const Process& process) {
  const auto least = params.Get("min_memory");
  return !least || process.resident_bytes >= *ParseByteSize(*least);
}

// The filters of `params` that need no expression.
bool Passes(const Params& params, const Process& process) {
  const auto user = params.Get("user");
  const auto state = params.Get("state");
  return (!user || HasWord(*user, process.user)) &&
         (!state || HasWord(*state, ProcessStateName(process.state))) &&
         PassesUnitAndStack(params, process) && PassesMemory(params, process);
}

// The expression of `params` for the name. RE2 itself is not under test, but
// its memory and the time that it takes are bounded.
bool PassesName(const Params& params, const Process& process) {
  const auto name = params.Get("name");
  if (!name) return true;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return RE2::PartialMatch(process.name, RE2(*name, options));
}

void TestOrder(const platform::ProcessQuery& query,
               const std::vector<Process>& processes) {
  for (const Process& a : processes) {
    CHECK(!query.order(a, a));
    for (const Process& b : processes) {
      CHECK(!(query.order(a, b) && query.order(b, a)));
      for (const Process& c : processes) {
        CHECK(!(query.order(a, b) && query.order(b, c)) || query.order(a, c));
      }
    }
  }
}

void TestQuery(const Params& params, std::string_view name) {
  const absl::StatusOr<ProcessListQuery> parsed =
      ProcessListQuery::Parse(params);
  if (!parsed.ok()) {
    fuzz::CheckClientError(parsed.status());
    return;
  }
  CHECK(!parsed->keys().empty());
  CHECK_LE(parsed->keys().size(), ProcessKeys().size());
  for (const ProcessKey* key : parsed->keys()) {
    const auto fields = params.Get("fields");
    CHECK(fields ? HasWord(*fields, key->name) : key->is_default);
  }
  const platform::ProcessQuery query = parsed->ToPlatform();
  const std::vector<Process> processes = Sample(name);
  for (const Process& process : processes) {
    CHECK_EQ(!query.condition || query.condition(process),
             Passes(params, process) && PassesName(params, process));
  }
  CHECK_EQ(static_cast<bool>(query.order), params.Get("sort").has_value());
  if (query.order) TestOrder(query, processes);
  CHECK_GE(query.limit, 1u);
  if (query.pids) {
    for (const int32_t pid : *query.pids) CHECK_GE(pid, 0);
  }
  CHECK_EQ(ProcessListQuery::Parse(params)->text(), parsed->text());
}

}  // namespace
}  // namespace tallyman::api

// A line with a query, then the name of processes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const auto params = tallyman::api::Params::Parse(input.TakeLine());
  tallyman::api::TestQuery(params, input.rest());
  return 0;
}
