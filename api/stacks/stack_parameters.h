// The parameters that operations of stacks share: what the handlers read, and
// the description shows.

#ifndef TALLYMAN_API_STACKS_STACK_PARAMETERS_H_
#define TALLYMAN_API_STACKS_STACK_PARAMETERS_H_

#include <string_view>

#include "api/description/parameter.h"
#include "api/description/schema.h"

namespace tallyman::api {

// In the path.
inline constexpr Parameter kStackUidPath = {
    .name = "uid",
    .schema =
        String("The uid of the stack.", "5999b763474b0eafa5fafb64bff0ba80")};
inline constexpr Parameter kServerUidPath = {
    .name = "server_uid",
    .schema =
        String("The uid of the server.", "e63e859d5ab72b0bcf14321f0ffb013d")};
inline constexpr Parameter kProcessNamePath = {
    .name = "name", .schema = String("The name of the process.", "web")};
inline constexpr Parameter kActionIdPath = {
    .name = "id", .schema = Integer("The id of the action.", "1", 1)};

// In the query.
inline constexpr Parameter kStackNameParameter = {
    .name = "name",
    .schema = String("Only the stacks with this name.", "shop")};
inline constexpr Parameter kStackEnvironmentParameter = {
    .name = "environment",
    .schema = String("Only those of this environment.", "production")};
inline constexpr Parameter kServerUidParameter = {
    .name = "server_uid",
    .schema = String("Only the counts of this server.",
                     "e63e859d5ab72b0bcf14321f0ffb013d")};
// Clients that send all parameters of the documentation of this API send these
// twice.
inline constexpr Parameter kStackIdParameter = {
    .name = "stack_id",
    .schema = String("The uid of the stack again; must be that of the path.",
                     "5999b763474b0eafa5fafb64bff0ba80"),
    .repeats = kStackUidPath.name};
inline constexpr Parameter kProcessIdParameter = {
    .name = "id",
    .schema = String("The name of the process again; must be that of the path.",
                     "web"),
    .repeats = kProcessNamePath.name};
inline constexpr Parameter kInstanceParameter = {
    .name = "instance",
    .schema = Integer("Only this instance, which may have ended; all present "
                      "ones if absent.",
                      "1", 1)};
inline constexpr Parameter kLinesParameter = {
    .name = "lines",
    .schema = WithDefault(
        "100", Integer("The last lines of each instance. 0, only new lines, "
                       "needs `follow`.",
                       "3", 0, 10000))};
inline constexpr std::string_view kFollowValues[] = {"0", "1", "false", "true"};
inline constexpr Parameter kFollowParameter = {
    .name = "follow",
    .schema = OneOf(ConstantValues<kFollowValues>,
                    WithDefault("0", String("A stream of lines, which has no "
                                            "pages.",
                                            "0")))};

// In headers.
inline constexpr Parameter kIdempotencyKeyParameter = {
    .name = "Idempotency-Key",
    .schema = {.description = "Makes a repeated request harmless: for 24 hours "
                              "it gets the answer of the first.",
               .pattern = "^[!-~]+$",
               .min = 1,
               .max = 255,
               .example = "7f3c2a"}};
inline constexpr Parameter kIfMatchParameter = {
    .name = "If-Match",
    .schema = String("Entity tags of the process (or `*`): 412 if it has "
                     "changed since.",
                     "*")};
inline constexpr Parameter kLastEventIdParameter = {
    .name = "Last-Event-ID",
    .schema = String("With `follow`: go on after this event.", "0:0:1:0:4711")};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACK_PARAMETERS_H_
