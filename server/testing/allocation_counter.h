// Counts allocations, for benchmarks: linking this replaces operator new.

#ifndef TALLYMAN_SERVER_TESTING_ALLOCATION_COUNTER_H_
#define TALLYMAN_SERVER_TESTING_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace tallyman::server {

// The number of calls of operator new by the calling thread so far.
int64_t Allocations();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TESTING_ALLOCATION_COUNTER_H_
