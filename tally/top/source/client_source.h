// The data of tally top from a server, by threads that read its streams and
// send requests.
//
//   ClientSource source(endpoint, absl::Seconds(2));
//   source.Start(post);

#ifndef TALLYMAN_TALLY_TOP_SOURCE_CLIENT_SOURCE_H_
#define TALLYMAN_TALLY_TOP_SOURCE_CLIENT_SOURCE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/client/endpoint.h"
#include "tally/top/model/source_values.h"
#include "tally/top/source/feed_thread.h"
#include "tally/top/source/request_worker.h"
#include "tally/top/source/stack_loader.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {

// The destructor ends all streams and requests, and waits for the threads: no
// longer than a connection takes to be made or refused.
class ClientSource : public TopSource {
 public:
  // `interval`: of the scans of processes, from 500 ms to 60 s.
  ClientSource(Endpoint endpoint, absl::Duration interval)
      : endpoint_(std::move(endpoint)), interval_(interval) {}
  ~ClientSource() override;

  void Start(Post post) override;
  void Send(SourceRequest request) override;

 private:
  std::unique_ptr<Api> MakeApi() const;
  // A stream that MakeApi() connects.
  std::unique_ptr<FeedThread> MakeFeed(Feed feed, FeedThread::Read read);
  // Stops a stream without waiting for its thread.
  void Retire(std::unique_ptr<FeedThread>& feed);

  void Do(const WatchProcesses& watch);
  void Do(const StopProcesses&) { Retire(processes_); }
  void Do(const FollowLog& follow);
  void Do(const StopLog&) { Retire(log_); }
  void Do(const RetryNow&);
  void Do(const QueryDetails& query) { worker_->Add(query); }
  void Do(const ScaleProcess& scale) { worker_->Add(scale); }
  void Do(const ControlProcess& control) { worker_->Add(control); }
  void Do(const QueryAction& query) { worker_->Add(query); }

  absl::Status ReadEvents(Api& api, FeedThread& feed);

  const Endpoint endpoint_;
  const absl::Duration interval_;
  Post post_;
  std::unique_ptr<StackLoader> loader_;
  std::unique_ptr<RequestWorker> worker_;
  std::unique_ptr<FeedThread> stacks_;
  std::unique_ptr<FeedThread> processes_;
  std::unique_ptr<FeedThread> log_;
  std::vector<std::unique_ptr<FeedThread>> retired_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_SOURCE_CLIENT_SOURCE_H_
