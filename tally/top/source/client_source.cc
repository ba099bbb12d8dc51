#include "tally/top/source/client_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/client/http.h"
#include "tally/top/model/source_values.h"
#include "tally/top/model/stack_values.h"
#include "tally/top/source/feed_thread.h"
#include "tally/top/source/request_worker.h"
#include "tally/top/source/stack_loader.h"
#include "tally/top/source/top_json.h"
#include "tally/top/top_source.h"

namespace tallyman::tally {
namespace {

// Lines that a log begins with, of each instance.
constexpr int kFirstLines = 200;

bool ChangesList(const StackEvent& event) {
  return event.event == "stack_created" || event.event == "stack_replaced" ||
         event.event == "stack_deleted";
}

}  // namespace

ClientSource::~ClientSource() {
  // All at once, so that they end together.
  for (FeedThread* feed : {stacks_.get(), processes_.get(), log_.get()}) {
    if (feed != nullptr) feed->Stop();
  }
  // The stream of stacks and the worker use the loader.
  stacks_.reset();
  worker_.reset();
}

std::unique_ptr<Api> ClientSource::MakeApi() const {
  return std::make_unique<Api>(endpoint_, Http::Options{});
}

std::unique_ptr<FeedThread> ClientSource::MakeFeed(Feed feed,
                                                   FeedThread::Read read) {
  return std::make_unique<FeedThread>(
      feed, [this] { return MakeApi(); }, post_, std::move(read));
}

void ClientSource::Retire(std::unique_ptr<FeedThread>& feed) {
  std::erase_if(retired_, [](const auto& one) { return one->HasEnded(); });
  if (feed == nullptr) return;
  feed->Stop();
  retired_.push_back(std::move(feed));
}

void ClientSource::Start(Post post) {
  post_ = std::move(post);
  loader_ = std::make_unique<StackLoader>(MakeApi(), post_);
  worker_ = std::make_unique<RequestWorker>(
      MakeApi(), post_,
      [this](std::string uid) { loader_->Load(std::move(uid)); });
  stacks_ = MakeFeed(Feed::kStacks, [this](Api& api, FeedThread& feed) {
    return ReadEvents(api, feed);
  });
}

void ClientSource::Send(SourceRequest request) {
  std::visit([&](const auto& one) { Do(one); }, request);
}

void ClientSource::Do(const RetryNow&) {
  for (FeedThread* feed : {stacks_.get(), processes_.get(), log_.get()}) {
    if (feed != nullptr) feed->RetryNow();
  }
}

absl::Status ClientSource::ReadEvents(Api& api, FeedThread& feed) {
  // The newest event before the stacks are loaded: the stream has those that
  // change them later.
  const absl::StatusOr<Json> newest = api.Get("/events", {{"per_page", "1"}});
  if (!newest.ok()) return newest.status();
  int64_t after = 0;
  if (const auto list = newest->find("response");
      list != newest->end() && list->is_array() && !list->empty()) {
    after = IntegerOr(list->front(), "id");
  }
  if (absl::Status loaded = LoadStacks(api, post_); !loaded.ok()) {
    return loaded;
  }
  return api.Stream(
      {.path = "/events", .query = {{"after", absl::StrCat(after)}}}, "",
      [&](const StreamEvent& event) {
        const Json data = Json::parse(event.data, nullptr, false);
        if (event.type == "gap") {
          feed.Post(EventGap{.reason = TextOf(data, "reason")});
          loader_->Load("");
          return true;
        }
        StackEvent read = ReadEvent(data);
        if (read.stack_uid.empty()) return true;
        loader_->Load(ChangesList(read) ? "" : read.stack_uid);
        feed.Post(std::move(read));
        return true;
      },
      [&] { feed.GoLive(); });
}

void ClientSource::Do(const WatchProcesses& watch) {
  Retire(processes_);
  const Query query = {
      {"watch", absl::StrCat(absl::ToInt64Milliseconds(interval_), "ms")},
      {"fields", absl::StrJoin(watch.fields, ",")}};
  processes_ = MakeFeed(Feed::kProcesses, [query](Api& api, FeedThread& feed) {
    return api.Stream(
        {.path = "/server/processes", .query = query}, "",
        [&](const StreamEvent& event) {
          const Json data = Json::parse(event.data, nullptr, false);
          if (event.type == "snapshot") {
            if (std::optional<ProcessSnapshot> read = ReadSnapshot(data)) {
              feed.Post(*std::move(read));
            }
          } else if (event.type == "difference") {
            if (std::optional<ProcessDifference> read = ReadDifference(data)) {
              feed.Post(*std::move(read));
            }
          }
          return true;
        },
        [&] { feed.GoLive(); });
  });
}

void ClientSource::Do(const FollowLog& follow) {
  Retire(log_);
  Query query = {{"follow", "1"}, {"lines", absl::StrCat(kFirstLines)}};
  if (follow.instance != 0) {
    query.emplace_back("instance", absl::StrCat(follow.instance));
  }
  const std::string path =
      absl::StrCat("/api/3/stacks/", PathPart(follow.stack_uid), "/processes/",
                   PathPart(follow.process), "/logs");
  log_ = MakeFeed(
      Feed::kLog, [query, path, id = follow.id, last_id = std::string()](
                      Api& api, FeedThread& feed) mutable {
        return api.Stream(
            {.path = path, .query = query}, last_id,
            [&](const StreamEvent& event) {
              last_id = event.id;
              const Json data = Json::parse(event.data, nullptr, false);
              const int64_t instance = IntegerOr(data, "instance");
              if (event.type == "output") {
                feed.Post(LogLines{
                    .id = id,
                    .lines = {{.name = absl::StrCat(TextOf(data, "process"),
                                                    ".", instance),
                               .instance = instance,
                               .text = TextOf(data, "line")}}});
              } else if (event.type == "gap") {
                feed.Post(LogLines{
                    .id = id,
                    .lines = {{.text = absl::StrCat("lines are missing here: ",
                                                    TextOf(data, "reason"))}}});
              }
              return true;
            },
            [&] { feed.GoLive(); });
      });
}

}  // namespace tallyman::tally
