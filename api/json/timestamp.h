// Times as the API writes them (RFC 3339).

#ifndef TALLYMAN_API_JSON_TIMESTAMP_H_
#define TALLYMAN_API_JSON_TIMESTAMP_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::api {

// Seconds and the zone's offset: "2020-09-23T10:54:18-06:00".
std::string LocalTimestamp(absl::Time time, absl::TimeZone zone);

// Milliseconds and the zone's offset: "2020-09-23T10:54:18.370-06:00".
std::string LocalTimestampMillis(absl::Time time, absl::TimeZone zone);

// Seconds in UTC: "2016-01-01T19:08:05Z".
std::string UtcTimestamp(absl::Time time);

// Reads any RFC 3339 time; InvalidArgument with the text and an example else.
absl::StatusOr<absl::Time> ParseTimestamp(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_JSON_TIMESTAMP_H_
