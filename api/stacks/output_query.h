// Which lines of the output of a process a request asks for.

#ifndef TALLYMAN_API_STACKS_OUTPUT_QUERY_H_
#define TALLYMAN_API_STACKS_OUTPUT_QUERY_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "re2/re2.h"

namespace tallyman::api {

inline constexpr Parameter kGrepParameter = {
    .name = "grep",
    .schema = {.description =
                   "Only lines that have a match of this regular expression "
                   "([RE2](https://github.com/google/re2/wiki/Syntax)), in the "
                   "form in which they are shown. At most 500 bytes.",
               .min = 1,
               .max = 500,
               .example = "(?i)error|warn"}};
inline constexpr Parameter kSinceParameter = {
    .name = "since",
    .schema = String("Only lines that may have been written at this time or "
                     "later: a time in RFC 3339, or `90s`, `15m`, `2h`, `7d` "
                     "before now.",
                     "15m")};
inline constexpr Parameter kUntilParameter = {
    .name = "until",
    .schema = String("Only lines that may have been written at this time or "
                     "earlier; as `since`. Not with `follow`.",
                     "2026-11-22T00:10:09Z")};
inline constexpr std::string_view kOutputStreamValues[] = {"both"};
inline constexpr Parameter kOutputStreamParameter = {
    .name = "stream",
    .schema = OneOf(
        ConstantValues<kOutputStreamValues>,
        WithDefault("both", String("Standard output and standard error are one "
                                   "file, and are not told apart: others than "
                                   "`both` are 400.",
                                   "both")))};
inline constexpr std::string_view kTimesValues[] = {"0", "1", "false", "true"};
inline constexpr Parameter kTimesParameter = {
    .name = "times",
    .schema = OneOf(ConstantValues<kTimesValues>,
                    WithDefault("0", String("With the times of the lines. A "
                                            "stream always has them.",
                                            "1")))};

struct OutputQuery {
  // Null: any line. Thread-safe.
  std::shared_ptr<const RE2> grep;
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  bool has_times = false;
};

// `now` is what durations are counted back from. InvalidArgument names the
// parameter, and the place of an error in an expression. The program of an
// expression takes at most 1 MiB.
absl::StatusOr<OutputQuery> ParseOutputQuery(const Params& params,
                                             absl::Time now);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_OUTPUT_QUERY_H_
