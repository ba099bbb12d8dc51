// Loads stacks again after events that concern them: those that come together
// cost one load, and a storm of them two loads a second.

#ifndef TALLYMAN_TALLY_TOP_SOURCE_STACK_LOADER_H_
#define TALLYMAN_TALLY_TOP_SOURCE_STACK_LOADER_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tally/client/api.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {

// Posts StackList and StackContents. Each ends with the first error, and has
// posted what came before.
absl::Status LoadStacks(Api& api, const TopSource::Post& post);
absl::Status LoadStack(Api& api, std::string_view uid,
                       const TopSource::Post& post);

// Thread-safe, except for the destructor.
class StackLoader {
 public:
  StackLoader(std::unique_ptr<Api> api, TopSource::Post post);
  ~StackLoader();
  StackLoader(const StackLoader&) = delete;
  StackLoader& operator=(const StackLoader&) = delete;

  // Loads one stack, or with "" all.
  void Load(std::string uid) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for `duration`; false if the loader ends.
  bool Pause(absl::Duration duration) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<Api> api_;  // Of the thread, except Stop().
  const TopSource::Post post_;
  absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> due_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_SOURCE_STACK_LOADER_H_
