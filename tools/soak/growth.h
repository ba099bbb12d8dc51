// Notices that a process grows.

#ifndef TALLYMAN_TOOLS_SOAK_GROWTH_H_
#define TALLYMAN_TOOLS_SOAK_GROWTH_H_

#include <cstdint>
#include <string>

#include "tools/bench/proc_usage.h"

namespace tallyman::soak {

// How much more than in the warm-up there may be.
struct GrowthBounds {
  int64_t resident_bytes = 0;
  int64_t threads = 0;
  int64_t descriptors = 0;
};

// Compares each sample with the largest of the warm-up, each number for itself.
// Not thread-safe.
class GrowthWatch {
 public:
  explicit GrowthWatch(GrowthBounds bounds) : bounds_(bounds) {}

  void AddWarmUp(const bench::ProcSize& size);
  // "", or which bound the sample exceeds.
  std::string Check(const bench::ProcSize& size) const;

 private:
  const GrowthBounds bounds_;
  bench::ProcSize largest_;
};

// "81.2 MB, 7 threads, 2345 descriptors".
std::string Describe(const bench::ProcSize& size);

}  // namespace tallyman::soak

#endif  // TALLYMAN_TOOLS_SOAK_GROWTH_H_
