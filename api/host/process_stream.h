// A stream of the processes of a query as server-sent events (WHATWG HTML
// standard, section 9.2): the parameter `watch` of GET /server/processes.
//
//   event: snapshot
//   data: {"time":"...","processes":[{"pid":812,"start_time":"...",...}]}
//
//   event: difference
//   data: {"time":"...","entered":[],"changed":[{"pid":812,
//       "start_time":"...","memory":12349440}],"gone":[]}
//
// (`data` is one line.)

#ifndef TALLYMAN_API_HOST_PROCESS_STREAM_H_
#define TALLYMAN_API_HOST_PROCESS_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_changes.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "platform/process.h"

namespace tallyman::api {

// A stream of the events below.
extern const Schema kProcessStreamSchema;

inline constexpr absl::Duration kMinWatchInterval = absl::Milliseconds(500);
inline constexpr absl::Duration kMaxWatchInterval = absl::Seconds(60);

// The interval of `watch`; nullopt if the parameter is absent. InvalidArgument
// names the parameter: of an interval that is none or out of bounds, and of an
// order without a limit, which a stream does not have.
absl::StatusOr<std::optional<absl::Duration>> ParseWatch(const Params& params);

// The query for the platform: as query.ToPlatform(owners), and what identifies
// a process.
platform::ProcessQuery ToWatchQuery(
    const ProcessListQuery& query,
    std::shared_ptr<const ProcessOwners> owners = nullptr);

// Each appends an event to `out`. `keys` are those of WithIdentityKeys();
// `time` is when the scan began.
void AppendProcessSnapshot(absl::Span<const platform::Process> processes,
                           absl::Span<const ProcessKey* const> keys,
                           const ProcessFormat& format, absl::Time time,
                           std::string& out);
void AppendProcessDifference(const ProcessChanges& changes,
                             absl::Span<const ProcessKey* const> keys,
                             const ProcessFormat& format, absl::Time time,
                             std::string& out);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_STREAM_H_
