// Answers with the output of a process as plain text:
// /stacks/{uid}/processes/{name}/logs with "Accept: text/plain".

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_TEXT_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "api/stacks/output_query.h"
#include "server/handlers/output_find.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// About the most memory that the lines of one answer take, and that its body
// takes besides. The instances get equal shares.
inline constexpr size_t kMaxTextBytes = size_t{16} << 20;

struct TextRequest {
  api::OutputQuery query;
  std::vector<int64_t> instances;
  // One instance was asked for: its lines need no name.
  bool is_one = false;
  // Of each instance; all that match, if it is absent.
  std::optional<int64_t> lines;
};

// A response with the lines of all instances, in the order in which the server
// saw them; those that it saw together, by instance.
HandlerResult TextOutput(const StackServices& services,
                         const OutputSource& source,
                         const TextRequest& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_TEXT_H_
