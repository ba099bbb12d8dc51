// Clients that only count and time the answers of a server on this machine.

#ifndef TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_
#define TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/harness/http_socket.h"

namespace tallyman::bench {

// A resource of a server on 127.0.0.1.
struct HttpTarget {
  int port = 0;
  std::string token;
  std::string path;  // With its query; sent as it is.
};

// Sends the same GET again and again on one connection. Reads every body, by
// its Content-Length, into the same buffer, so that the client itself costs
// little. Requests block, for a minute at most. Movable; not thread-safe.
class HttpFetcher {
 public:
  static absl::StatusOr<HttpFetcher> Connect(const HttpTarget& target);

  // The size of the body in bytes. An error unless the status is 200; the
  // fetcher is useless after an error.
  absl::StatusOr<size_t> Fetch();

 private:
  HttpFetcher(harness::HttpSocket socket, std::string request);

  harness::HttpSocket socket_;
  std::string request_;
  std::vector<char> buffer_;
};

struct FetchTimes {
  std::vector<double> milliseconds;  // From the request to the last byte.
  size_t body_bytes = 0;             // Of the last answer.
};

// Fetches `times` in a row on a new connection, after one fetch that does not
// count.
absl::StatusOr<FetchTimes> MeasureFetches(const HttpTarget& target, int times);

// The answers per second that `clients` get together in `duration`. Each client
// has its own connection and thread, and sends the next request when it has its
// answer. All are connected, and have had an answer, when the time begins.
absl::StatusOr<double> MeasureRate(const HttpTarget& target, int clients,
                                   absl::Duration duration);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_LOAD_H_
