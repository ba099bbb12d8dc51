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
inline constexpr Schema kUnitItem =
    String("The name of a unit.", "nginx.service");
inline constexpr Parameter kProcessUnitParameter = {
    .name = "unit",
    .schema = Array("Processes of one of these units of systemd; a name "
                    "without a type is a service. Empty list on systems "
                    "without systemd.",
                    kUnitItem)};
inline constexpr Schema kStackItem = String("The uid or the name of a stack.",
                                            "5999b763474b0eafa5fafb64bff0ba80");
inline constexpr Parameter kProcessStackParameter = {
    .name = "stack",
    .schema = Array("Processes that belong to instances of one of these "
                    "stacks, by uid or name; see the key `stack`. Empty list "
                    "on systems where the server runs no stacks.",
                    kStackItem)};
inline constexpr Parameter kProcessMinMemoryParameter = {
    .name = "min_memory",
    .schema = {.description =
                   "Processes with at least so many resident bytes. The "
                   "suffixes K, M, G and T stand for powers of 1024.",
               .pattern = "^[0-9]+[KMGTkmgt]?$",
               .example = "100M"}};
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

// In the path.
inline constexpr Parameter kProcessPidPath = {
    .name = "pid",
    .schema = Integer("The id of the process.", "812", 0, 2147483647)};

inline constexpr const Parameter* kProcessListParameters[] = {
    &kProcessNameParameter,      &kProcessUserParameter,
    &kProcessStateParameter,     &kProcessPidParameter,
    &kProcessUnitParameter,      &kProcessStackParameter,
    &kProcessMinMemoryParameter, &kProcessSortParameter,
    &kProcessLimitParameter,     &kProcessFieldsParameter,
    &kProcessWatchParameter};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_PARAMETERS_H_
