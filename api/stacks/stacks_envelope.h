// The envelope of the stacks family: {"response":...}, with count and
// pagination for collections; and the format of its errors.

#ifndef TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_
#define TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "storage/pagination.h"

namespace tallyman::api {

// The two mounts of a resource; they write a single resource differently.
enum class Mount {
  kPlain,  // /tokens, /stacks, ...: a list of one.
  kApi3,   // /api/3/...: the object itself.
};

// A single resource, which `write` writes.
std::string RenderOne(Mount mount, absl::FunctionRef<void(JsonWriter&)> write);

// One page of a collection. `write(json, i)` writes the i-th of the `size`
// items of the page.
std::string RenderPage(const storage::PageInfo& page, size_t size,
                       absl::FunctionRef<void(JsonWriter&, size_t)> write);

// {"error":...,"error_description":...,"details":...}; details is null if the
// error has none.
std::string RenderStacksError(const Error& error);

// Reads `page` and `per_page`. InvalidArgument names the one that is out of
// range.
absl::StatusOr<storage::PageRequest> ParsePageRequest(const Params& params);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_
