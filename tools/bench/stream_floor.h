// The least that sending the same bytes to many clients costs.

#ifndef TALLYMAN_TOOLS_BENCH_STREAM_FLOOR_H_
#define TALLYMAN_TOOLS_BENCH_STREAM_FLOOR_H_

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {

// A server that answers each connection with an endless body, and writes to
// them in a loop. Movable; not thread-safe.
class StreamFloor {
 public:
  // Listens on 127.0.0.1.
  static absl::StatusOr<StreamFloor> Listen();

  int port() const { return port_; }

  // Accepts `count` connections, and sends the head of an answer on each,
  // without reading the request. DeadlineExceeded if they do not come.
  absl::Status Accept(size_t count);

  // Writes `bytes` to each; the processor time that the calls took.
  absl::StatusOr<absl::Duration> Write(std::string_view bytes) const;

 private:
  StreamFloor(base::UniqueFd listener, int port)
      : listener_(std::move(listener)), port_(port) {}

  base::UniqueFd listener_;
  int port_;
  std::vector<base::UniqueFd> clients_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_STREAM_FLOOR_H_
