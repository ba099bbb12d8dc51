// The envelope of the host family: every response, errors included, is an
// object with the keys status_code, status_desc, data and time_generated.

#ifndef TALLYMAN_API_HOST_HOST_ENVELOPE_H_
#define TALLYMAN_API_HOST_HOST_ENVELOPE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "platform/process.h"
#include "platform/process_details.h"

namespace tallyman::api {

// The list of processes, a list of one with its details, and an error.
extern const Schema kHostProcessesSchema;
extern const Schema kHostProcessListOfOneSchema;
extern const Schema kHostErrorSchema;

// A list of `processes`, each with `keys`. `generated` is the time of the list.
std::string RenderProcesses(absl::Span<const platform::Process> processes,
                            absl::Span<const ProcessKey* const> keys,
                            const ProcessFormat& format, absl::Time generated);

// A list of the one `process`, with all keys, and its details.
std::string RenderProcessDetails(const platform::Process& process,
                                 const platform::ProcessDetails& details,
                                 absl::Span<const int32_t> children,
                                 const ProcessFormat& format,
                                 absl::Time generated);

// An error: `data` is [], and `status_desc` is its details, or the description
// of its kind if it has none.
std::string RenderHostError(const Error& error, absl::Time generated,
                            absl::TimeZone zone);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_HOST_ENVELOPE_H_
