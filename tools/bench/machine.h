// Describes the machine and the peers of a run, for the footnotes of its table.

#ifndef TALLYMAN_TOOLS_BENCH_MACHINE_H_
#define TALLYMAN_TOOLS_BENCH_MACHINE_H_

#include <string>

namespace tallyman::bench {

// Processors, kernel, memory and load; one line.
std::string DescribeMachine();

// The versions of ps, psutil, nginx and wrk, or "not installed"; one line.
std::string DescribePeers();

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_MACHINE_H_
