#include "tally/commands/server_lookup.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/stack_lookup.h"

namespace tallyman::tally {

absl::StatusOr<std::string> FindServer(Api& api, const StackRef& stack,
                                       std::string_view text) {
  const absl::StatusOr<std::vector<Json>> servers =
      api.List(StackPath(stack, "/servers"));
  if (!servers.ok()) return servers.status();
  std::vector<std::string> names;
  std::vector<std::string> fits;
  for (const Json& server : *servers) {
    names.push_back(TextOf(server, "name"));
    const std::string uid = TextOf(server, "uid");
    if (uid == text) return uid;
    if (names.back() == text) fits.push_back(uid);
  }
  if (fits.size() == 1) return fits.front();
  if (fits.empty()) {
    return absl::NotFoundError(absl::StrCat("no server ", base::Quote(text),
                                            " in ", stack.label, "; there are ",
                                            absl::StrJoin(names, ", ")));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("several servers are called ", base::Quote(text),
                   "; give one of the uids ", absl::StrJoin(fits, ", ")));
}

}  // namespace tallyman::tally
