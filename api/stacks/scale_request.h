// The request to scale a process.

#ifndef TALLYMAN_API_STACKS_SCALE_REQUEST_H_
#define TALLYMAN_API_STACKS_SCALE_REQUEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/http.h"

namespace tallyman::api {

// The body as JSON and as a form, and the same fields as parameters.
extern const Schema kScaleRequestSchema;
extern const Schema kScaleFormSchema;
extern const Parameter kScaleProcessNameParameter;
extern const Parameter kServerCountParameter;

struct ScaleRequest {
  std::string process_name;
  // The uid or the name of a server and the desired count there, from 0 to
  // stacks::kMaxInstances. At least one pair; no text is there twice. In the
  // order of the request; those of a JSON object in the order of their uids.
  std::vector<std::pair<std::string, int64_t>> counts;
};

// Reads `process_name` and `server_count` from the query, a form body or a JSON
// body, which must have a supported type (HasSupportedBodyType() in
// request_fields.h):
//   process_name=web&server_count=UID:4,UID:2     in a query or a form
//   process_name=web&server_count[UID]=4          in a query or a form
//   {"process_name":"web","server_count":{"UID":4}}
//   {"process_name":"web","server_count":"UID:4"}
// One field may be in the query and the other in the body. A field in both must
// have the same value. Does not check that the process and the servers exist:
// the registry does. InvalidArgument begins with the wrong field.
absl::StatusOr<ScaleRequest> ParseScaleRequest(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_SCALE_REQUEST_H_
