// Clients of a server on this machine that only count and time its answers.

#ifndef TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_
#define TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/http_socket.h"

namespace tallyman::bench {

// What is asked for, of a server on 127.0.0.1.
struct HttpTarget {
  int port = 0;
  std::string token;
  std::string path;  // With its query, as it is sent.
};

// One kept connection that sends the same GET each time. Reads the body, whose
// size must be told by Content-Length, into one buffer that is used again and
// again, so that the client itself costs little. Requests block, for a minute
// at most. Not thread-safe. Movable.
class HttpFetcher {
 public:
  static absl::StatusOr<HttpFetcher> Connect(const HttpTarget& target);

  // The size of the body in bytes; an error unless the status is 200, and then
  // of no use any more.
  absl::StatusOr<size_t> Fetch();

 private:
  HttpFetcher(HttpSocket socket, std::string request);

  HttpSocket socket_;
  std::string request_;
  std::vector<char> buffer_;
};

struct FetchTimes {
  std::vector<double> milliseconds;  // From the request to the last byte.
  size_t body_bytes = 0;             // Of the last one.
};

// Fetches `times` in a row on a new connection, after one that is not counted.
absl::StatusOr<FetchTimes> MeasureFetches(const HttpTarget& target, int times);

// Answers a second that `clients` get together in `duration`: each has a
// connection and a thread of its own and asks again as soon as it has its
// answer. All are connected, and have had an answer, when the time begins.
absl::StatusOr<double> MeasureRate(const HttpTarget& target, int clients,
                                   absl::Duration duration);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_
