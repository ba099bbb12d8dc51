// The request to scale a process.

#ifndef TALLYMAN_API_STACKS_SCALE_REQUEST_H_
#define TALLYMAN_API_STACKS_SCALE_REQUEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/http/http.h"

namespace tallyman::api {

struct ScaleRequest {
  std::string process_name;
  // Uid of a server and the count that is wanted there, from 0 to
  // stacks::kMaxInstances; at least one, no uid twice. In the order of the
  // request, or by uid where a JSON object gave them.
  std::vector<std::pair<std::string, int64_t>> counts;
};

// Reads `process_name` and `server_count` from the query, a form body or a JSON
// body, whose type must be a supported one
// (HasSupportedBodyType in request_fields.h):
//   process_name=web&server_count=UID:4,UID:2     in a query or form
//   process_name=web&server_count[UID]=4          likewise
//   {"process_name":"web","server_count":{"UID":4}}
//   {"process_name":"web","server_count":"UID:4"}
// One may be in the query and the other in the body. The same in both is fine
// as long as it is the same value. Whether there is such a process and such
// servers is for the caller to see. InvalidArgument begins with the field that
// is wrong.
absl::StatusOr<ScaleRequest> ParseScaleRequest(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_SCALE_REQUEST_H_
