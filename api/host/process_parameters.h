// The parameters of GET /server/processes: what process_query.cc reads, and the
// description shows.

#ifndef TALLYMAN_API_HOST_PROCESS_PARAMETERS_H_
#define TALLYMAN_API_HOST_PROCESS_PARAMETERS_H_

#include <string_view>

#include "absl/types/span.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "platform/process.h"

namespace tallyman::api {

// The names of all keys of a process, in the order of the output; and the same
// with those that begin with "-" between them.
absl::Span<const std::string_view> ProcessKeyNames();
absl::Span<const std::string_view> ProcessSortNames();

inline constexpr Schema kProcessStateItem = OneOf(
    EnumNames<platform::ProcessStateName, platform::ProcessState::kRunning,
              platform::ProcessState::kParked>,
    String("A state.", "sleeping"));
inline constexpr Schema kUserItem = String("The name of a user.", "www-data");
inline constexpr Schema kPidItem = Integer("A process id.", "812", 0);
inline constexpr Schema kProcessKeyItem =
    OneOf(ProcessKeyNames, String("A key of a process.", "pid"));

inline constexpr Parameter kProcessNameParameter = {
    .name = "name",
    // RE2 takes time linear in the text, but its memory grows with the
    // expression.
    .schema = {
        .description =
            "Processes whose name matches this regular expression (RE2), "
            "of at most 1,000 bytes.",
        .max = 1000,
        .example = "^nginx"}};
inline constexpr Parameter kProcessUserParameter = {
    .name = "user",
    .schema = Array("Processes of one of these users.", kUserItem)};
inline constexpr Parameter kProcessStateParameter = {
    .name = "state",
    .schema = Array("Processes in one of these states.", kProcessStateItem)};
inline constexpr Parameter kProcessPidParameter = {
    .name = "pid", .schema = Array("The processes with these ids.", kPidItem)};
inline constexpr Parameter kProcessSortParameter = {
    .name = "sort",
    .schema = OneOf(ProcessSortNames,
                    WithDefault("pid", String("The key that orders the list, "
                                              "upwards; with `-` before it "
                                              "downwards.",
                                              "-memory")))};
inline constexpr Parameter kProcessLimitParameter = {
    .name = "limit", .schema = Integer("At most so many processes.", "10", 1)};
inline constexpr Parameter kProcessFieldsParameter = {
    .name = "fields",
    .schema = Array("Only these keys of each process. Fields that are not "
                    "requested are not read.",
                    kProcessKeyItem)};
inline constexpr Parameter kProcessWatchParameter = {
    .name = "watch",
    .schema = String("Answers with a stream of the processes and of their "
                     "differences, scanned at this interval, from `500ms` to "
                     "`60s`. `sort` needs `limit` then, and both choose the "
                     "processes of each scan.",
                     "2s")};

inline constexpr const Parameter* kProcessListParameters[] = {
    &kProcessNameParameter,   &kProcessUserParameter, &kProcessStateParameter,
    &kProcessPidParameter,    &kProcessSortParameter, &kProcessLimitParameter,
    &kProcessFieldsParameter, &kProcessWatchParameter};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_PARAMETERS_H_
