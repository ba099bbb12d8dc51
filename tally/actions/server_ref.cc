#include "tally/actions/server_ref.h"

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

std::string Names(const std::vector<ServerRef>& servers) {
  return absl::StrJoin(servers, ", ",
                       [](std::string* out, const ServerRef& server) {
                         absl::StrAppend(out, server.name);
                       });
}

}  // namespace

absl::StatusOr<std::vector<ServerRef>> ListServers(
    Api& api, std::string_view stack_path) {
  const absl::StatusOr<std::vector<Json>> list =
      api.List(absl::StrCat(stack_path, "/servers"));
  if (!list.ok()) return list.status();
  std::vector<ServerRef> servers;
  servers.reserve(list->size());
  for (const Json& item : *list) {
    servers.push_back(
        {.uid = item.value("uid", ""), .name = item.value("name", "")});
  }
  absl::c_sort(servers, [](const ServerRef& a, const ServerRef& b) {
    return std::tie(a.name, a.uid) < std::tie(b.name, b.uid);
  });
  return servers;
}

absl::StatusOr<ServerRef> FindServer(const std::vector<ServerRef>& servers,
                                     std::string_view text) {
  std::vector<ServerRef> fits;
  for (const ServerRef& server : servers) {
    if (!text.empty() && server.uid == text) return server;
    if (text.empty() || server.name == text) fits.push_back(server);
  }
  if (fits.size() == 1) return fits.front();
  if (fits.empty()) {
    return absl::NotFoundError(absl::StrCat("no server ", base::Quote(text),
                                            "; there are ", Names(servers)));
  }
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("which server? There are ", Names(servers),
                     "; choose one with --server or, for a count, as in ",
                     "worker=4@", fits.front().name));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "several servers have the name ", base::Quote(text),
      "; choose one by its uid: ",
      absl::StrJoin(fits, ", ", [](std::string* out, const ServerRef& server) {
        absl::StrAppend(out, server.uid);
      })));
}

}  // namespace tallyman::tally
