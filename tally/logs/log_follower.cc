#include "tally/logs/log_follower.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "nlohmann/json.hpp"
#include "tally/client/api.h"
#include "tally/client/event_parser.h"
#include "tally/client/json_fields.h"
#include "tally/client/lasting_stream.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/logs/log_line.h"
#include "tally/logs/log_selection.h"
#include "tally/terminal/interrupt.h"

namespace tallyman::tally {
namespace {

std::string DescribeGap(const Json& gap) {
  const std::string reason = TextOf(gap, "reason");
  const std::optional<int64_t> lines = NumberOf(gap, "lines");
  return absl::StrCat(
      lines ? absl::StrCat(*lines, *lines == 1 ? " line is" : " lines are",
                           " missing here")
            : "lines may be missing here",
      reason == "slow"        ? ": this end has read too slowly"
      : reason == "rotated"   ? ": the file was rotated before they were read"
      : reason == "truncated" ? ": the program has truncated its file"
      : reason == "too_far"   ? ": there were too many of them"
      : reason == "unknown"
          ? ": the server does not know where it was, and starts anew"
          : absl::StrCat(" (", reason, ")"));
}

}  // namespace

LogFollower::~LogFollower() {
  End(absl::OkStatus());
  std::vector<std::thread> threads;
  {
    const absl::MutexLock lock(&mutex_);
    for (auto& [label, stream] : streams_) {
      threads.push_back(std::move(stream->thread));
    }
  }
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
}

absl::Status LogFollower::Run() {
  const ScopedInterrupt on_interrupt(
      [this] { End(absl::CancelledError("interrupted")); });
  // Before the instances: none that comes in between is missed.
  const bool is_exact = absl::c_all_of(
      sources_, [](const LogSource& source) { return source.is_exact; });
  int64_t after = 0;
  if (!is_exact) {
    absl::StatusOr<std::unique_ptr<Api>> api = session_.NewApi();
    if (!api.ok()) return api.status();
    const absl::StatusOr<std::vector<Json>> newest =
        (*api)->List(StackPath(stack_, "/events"), {}, 1);
    if (!newest.ok()) return newest.status();
    if (!newest->empty()) after = NumberOf(newest->front(), "id").value_or(0);
    const absl::MutexLock lock(&mutex_);
    discovery_ = *std::move(api);
  }
  for (const LogSource& source : sources_) {
    for (const int64_t instance : source.instances) {
      printer_.Register(source.process, instance);
    }
  }
  for (const LogSource& source : sources_) {
    for (const int64_t instance : source.instances) {
      absl::Status added = Add(source.process, instance, "");
      if (!added.ok()) return added;
    }
  }
  if (!is_exact) {
    // OK: the stack is gone, and each stream ends after its last line.
    if (absl::Status status = Discover(after); !status.ok()) End(status);
  }
  std::vector<std::thread> threads;
  {
    const absl::MutexLock lock(&mutex_);
    for (auto& [label, stream] : streams_) {
      threads.push_back(std::move(stream->thread));
    }
  }
  for (std::thread& thread : threads) thread.join();
  const absl::MutexLock lock(&mutex_);
  return end_;
}

absl::Status LogFollower::Add(const std::string& process, int64_t instance,
                              const std::string& since) {
  const std::string label = InstanceLabel(process, instance);
  {
    const absl::MutexLock lock(&mutex_);
    if (has_ended_ || streams_.contains(label)) return absl::OkStatus();
    if (streams_.size() == kMaxInstances) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxInstances,
                       " instances to follow; name some, such as ", label));
    }
  }
  absl::StatusOr<std::unique_ptr<Api>> api = session_.NewApi();
  if (!api.ok()) return api.status();
  auto stream = std::make_unique<Stream>();
  stream->process = process;
  stream->instance = instance;
  stream->api = *std::move(api);
  Query query = query_;
  if (!since.empty()) {
    // All that the new instance has written.
    constexpr std::string_view kMaxLines = "10000";
    std::erase_if(query, [](const auto& parameter) {
      return parameter.first == "since" || parameter.first == "lines";
    });
    query.emplace_back("since", since);
    query.emplace_back("lines", kMaxLines);
  }
  query.emplace_back("follow", "1");
  query.emplace_back("instance", absl::StrCat(instance));
  const absl::MutexLock lock(&mutex_);
  if (has_ended_) return absl::OkStatus();
  Stream& started = *(streams_[label] = std::move(stream));
  started.thread = std::thread(
      [this, &started, query = std::move(query)] { Follow(started, query); });
  return absl::OkStatus();
}

void LogFollower::Follow(Stream& stream, const Query& query) {
  const std::string label = InstanceLabel(stream.process, stream.instance);
  const absl::Status status = FollowStream(
      *stream.api,
      {.path = StackPath(
           stack_,
           absl::StrCat("/processes/", PathPart(stream.process), "/logs")),
       .query = query},
      "", [&](const StreamEvent& event) { return Take(stream, event); },
      [&](const absl::Status& reason) { HasLost(label, reason); });
  if (status.ok()) return;
  if (absl::IsNotFound(status)) {
    bool is_known = false;
    {
      const absl::MutexLock lock(&mutex_);
      // Of several streams, one that has nothing to show is no failure.
      is_known = streams_.size() > 1;
    }
    if (is_known) {
      printer_.Warn(absl::StrCat(label, ": ", status.message()));
      return;
    }
  }
  End(status);
}

bool LogFollower::Take(const Stream& stream, const StreamEvent& event) {
  {
    const absl::MutexLock lock(&mutex_);
    has_told_loss_ = false;
  }
  const std::string label = InstanceLabel(stream.process, stream.instance);
  Json json = Json::parse(event.data, nullptr, false);
  if (!json.is_object()) return true;
  if (event.type == "gap") {
    printer_.Warn(absl::StrCat(label, ": ", DescribeGap(json)));
    return true;
  }
  if (event.type == "end") {
    const std::string reason = TextOf(json, "reason");
    printer_.Note(
        absl::StrCat(label, ": ends here", reason.empty() ? "" : ": ", reason));
    return false;
  }
  if (event.type != "output") return true;
  LogLine line{.process = TextOf(json, "process"),
               .instance = NumberOf(json, "instance").value_or(stream.instance),
               .text = TextOf(json, "line"),
               .seen_at = TextOf(json, "seen_at")};
  line.json = std::move(json);
  if (printer_.Print(line)) return true;
  End(absl::OkStatus());
  return false;
}

absl::Status LogFollower::Discover(int64_t after) {
  Api* api = nullptr;
  {
    const absl::MutexLock lock(&mutex_);
    api = discovery_.get();
  }
  absl::Status failure;
  const absl::Status status = FollowStream(
      *api,
      {.path = StackPath(stack_, "/events"),
       .query = {{"kind", "started,restarted,adopted,stack_deleted"},
                 {"after", absl::StrCat(after)}}},
      "",
      [&](const StreamEvent& event) { return TakeStackEvent(event, failure); },
      [&](const absl::Status& reason) { HasLost(stack_.label, reason); });
  return failure.ok() ? status : failure;
}

bool LogFollower::TakeStackEvent(const StreamEvent& event,
                                 absl::Status& failure) {
  const Json json = Json::parse(event.data, nullptr, false);
  if (event.type == "stack_deleted") return false;
  const std::string process = TextOf(json, "process");
  const std::optional<int64_t> instance = NumberOf(json, "instance");
  const bool is_chosen = absl::c_any_of(sources_, [&](const LogSource& source) {
    return source.process == process && !source.is_exact;
  });
  if (!instance || !is_chosen) return true;
  failure = Add(process, *instance, TextOf(json, "time"));
  return failure.ok();
}

void LogFollower::End(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  if (has_ended_) return;
  has_ended_ = true;
  end_ = status;
  for (auto& [label, stream] : streams_) stream->api->Stop();
  if (discovery_ != nullptr) discovery_->Stop();
}

void LogFollower::HasLost(const std::string& what, const absl::Status& reason) {
  {
    const absl::MutexLock lock(&mutex_);
    // All streams lose their connections together.
    if (has_ended_ || has_told_loss_) return;
    has_told_loss_ = true;
  }
  printer_.Warn(
      absl::StrCat(what, ": ", reason.message(), "; trying to connect again"));
}

}  // namespace tallyman::tally
