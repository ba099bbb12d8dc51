// What went wrong, from all threads of a run.

#ifndef TALLYMAN_TOOLS_SOAK_PROBLEM_LIST_H_
#define TALLYMAN_TOOLS_SOAK_PROBLEM_LIST_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::soak {

// Keeps the first problems and counts all. Thread-safe.
class ProblemList {
 public:
  void Add(std::string_view problem) {
    const absl::MutexLock lock(&mutex_);
    ++count_;
    if (first_.size() < kKept) first_.emplace_back(problem);
  }
  size_t count() const {
    const absl::MutexLock lock(&mutex_);
    return count_;
  }
  std::vector<std::string> first() const {
    const absl::MutexLock lock(&mutex_);
    return first_;
  }

 private:
  static constexpr size_t kKept = 20;

  mutable absl::Mutex mutex_;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> first_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::soak

#endif  // TALLYMAN_TOOLS_SOAK_PROBLEM_LIST_H_
