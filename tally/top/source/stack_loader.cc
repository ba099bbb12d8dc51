#include "tally/top/source/stack_loader.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"
#include "tally/top/source/top_json.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {
namespace {

// Events that belong together come within this time.
constexpr absl::Duration kGather = absl::Milliseconds(100);
constexpr absl::Duration kBetweenLoads = absl::Milliseconds(400);
// A load that has failed.
constexpr absl::Duration kRetry = absl::Seconds(2);

}  // namespace

absl::Status LoadStack(Api& api, std::string_view uid,
                       const TopSource::Post& post) {
  const std::string path = absl::StrCat("/api/3/stacks/", PathPart(uid));
  const absl::StatusOr<std::vector<Json>> servers =
      api.List(absl::StrCat(path, "/servers"));
  if (!servers.ok()) return servers.status();
  const absl::StatusOr<std::vector<Json>> processes =
      api.List(absl::StrCat(path, "/processes"));
  if (!processes.ok()) return processes.status();
  StackContents contents{
      .uid = std::string(uid), .servers = {}, .processes = {}};
  for (const Json& server : *servers) {
    contents.servers.push_back(ReadServer(server));
  }
  for (const Json& process : *processes) {
    contents.processes.push_back(ReadProcess(process));
  }
  post(std::move(contents));
  return absl::OkStatus();
}

absl::Status LoadStacks(Api& api, const TopSource::Post& post) {
  const absl::StatusOr<std::vector<Json>> stacks = api.List("/api/3/stacks");
  if (!stacks.ok()) return stacks.status();
  StackList list;
  std::vector<std::string> uids;
  for (const Json& stack : *stacks) {
    list.stacks.push_back(ReadStack(stack));
    uids.push_back(list.stacks.back().uid);
  }
  post(std::move(list));
  for (const std::string& uid : uids) {
    absl::Status loaded = LoadStack(api, uid, post);
    // A stack may be removed meanwhile; its event follows.
    if (!loaded.ok() && !absl::IsNotFound(loaded)) return loaded;
  }
  return absl::OkStatus();
}

StackLoader::StackLoader(std::unique_ptr<Api> api, TopSource::Post post)
    : api_(std::move(api)),
      post_(std::move(post)),
      thread_([this] { Run(); }) {}

StackLoader::~StackLoader() {
  {
    const absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
  }
  api_->Stop();
  thread_.join();
}

void StackLoader::Load(std::string uid) {
  const absl::MutexLock lock(&mutex_);
  due_.insert(std::move(uid));
}

bool StackLoader::Pause(absl::Duration duration) {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&is_stopped_), duration);
  return !is_stopped_;
}

void StackLoader::Run() {
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return is_stopped_ || !due_.empty();
      };
      mutex_.Await(absl::Condition(&has_work));
      if (is_stopped_) return;
    }
    if (!Pause(kGather)) return;
    std::set<std::string> due;
    {
      const absl::MutexLock lock(&mutex_);
      due = std::exchange(due_, {});
    }
    absl::Status loaded;
    if (due.contains("")) {
      loaded = LoadStacks(*api_, post_);
      if (!loaded.ok()) Load("");
    } else {
      for (const std::string& uid : due) {
        absl::Status one = LoadStack(*api_, uid, post_);
        if (one.ok() || absl::IsNotFound(one)) continue;
        loaded = std::move(one);
        Load(uid);
      }
    }
    if (!Pause(loaded.ok() ? kBetweenLoads : kRetry)) return;
  }
}

}  // namespace tallyman::tally
