// The envelope of the host family: every answer, errors included, is an object
// with the keys status_code, status_desc, data and time_generated.

#ifndef TALLYMAN_API_HOST_HOST_ENVELOPE_H_
#define TALLYMAN_API_HOST_HOST_ENVELOPE_H_

#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "platform/process.h"

namespace tallyman::api {

// The answer that lists `processes` with the keys `keys`. `generated` is when
// the list was made.
std::string RenderProcesses(absl::Span<const platform::Process> processes,
                            absl::Span<const ProcessKey* const> keys,
                            const ProcessFormat& format, absl::Time generated);

// An error: `data` is [], `status_desc` is the error's details, or the
// description of its kind where it has none.
std::string RenderHostError(const Error& error, absl::Time generated,
                            absl::TimeZone zone);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_HOST_ENVELOPE_H_
