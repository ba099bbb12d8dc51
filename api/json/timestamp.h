// Times in the formats of this API (RFC 3339).

#ifndef TALLYMAN_API_JSON_TIMESTAMP_H_
#define TALLYMAN_API_JSON_TIMESTAMP_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::api {

// With seconds and the offset of `zone`: "2020-09-23T10:54:18-06:00".
std::string LocalTimestamp(absl::Time time, absl::TimeZone zone);

// With milliseconds and the offset of `zone`: "2020-09-23T10:54:18.370-06:00".
std::string LocalTimestampMillis(absl::Time time, absl::TimeZone zone);

// With seconds, in UTC: "2016-01-01T19:08:05Z".
std::string UtcTimestamp(absl::Time time);

// Reads any RFC 3339 time. InvalidArgument quotes `text` and gives an example.
absl::StatusOr<absl::Time> ParseTimestamp(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_JSON_TIMESTAMP_H_
