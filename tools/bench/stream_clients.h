// Many clients that each read a stream of one server.

#ifndef TALLYMAN_TOOLS_BENCH_STREAM_CLIENTS_H_
#define TALLYMAN_TOOLS_BENCH_STREAM_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/http_load.h"
#include "tools/crowd/crowd.h"

namespace tallyman::bench {

inline constexpr size_t kStreamClients = 1'000;
// For all of them to connect, and for the bytes of one measurement to arrive.
inline constexpr absl::Duration kStreamTimeout = absl::Seconds(30);

// kStreamClients clients; they count the bytes `marker` that arrive. `headers`
// are added to the request, each with its end of line.
absl::StatusOr<std::unique_ptr<crowd::Crowd>> StartStreamClients(
    const HttpTarget& target, char marker, std::string_view headers = "");

// Waits until `expected` markers have arrived at all clients together; looks
// each 100 us. Internal if there are more; DeadlineExceeded after
// kStreamTimeout; Cancelled.
absl::Status AwaitMarkers(const crowd::Crowd& clients, int64_t expected);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_STREAM_CLIENTS_H_
