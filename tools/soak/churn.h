// Scales a process up and down, again and again.

#ifndef TALLYMAN_TOOLS_SOAK_CHURN_H_
#define TALLYMAN_TOOLS_SOAK_CHURN_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "tools/bench/bench_server.h"
#include "tools/soak/problem_list.h"

namespace tallyman::soak {

// A thread of its own, from construction to destruction. Every two seconds it
// scales the server's "sleeper" to a random count between half of `instances`
// and all, and reads processes, actions and events. Thread-safe.
class Churn {
 public:
  // Both outlive this object.
  Churn(const bench::BenchServer& server, int64_t instances,
        ProblemList& problems);
  ~Churn();
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  int64_t scales() const { return scales_; }

 private:
  void Run();

  const bench::BenchServer& server_;
  const int64_t instances_;
  ProblemList& problems_;
  std::atomic<int64_t> scales_ = 0;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace tallyman::soak

#endif  // TALLYMAN_TOOLS_SOAK_CHURN_H_
