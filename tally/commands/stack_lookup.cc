#include "tally/commands/stack_lookup.h"

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/session.h"

namespace tallyman::tally {
namespace {

std::string Labels(const std::vector<StackRef>& stacks) {
  return absl::StrJoin(stacks, ", ",
                       [](std::string* out, const StackRef& stack) {
                         absl::StrAppend(out, stack.label);
                       });
}

}  // namespace

std::string StackPath(const StackRef& stack, std::string_view rest) {
  return absl::StrCat("/api/3/stacks/", PathPart(stack.uid), rest);
}

OptionSpec StackOption() {
  return {.name = "stack",
          .letter = 's',
          .value = "STACK",
          .help =
              "the stack: its name, NAME@ENVIRONMENT or its uid; without "
              "it that of TALLY_STACK, or the only one",
          .completes = Completes::kStack};
}

absl::StatusOr<std::vector<StackRef>> AllStacks(Api& api) {
  const absl::StatusOr<std::vector<Json>> list = api.List("/api/3/stacks");
  if (!list.ok()) return list.status();
  std::vector<StackRef> stacks;
  std::map<std::string, int> environments;
  for (const Json& item : *list) {
    StackRef stack{.uid = TextOf(item, "uid"),
                   .name = TextOf(item, "name"),
                   .environment = TextOf(item, "environment")};
    ++environments[stack.name];
    stacks.push_back(std::move(stack));
  }
  for (StackRef& stack : stacks) {
    stack.label = environments[stack.name] == 1
                      ? stack.name
                      : absl::StrCat(stack.name, "@", stack.environment);
  }
  absl::c_sort(stacks, [](const StackRef& a, const StackRef& b) {
    return std::tie(a.name, a.environment) < std::tie(b.name, b.environment);
  });
  return stacks;
}

absl::StatusOr<StackRef> FindStack(Api& api, std::string_view text) {
  absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(api);
  if (!stacks.ok()) return stacks.status();
  if (stacks->empty()) {
    return absl::NotFoundError(
        "there is no stack; `tally stacks create` and `tally stacks apply` "
        "make one");
  }
  std::vector<StackRef> fits;
  for (StackRef& stack : *stacks) {
    if (text.empty() || stack.uid == text || stack.name == text ||
        absl::StrCat(stack.name, "@", stack.environment) == text) {
      fits.push_back(stack);
    }
  }
  if (fits.size() == 1) return fits.front();
  if (fits.empty()) {
    return absl::NotFoundError(absl::StrCat("no stack ", base::Quote(text),
                                            "; there are ", Labels(*stacks)));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(text.empty() ? "which stack? Choose one with -s: "
                                : "several stacks have this name; choose one "
                                  "with -s: ",
                   Labels(fits)));
}

absl::StatusOr<StackRef> FindStack(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  std::string text = session.arguments().ValueOr("stack", "");
  if (text.empty()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    if (const char* const value = std::getenv("TALLY_STACK")) text = value;
  }
  return FindStack(**api, text);
}

}  // namespace tallyman::tally
