// Which peers there are.

#ifndef TALLYMAN_TOOLS_BENCH_PEER_VERSIONS_H_
#define TALLYMAN_TOOLS_BENCH_PEER_VERSIONS_H_

#include <string>

namespace tallyman::bench {

// The versions of ps, psutil, nginx and wrk, in a line; of those that are not
// installed it says so.
std::string DescribePeers();

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PEER_VERSIONS_H_
