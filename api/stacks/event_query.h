// Which events a request asks for, and from where on.

#ifndef TALLYMAN_API_STACKS_EVENT_QUERY_H_
#define TALLYMAN_API_STACKS_EVENT_QUERY_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"

namespace tallyman::api {

inline constexpr Schema kEventKindItem =
    OneOf(EnumNames<stacks::EventKindName, stacks::EventKind::kActionStarted,
                    stacks::kLastEventKind>,
          String("A kind.", "started"));
inline constexpr Parameter kKindParameter = {
    .name = "kind",
    .schema = Array("Only events of these kinds.", kEventKindItem)};
inline constexpr Parameter kEventProcessParameter = {
    .name = "process",
    .schema = String("Only events of instances of this process.", "web")};
inline constexpr Parameter kAfterParameter = {
    .name = "after",
    .schema = {.description = "Only events with a greater id. `now`, for a "
                              "stream: only those to come.",
               .pattern = "^(now|[0-9]+)$",
               .example = "41"}};
inline constexpr Parameter kLastEventHeader = {
    .name = "Last-Event-ID",
    .schema = String("For a stream: go on after this event.", "41")};

struct EventQuery {
  stacks::EventFilter filter;  // Without a stack.
  // At most one of both.
  std::optional<int64_t> after;
  bool is_from_now = false;
};

// InvalidArgument names the parameter.
absl::StatusOr<EventQuery> ParseEventQuery(const Params& params);

// The id that a client got last, as it sends it in Last-Event-ID; nullopt if no
// event has such an id.
std::optional<int64_t> ParseEventId(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_EVENT_QUERY_H_
