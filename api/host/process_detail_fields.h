// The members of a single process besides those of a process of a list: their
// shape, and how they are written. process_keys.cc has the others.

#ifndef TALLYMAN_API_HOST_PROCESS_DETAIL_FIELDS_H_
#define TALLYMAN_API_HOST_PROCESS_DETAIL_FIELDS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "platform/process_details.h"

namespace tallyman::api {

inline constexpr Field kListeningSocketFields[] = {
    {"protocol",
     String("`tcp`, `tcp6`, `udp`, `udp6` or `unix`. Sockets of UDP are those "
            "that are bound and not connected.",
            "tcp")},
    {"address",
     String("The local address; `0.0.0.0` and `::` are all. Of `unix` the "
            "path, with `@` before an abstract name.",
            "127.0.0.1")},
    {"port",
     OrNull(Integer("The local port; null for `unix`.", "8080", 0, 65535))},
};
inline constexpr Schema kListeningSocketSchema =
    Object("ListeningSocket", "A socket that waits for others.",
           kListeningSocketFields);

inline constexpr Schema kVariableName =
    String("The name of a variable.", "PATH");
inline constexpr Schema kChildPid = Integer("The id of a child.", "813", 0);

inline constexpr Field kProcessDetailFields[] = {
    {"pss", Integer("The proportional set size in bytes: resident memory, "
                    "shared pages divided by the number of processes that "
                    "share them; 0 without an address space, -1 if unknown.",
                    "9117696", -1)},
    {"open_descriptors",
     Integer("Open file descriptors; -1 if unknown.", "12", -1)},
    {"listening", OrNull(Array("Its listening sockets; null if unknown.",
                               kListeningSocketSchema))},
    {"environment_names",
     OrNull(Array("The names of the variables that the process was started "
                  "with, never their values; null if unknown.",
                  kVariableName))},
    {"children", Array("The ids of its children, ascending.", kChildPid)},
};

// Writes the members, keys and values.
void WriteProcessDetails(const platform::ProcessDetails& details,
                         absl::Span<const int32_t> children, JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_DETAIL_FIELDS_H_
