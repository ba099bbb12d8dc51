#include "api/stacks/event_query.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/description/parameter.h"
#include "api/http/params.h"
#include "platform/base/text.h"
#include "stacks/model/event.h"

namespace tallyman::api {

std::optional<int64_t> ParseEventId(std::string_view text) {
  int64_t id = 0;
  // SimpleAtoi() takes signs and spaces.
  if (text.empty() || !absl::c_all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &id)) {
    return std::nullopt;
  }
  return id;
}

absl::StatusOr<EventQuery> ParseEventQuery(const Params& params) {
  EventQuery query;
  if (const auto kinds = Read(params, kKindParameter)) {
    for (const std::string_view name : absl::StrSplit(*kinds, ',')) {
      const std::optional<stacks::EventKind> kind =
          stacks::ParseEventKind(name);
      if (!kind) {
        return absl::InvalidArgumentError(absl::StrCat(
            kKindParameter.name, ": ", base::Quote(name), " is none of ",
            absl::StrJoin(kEventKindItem.values(), ", ")));
      }
      query.filter.kinds.push_back(*kind);
    }
  }
  if (const auto process = Read(params, kEventProcessParameter)) {
    if (process->empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          kEventProcessParameter.name, ": is empty; leave it out"));
    }
    query.filter.process = std::string(*process);
  }
  if (const auto after = Read(params, kAfterParameter)) {
    query.is_from_now = *after == "now";
    if (!query.is_from_now) {
      query.after = ParseEventId(*after);
      if (!query.after) {
        return absl::InvalidArgumentError(
            absl::StrCat(kAfterParameter.name, ": ", base::Quote(*after),
                         " is neither the id of an event nor \"now\""));
      }
    }
  }
  return query;
}

}  // namespace tallyman::api
