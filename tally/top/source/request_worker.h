// Carries out the requests of tally top that have one answer, one after the
// other, by a thread of its own.

#ifndef TALLYMAN_TALLY_TOP_SOURCE_REQUEST_WORKER_H_
#define TALLYMAN_TALLY_TOP_SOURCE_REQUEST_WORKER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tally/client/api.h"
#include "tally/top/model/source_values.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {

// Thread-safe, except for the destructor.
class RequestWorker {
 public:
  using Request =
      std::variant<QueryDetails, ScaleProcess, ControlProcess, QueryAction>;

  // `reload` is called, by the thread, with the uid of a stack whose state a
  // request may have changed.
  RequestWorker(std::unique_ptr<Api> api, TopSource::Post post,
                std::function<void(std::string uid)> reload);
  ~RequestWorker();
  RequestWorker(const RequestWorker&) = delete;
  RequestWorker& operator=(const RequestWorker&) = delete;

  void Add(Request request) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void Do(const QueryDetails& query);
  void Do(const ScaleProcess& scale);
  void Do(const ControlProcess& control);
  void Do(const QueryAction& query);
  // Posts what an answer with an action says.
  void PostAction(const std::string& key, const Json& body);

  const std::unique_ptr<Api> api_;  // Of the thread, except Stop().
  const TopSource::Post post_;
  const std::function<void(std::string uid)> reload_;
  absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_SOURCE_REQUEST_WORKER_H_
