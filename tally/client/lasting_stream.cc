#include "tally/client/lasting_stream.h"

#include <algorithm>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/client/http.h"
#include "tally/terminal/interrupt.h"

namespace tallyman::tally {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(250);
constexpr absl::Duration kLongestPause = absl::Seconds(10);

}  // namespace

absl::Status FollowStream(
    Api& api, const ApiRequest& request, std::string last_event_id,
    const std::function<bool(const StreamEvent& event)>& on_event,
    const std::function<void(const absl::Status& reason)>& on_lost) {
  bool was_open = false;
  bool is_lost = false;
  absl::Duration pause = kFirstPause;
  while (true) {
    const absl::Status status =
        api.StreamFrom(request, last_event_id, [&](const StreamEvent& event) {
          is_lost = false;
          pause = kFirstPause;
          return on_event(event);
        });
    if (status.ok() || absl::IsCancelled(status)) return status;
    was_open = was_open || status.GetPayload(kAnswerBegan).has_value();
    const bool can_pass =
        absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!can_pass || !was_open) return status;
    if (!is_lost) on_lost(status);
    is_lost = true;
    if (!SleepUnlessInterrupted(pause)) {
      return absl::CancelledError("interrupted");
    }
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace tallyman::tally
