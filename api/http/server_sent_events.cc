#include "api/http/server_sent_events.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace tallyman::api {

void AppendStreamBegin(std::optional<int64_t> id, std::string& out) {
  out += "retry: 2000\n";
  if (id) absl::StrAppend(&out, "id: ", *id, "\n");
  out += "\n";
}

void AppendStreamKeepAlive(std::optional<int64_t> id, std::string& out) {
  out += ": keep-alive\n";
  if (id) absl::StrAppend(&out, "id: ", *id, "\n");
  out += "\n";
}

}  // namespace tallyman::api
