#include "server/handlers/output_find.h"

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/redaction/redaction.h"
#include "api/stacks/output_query.h"
#include "re2/re2.h"
#include "server/handlers/stack_services.h"
#include "stacks/output/output_search.h"

namespace tallyman::server {

std::function<bool(std::string_view line)> MatcherOf(
    const api::OutputQuery& query, const api::Redactor& redactor) {
  if (query.grep == nullptr) return nullptr;
  return [grep = query.grep, &redactor](std::string_view line) {
    return RE2::PartialMatch(redactor.Text(line), *grep);
  };
}

absl::StatusOr<stacks::FoundOutput> FindLines(const StackServices& services,
                                              const OutputSource& source,
                                              const api::OutputQuery& query,
                                              int64_t instance,
                                              int64_t max_lines,
                                              int64_t max_bytes) {
  absl::StatusOr<stacks::FoundOutput> found =
      stacks::SearchOutput(services.logs,
                           {.stack_uid = source.stack_uid,
                            .process = source.process,
                            .number = instance},
                           {.matches = MatcherOf(query, services.redactor),
                            .since = query.since,
                            .until = query.until,
                            .max_lines = max_lines,
                            .max_bytes = max_bytes});
  if (!found.ok()) return OutputFault(found.status());
  return found;
}

absl::Status OutputFault(const absl::Status& status) {
  return absl::IsResourceExhausted(status)
             ? absl::UnavailableError(status.message())
             : absl::InternalError(status.message());
}

}  // namespace tallyman::server
