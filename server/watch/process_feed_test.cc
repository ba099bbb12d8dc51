#include "server/watch/process_feed.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/host/process_query.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "server/testing/stream_client.h"

namespace tallyman::server {
namespace {

using platform::Process;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lists the processes that a test sets. Thread-safe.
class ScriptedLister {
 public:
  void Set(std::vector<Process> processes) {
    absl::MutexLock lock(&mutex_);
    processes_ = std::move(processes);
  }
  void Fail(bool is_failing) {
    absl::MutexLock lock(&mutex_);
    is_failing_ = is_failing;
  }
  absl::StatusOr<platform::ProcessSnapshot> List(
      const platform::ProcessQuery& query) {
    absl::MutexLock lock(&mutex_);
    ++scans_;
    if (is_failing_) return absl::UnavailableError("no descriptors");
    std::vector<Process> listed;
    for (const Process& process : processes_) {
      if (query.condition == nullptr || query.condition(process)) {
        listed.push_back(process);
      }
    }
    return platform::ProcessSnapshot(std::move(listed), {}, absl::UnixEpoch());
  }
  int scans() const {
    absl::MutexLock lock(&mutex_);
    return scans_;
  }
  // Waits for `count` more scans.
  void AwaitScans(int count) const {
    absl::MutexLock lock(&mutex_);
    const int end = scans_ + count;
    const auto reached = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return scans_ >= end;
    };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Process> processes_ ABSL_GUARDED_BY(mutex_);
  bool is_failing_ ABSL_GUARDED_BY(mutex_) = false;
  int scans_ ABSL_GUARDED_BY(mutex_) = 0;
};

Process MakeProcess(int32_t pid, std::string_view name, int64_t memory) {
  Process process;
  process.pid = pid;
  process.start_ticks = pid;
  process.start_time = absl::FromUnixSeconds(pid);
  process.name = name;
  process.resident_bytes = memory;
  return process;
}

constexpr absl::Duration kInterval = absl::Milliseconds(1);
constexpr absl::Duration kNever = absl::Hours(24);

class ProcessFeedTest : public testing::Test {
 protected:
  ProcessFeedTest() { Start({}); }

  void Start(ProcessFeed::Options options) {
    feed_.reset();
    auto feed = ProcessFeed::Start(
        [this](const platform::ProcessQuery& query) {
          return lister_.List(query);
        },
        {.redactor = *redactor_, .zone = absl::UTCTimeZone()},
        std::move(options));
    CHECK_OK(feed.status());
    feed_ = *std::move(feed);
  }

  std::unique_ptr<StreamClient> Follow(std::string_view query_string,
                                       absl::Duration interval) {
    auto query = api::ProcessListQuery::Parse(api::Params::Parse(query_string));
    CHECK_OK(query.status());
    api::Response response;
    response.stream = feed_->Follow(*std::move(query), interval);
    return std::make_unique<StreamClient>(std::move(response));
  }

  // The pids of a list of an event.
  static std::vector<int> Pids(const nlohmann::json& processes) {
    std::vector<int> pids;
    for (const auto& process : processes) pids.push_back(process["pid"]);
    return pids;
  }

  const std::unique_ptr<api::Redactor> redactor_ = api::Redactor::Disabled();
  ScriptedLister lister_;
  std::unique_ptr<ProcessFeed> feed_;
};

TEST_F(ProcessFeedTest, SendsASnapshotAndThenDifferences) {
  lister_.Set({MakeProcess(1, "a", 10), MakeProcess(2, "b", 20)});
  const auto client = Follow("fields=name,memory", kInterval);
  const SseEvent snapshot = client->Next();
  EXPECT_EQ(snapshot.type, "snapshot");
  EXPECT_THAT(Pids(snapshot.data["processes"]), ElementsAre(1, 2));
  EXPECT_EQ(snapshot.data["processes"][1]["name"], "b");

  lister_.Set({MakeProcess(2, "b", 21), MakeProcess(3, "c", 30)});
  const SseEvent difference = client->Next();
  EXPECT_EQ(difference.type, "difference");
  EXPECT_THAT(Pids(difference.data["entered"]), ElementsAre(3));
  EXPECT_THAT(Pids(difference.data["gone"]), ElementsAre(1));
  EXPECT_EQ(difference.data["changed"].dump(),
            R"([{"memory":21,"pid":2,)"
            R"("start_time":"1970-01-01T00:00:02.000+00:00"}])");
}

TEST_F(ProcessFeedTest, EqualListsSendNothing) {
  lister_.Set({MakeProcess(1, "a", 10)});
  const auto client = Follow("fields=memory", kInterval);
  EXPECT_EQ(client->Next().type, "snapshot");
  lister_.AwaitScans(3);
  lister_.Set({MakeProcess(1, "a", 11)});
  const SseEvent next = client->Next();
  EXPECT_EQ(next.data["changed"][0]["memory"], 11);
}

TEST_F(ProcessFeedTest, NothingIsScannedWhileNobodyWatches) {
  EXPECT_EQ(lister_.scans(), 0);
  EXPECT_EQ(feed_->watches(), 0);
  auto client = Follow("", kInterval);
  EXPECT_EQ(client->Next().type, "snapshot");
  lister_.AwaitScans(2);
  client.reset();
  // The thread serves watches in order, so after the scan of a new one the old
  // one is dropped.
  client = Follow("fields=pid", kNever);
  EXPECT_EQ(client->Next().type, "snapshot");
  EXPECT_EQ(feed_->watches(), 1);
  const int scans = lister_.scans();
  // Each takes the thread through its rounds.
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Follow("fields=pid", kNever)->Next().type, "snapshot");
  }
  EXPECT_EQ(lister_.scans(), scans);
}

TEST_F(ProcessFeedTest, WatchersOfTheSameQueryShareItsScans) {
  lister_.Set({MakeProcess(1, "a", 10), MakeProcess(2, "b", 20)});
  std::vector<std::unique_ptr<StreamClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(Follow("fields=memory&name=a", kNever));
    EXPECT_THAT(Pids(clients.back()->Next().data["processes"]), ElementsAre(1));
  }
  EXPECT_EQ(lister_.scans(), 1);
  EXPECT_EQ(feed_->watches(), 1);
  // Another query, and another interval, are other watches.
  const auto other = Follow("fields=memory&name=b", kNever);
  EXPECT_THAT(Pids(other->Next().data["processes"]), ElementsAre(2));
  EXPECT_EQ(lister_.scans(), 2);
  const auto slower = Follow("fields=memory&name=a", 2 * kNever);
  EXPECT_EQ(slower->Next().type, "snapshot");
  EXPECT_EQ(lister_.scans(), 3);
  EXPECT_EQ(feed_->watches(), 3);
}

TEST_F(ProcessFeedTest, ALateWatcherBeginsWithTheSameList) {
  lister_.Set({MakeProcess(1, "a", 10)});
  const auto first = Follow("fields=memory", kInterval);
  EXPECT_EQ(first->Next().type, "snapshot");
  lister_.Set({MakeProcess(1, "a", 11)});
  EXPECT_EQ(first->Next().type, "difference");
  const auto second = Follow("fields=memory", kInterval);
  EXPECT_EQ(second->Next().data["processes"][0]["memory"], 11);
  lister_.Set({MakeProcess(1, "a", 12)});
  EXPECT_EQ(first->Next().data["changed"][0]["memory"], 12);
  EXPECT_EQ(second->Next().data["changed"][0]["memory"], 12);
}

TEST_F(ProcessFeedTest, AWatcherThatIsBehindGetsASnapshot) {
  Start({.kept_bytes = 1});
  lister_.Set({MakeProcess(1, "a", 0)});
  const auto fast = Follow("fields=memory", kInterval);
  const auto slow = Follow("fields=memory", kInterval);
  EXPECT_EQ(fast->Next().type, "snapshot");
  EXPECT_EQ(slow->Next().type, "snapshot");
  for (int memory = 1; memory <= 3; ++memory) {
    lister_.Set({MakeProcess(1, "a", memory)});
    EXPECT_EQ(fast->Next().data["changed"][0]["memory"], memory);
  }
  const SseEvent again = slow->Next();
  EXPECT_EQ(again.type, "snapshot");
  EXPECT_EQ(again.data["processes"][0]["memory"], 3);
  lister_.Set({});
  EXPECT_THAT(Pids(slow->Next().data["gone"]), ElementsAre(1));
}

TEST_F(ProcessFeedTest, AFailedListIsReportedOnceAndTriedAgain) {
  std::vector<std::string> errors;  // Written by the thread of the feed.
  Start({.on_error = [&](const absl::Status& status) {
    errors.emplace_back(status.message());
  }});
  lister_.Fail(true);
  lister_.Set({MakeProcess(1, "a", 10)});
  const auto client = Follow("", kInterval);
  lister_.AwaitScans(3);
  lister_.Fail(false);
  EXPECT_THAT(Pids(client->Next().data["processes"]), ElementsAre(1));
  feed_.reset();
  EXPECT_THAT(errors, ElementsAre("no descriptors"));
}

TEST_F(ProcessFeedTest, QuietStreamsGetSignsOfLife) {
  Start({.keep_alive = absl::Milliseconds(1)});
  auto query = api::ProcessListQuery::Parse(api::Params::Parse(""));
  ASSERT_TRUE(query.ok());
  const auto stream = feed_->Follow(*std::move(query), kNever);
  absl::Mutex mutex;
  bool is_woken = false;
  stream->Start([&] {
    absl::MutexLock lock(&mutex);
    is_woken = true;
  });
  std::string out;
  while (out.find(": keep-alive\n\n") == std::string::npos) {
    const size_t before = out.size();
    ASSERT_EQ(stream->Read(1000, out), api::BodyStream::State::kOpen);
    if (out.size() > before) continue;
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&is_woken));
    is_woken = false;
  }
  EXPECT_EQ(out.find("retry: 2000\n\nevent: snapshot\n"), 0u);
  // No wake-up after the locals.
  feed_.reset();
}

TEST_F(ProcessFeedTest, TheEndOfTheFeedEndsItsStreams) {
  const auto client = Follow("", kInterval);
  EXPECT_EQ(client->Next().type, "snapshot");
  feed_.reset();
  EXPECT_THAT(client->Next().type, IsEmpty());
}

}  // namespace
}  // namespace tallyman::server
