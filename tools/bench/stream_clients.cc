#include "tools/bench/stream_clients.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/crowd.h"
#include "tools/crowd/crowd_client.h"

namespace tallyman::bench {

absl::StatusOr<std::unique_ptr<crowd::Crowd>> StartStreamClients(
    const HttpTarget& target, char marker, std::string_view headers) {
  return crowd::Crowd::Start(
      {{.kind = crowd::ClientKind::kFollower,
        .port = target.port,
        .count = kStreamClients,
        .request = crowd::GetRequest(target.path, target.token, headers),
        .marker = marker}},
      {});
}

absl::Status AwaitMarkers(const crowd::Crowd& clients, int64_t expected) {
  using Clock = std::chrono::steady_clock;
  constexpr absl::Duration kPoll = absl::Microseconds(100);
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMilliseconds(kStreamTimeout);
  while (clients.counts().markers < expected) {
    if (Clock::now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(expected - clients.counts().markers,
                       " events of the streams do not arrive; ",
                       clients.counts().first_problem()));
    }
    if (absl::Status go_on = CheckInterruption(); !go_on.ok()) return go_on;
    absl::SleepFor(kPoll);
  }
  if (clients.counts().markers == expected) return absl::OkStatus();
  return absl::InternalError("events of the streams arrive more than once");
}

}  // namespace tallyman::bench
