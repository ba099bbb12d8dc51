// The clients of a run, other than those that scale and that speak TLS.

#ifndef TALLYMAN_TOOLS_SOAK_CLIENTS_H_
#define TALLYMAN_TOOLS_SOAK_CLIENTS_H_

#include <string_view>
#include <vector>

#include "tools/bench/bench_server.h"
#include "tools/crowd/crowd_client.h"

namespace tallyman::soak {

// A process of the stack that writes lines.
inline constexpr std::string_view kTalker = "talker";
inline constexpr std::string_view kTalkerCommand =
    "sh -c 'while :; do echo \"an order has arrived and waits to be packed~\"; "
    "sleep 0.1; done'";

// At `scale` 1: 100 clients a second that connect for one request, 200 that
// send a head slowly and 200 a body, 50 that read a list slowly, 100 that
// follow the talker's log.
std::vector<crowd::ClientGroup> ClientGroups(const bench::BenchServer& server,
                                             double scale);

}  // namespace tallyman::soak

#endif  // TALLYMAN_TOOLS_SOAK_CLIENTS_H_
