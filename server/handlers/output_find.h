// Finds the lines of output that a request asks for, as clients may see them.

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_FIND_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_FIND_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/redaction/redaction.h"
#include "api/stacks/output_query.h"
#include "server/handlers/stack_services.h"
#include "stacks/output/output_search.h"

namespace tallyman::server {

// The process whose output is requested.
struct OutputSource {
  std::string stack_uid;
  std::string process;
  std::string server;  // The name of this machine.
};

// Whether `query` has a match in a line of a program. Looks at the line without
// its secrets: a query must not find out what an answer hides. Empty if the
// query has no expression. `redactor` must outlive the function.
std::function<bool(std::string_view line)> MatcherOf(
    const api::OutputQuery& query, const api::Redactor& redactor);

// The newest lines of an instance that match `query`: at most `max_lines`, in
// about `max_bytes`, with their secrets. Errors are those of OutputFault().
absl::StatusOr<stacks::FoundOutput> FindLines(const StackServices& services,
                                              const OutputSource& source,
                                              const api::OutputQuery& query,
                                              int64_t instance,
                                              int64_t max_lines,
                                              int64_t max_bytes);

// A failure to read output is the server's, whatever the code that the system
// call's errno maps to: Unavailable or Internal.
absl::Status OutputFault(const absl::Status& status);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_FIND_H_
