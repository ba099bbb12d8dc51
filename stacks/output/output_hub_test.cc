#include "stacks/output/output_hub.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_watcher.h"
#include "stacks/output/process_output.h"
#include "stacks/output/testing/output_log_fixture.h"
#include "stacks/output/testing/plain_renderer.h"

namespace tallyman::stacks {
namespace {

constexpr std::string_view kStack = "5f0c";

InstanceKey Web(int64_t number) {
  return {.stack_uid = std::string(kStack), .process = "web", .number = number};
}

// Reads a stream as a transport does: waits for a wake-up when there is nothing
// to read.
class Reader {
 public:
  explicit Reader(std::unique_ptr<OutputFollower> follower)
      : follower_(std::move(follower)) {
    follower_->Start([state = state_] {
      absl::MutexLock lock(&state->mutex);
      state->is_woken = true;
    });
  }

  // Reads until `enough` is true of all that was read, or the stream ends.
  const std::string& ReadUntil(
      const std::function<bool(const std::string&)>& enough) {
    while (is_open_ && !enough(read_)) {
      const size_t before = read_.size();
      is_open_ = follower_->Read(size_t{64} << 10, read_);
      if (is_open_ && read_.size() == before) state_->Await();
    }
    return read_;
  }
  // Until the last event is `event`.
  const std::string& ReadUntil(std::string_view event) {
    const std::string last = absl::StrCat(event, "\n");
    return ReadUntil([last](const std::string& read) {
      return read == last || absl::EndsWith(read, absl::StrCat("\n", last));
    });
  }
  const std::string& ReadToEnd() {
    return ReadUntil([](const std::string&) { return false; });
  }
  const std::string& read() const { return read_; }
  // Forgets what was read.
  void Clear() { read_.clear(); }
  bool is_open() const { return is_open_; }

 private:
  struct State {
    void Await() {
      absl::MutexLock lock(&mutex);
      mutex.Await(absl::Condition(&is_woken));
      is_woken = false;
    }
    absl::Mutex mutex;
    bool is_woken ABSL_GUARDED_BY(mutex) = false;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  const std::unique_ptr<OutputFollower> follower_;
  std::string read_;
  bool is_open_ = true;
};

class OutputHubTest : public OutputLogTest {
 protected:
  void SetUp() override {
    Open({});
    Start({});
  }

  void Start(OutputHub::Options options) {
    options.on_error = [](const absl::Status& error) {
      ADD_FAILURE() << error;
    };
    hub_.reset();
    auto hub = OutputHub::Start(*logs_, std::move(options));
    ASSERT_TRUE(hub.ok()) << hub.status();
    hub_ = *std::move(hub);
  }

  std::unique_ptr<Reader> Follow(const FollowRequest& request = {},
                                 const std::string& process = "web") {
    auto follower =
        hub_->Follow(std::string(kStack), process, request, renderer_);
    EXPECT_TRUE(follower.ok()) << follower.status();
    return std::make_unique<Reader>(*std::move(follower));
  }

  const std::shared_ptr<const OutputRenderer> renderer_ =
      std::make_shared<const PlainRenderer>();
  std::unique_ptr<OutputHub> hub_;
};

TEST_F(OutputHubTest, LinesAreSentWhenTheyAreWritten) {
  const base::UniqueFd fd = Append();
  Write(fd, "a\nb\n");
  const auto reader = Follow({.present = {1}, .lines = 1});
  Write(fd, "c\n");
  reader->ReadUntil("1:c");
  Write(fd, "d");
  Write(fd, "d\ne\n");
  EXPECT_EQ(reader->ReadUntil("1:e"), "1:b\n1:c\n1:dd\n1:e\n");
}

TEST_F(OutputHubTest, AnEndOfAProgramCompletesItsLastLine) {
  base::UniqueFd fd = Append();
  const auto reader = Follow();
  Write(fd, "a\nb");
  reader->ReadUntil("1:a");
  fd.reset();
  EXPECT_EQ(reader->ReadUntil("1:b+"), "1:a\n1:b+\n");
  // It comes back.
  Write(Append(), "c\n");
  EXPECT_EQ(reader->ReadUntil("1:c"), "1:a\n1:b+\n1:c\n");
}

TEST_F(OutputHubTest, FilesOfInstancesMayAppearLater) {
  // Not even the directory of the stack exists.
  const auto reader = Follow({.present = {1}, .lines = 10});
  const auto of_two = Follow({.instance = 2, .present = {2}, .lines = 10});
  const base::UniqueFd one = Append(Web(1));
  Write(one, "a\n");
  reader->ReadUntil("1:a");
  // Scaled up.
  const base::UniqueFd two = Append(Web(2));
  Write(two, "b\n");
  reader->ReadUntil("2:b");
  Write(one, "c\n");
  EXPECT_EQ(reader->ReadUntil("1:c"), "1:a\n2:b\n1:c\n");
  EXPECT_EQ(of_two->ReadUntil("2:b"), "2:b\n");
}

TEST_F(OutputHubTest, ProcessesOfAStackAreApart) {
  const auto web = Follow();
  const auto worker = Follow({}, "web.v2");
  const InstanceKey key = {
      .stack_uid = std::string(kStack), .process = "web.v2", .number = 1};
  Write(Append(key), "of web.v2\n");
  Write(Append(Web(1)), "of web\n");
  EXPECT_EQ(web->ReadUntil("1:of web"), "1:of web\n");
  EXPECT_EQ(worker->ReadUntil("1:of web.v2"), "1:of web.v2\n");
  EXPECT_EQ(hub_->processes(), 2);
}

TEST_F(OutputHubTest, TheRemovalOfAStackEndsItsStreams) {
  const base::UniqueFd fd = Append();
  const auto reader = Follow();
  const auto other = Follow({}, "worker");
  Write(fd, "a\nb");
  ASSERT_TRUE(logs_->RemoveStack(kStack).ok());
  const std::string& read = reader->ReadToEnd();
  EXPECT_EQ(read, "1:a\n1:b+\nend\n");
  EXPECT_EQ(other->ReadToEnd(), "end\n");
  EXPECT_EQ(hub_->processes(), 0);
}

TEST_F(OutputHubTest, AProcessThatIsNotDefinedAnyMoreEndsItsStreams) {
  std::atomic<bool> exists = true;
  Start({.exists = [&](std::string_view, std::string_view process) {
    return process == "worker" || exists.load();
  }});
  const base::UniqueFd fd = Append();
  const auto reader = Follow();
  const auto worker = Follow({}, "worker");
  hub_->CheckProcesses();
  Write(fd, "a\n");
  reader->ReadUntil("1:a");
  exists = false;
  hub_->CheckProcesses();
  EXPECT_EQ(reader->ReadToEnd(), "1:a\nend\n");
  EXPECT_EQ(hub_->processes(), 1);
  EXPECT_TRUE(worker->is_open());
}

TEST_F(OutputHubTest, TheEndOfTheHubEndsItsStreams) {
  const base::UniqueFd fd = Append();
  const auto reader = Follow();
  hub_.reset();
  EXPECT_EQ(reader->ReadToEnd(), "");
}

TEST_F(OutputHubTest, QuietStreamsGiveASignOfLife) {
  Start({.keep_alive = absl::Milliseconds(20)});
  const auto reader = Follow();
  reader->ReadUntil("alive");
  reader->ReadUntil([](const std::string& read) {
    return absl::StartsWith(read, "alive\nalive\nalive\n");
  });
}

TEST_F(OutputHubTest, ABeginningOfALineIsSentAfterAWhile) {
  Start({.keep_alive = absl::Milliseconds(20)});
  const base::UniqueFd fd = Append();
  const auto reader = Follow();
  Write(fd, "Password:");
  reader->ReadUntil("1:Password:+");
}

TEST_F(OutputHubTest, AProcessWithoutFollowersIsForgotten) {
  Start({.keep_alive = absl::Milliseconds(2)});
  const base::UniqueFd fd = Append();
  const auto other = Follow({}, "other");
  {
    const auto reader = Follow();
    Write(fd, "a\n");
    reader->ReadUntil("1:a");
    EXPECT_EQ(hub_->processes(), 2);
  }
  // The other stream shows that time passes.
  while (hub_->processes() > 1) {
    other->Clear();
    other->ReadUntil("alive");
  }
  const auto again = Follow({.present = {1}, .lines = 10});
  Write(fd, "b\n");
  again->ReadUntil("1:b");
}

// How far a test with rotations is. Thread-safe.
class RotationProgress {
 public:
  explicit RotationProgress(size_t readers) : lines_(readers) {}

  void Rotated() {
    absl::MutexLock lock(&mutex_);
    ++rotations_;
  }
  // A reader has read so many lines.
  void Read(size_t reader, int lines) {
    absl::MutexLock lock(&mutex_);
    lines_[reader] = lines;
  }
  void AwaitRotations(int rotations) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return rotations_ >= rotations;
    };
    mutex_.Await(absl::Condition(&enough));
  }
  // Waits until all readers have read so many lines.
  void AwaitRead(int lines) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return *std::min_element(lines_.begin(), lines_.end()) >= lines;
    };
    mutex_.Await(absl::Condition(&enough));
  }

 private:
  absl::Mutex mutex_;
  int rotations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> lines_ ABSL_GUARDED_BY(mutex_);  // By reader.
};

// Expects "line 1" to "line `count`" of instance 1, and calls `on_read` with
// how many were read; after a wrong one, with `count`.
void ExpectNumberedLines(Reader& reader, int count,
                         const std::function<void(int)>& on_read) {
  std::string rest;
  bool is_right = true;
  for (int next = 1; next <= count && is_right; on_read(next - 1)) {
    reader.Clear();
    rest +=
        reader.ReadUntil([](const std::string& read) { return !read.empty(); });
    size_t at = 0;
    for (size_t end = rest.find('\n'); is_right && end != std::string::npos;
         end = rest.find('\n', at)) {
      const std::string expected = absl::StrCat("1:line ", next++);
      const std::string event = rest.substr(at, end - at);
      is_right = event == expected;
      EXPECT_EQ(event, expected);
      at = end + 1;
    }
    rest.erase(0, at);
  }
  on_read(count);
}

// A writer, a watcher that rotates the file again and again, and followers,
// each with a thread of its own.
TEST_F(OutputHubTest, EachLineIsSentOnceThroughRotations) {
  constexpr int kLines = 50000;
  constexpr int kLinesOfARotation = 10000;  // More than 64 KiB.
  hub_.reset();
  Open({.max_bytes = 64 << 10});
  if (!CanCollapse()) GTEST_SKIP() << "rotations may lose lines here";
  Start({.interval = absl::Milliseconds(1)});
  RotationProgress progress(/*readers=*/4);
  auto watcher = OutputWatcher::Start(
      *logs_, {.interval = absl::Milliseconds(1),
               .on_rotated = [&](const InstanceKey&) { progress.Rotated(); }});
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  const base::UniqueFd fd = Append();
  (*watcher)->Add(kWeb);
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i) readers.push_back(Follow());
  for (size_t i = 0; i < readers.size(); ++i) {
    threads.emplace_back([&, i] {
      ExpectNumberedLines(*readers[i], kLines,
                          [&](int count) { progress.Read(i, count); });
    });
  }
  for (int i = 1; i <= kLines; ++i) {
    Write(fd, absl::StrCat("line ", i, "\n"));
    // No reader is two rotations behind.
    if (i % 1000 == 0) progress.AwaitRead(i - 2000);
    if (i % kLinesOfARotation == 0) {
      progress.AwaitRotations(i / kLinesOfARotation);
    }
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OutputHubTest, AThousandFollowersGetEachLine) {
  const base::UniqueFd fd = Append();
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 1000; ++i) readers.push_back(Follow());
  std::string expected;
  for (int i = 1; i <= 20; ++i) {
    Write(fd, absl::StrCat("line ", i, "\n"));
    const std::string event = absl::StrCat("1:line ", i);
    absl::StrAppend(&expected, event, "\n");
    for (const auto& reader : readers) reader->ReadUntil(event);
  }
  for (const auto& reader : readers) EXPECT_EQ(reader->read(), expected);
  EXPECT_EQ(hub_->processes(), 1);
}

TEST_F(OutputHubTest, ASlowFollowerDoesNotHinderOthers) {
  Start({.ring_bytes = 10000});
  const base::UniqueFd fd = Append();
  const auto slow = Follow();
  const auto quick = Follow();
  std::string expected;
  for (int i = 1; i <= 1000; ++i) {
    const std::string line = absl::StrCat("line ", i);
    Write(fd, line + "\n");
    absl::StrAppend(&expected, "1:", line, "\n");
    if (i % 100 == 0) quick->ReadUntil("1:" + line);
  }
  EXPECT_EQ(quick->read(), expected);
  const std::string& read = slow->ReadUntil("1:line 1000");
  EXPECT_TRUE(absl::StartsWith(read, "gap(")) << read.substr(0, 50);
  EXPECT_LT(read.size(), 10000);
}

TEST_F(OutputHubTest, ManyFilesAreFollowed) {
  constexpr int kInstances = 100;
  std::vector<base::UniqueFd> fds;
  const auto reader = Follow();
  for (int i = 1; i <= kInstances; ++i) fds.push_back(Append(Web(i)));
  for (int round = 1; round <= 3; ++round) {
    for (const base::UniqueFd& fd : fds) {
      Write(fd, absl::StrCat("round ", round, "\n"));
    }
    reader->Clear();
    size_t events = 0;
    const std::string& read = reader->ReadUntil([&](const std::string& all) {
      events = static_cast<size_t>(std::count(all.begin(), all.end(), '\n'));
      return events == kInstances;
    });
    for (int i = 1; i <= kInstances; ++i) {
      EXPECT_TRUE(
          absl::StrContains(read, absl::StrCat(i, ":round ", round, "\n")));
    }
  }
}

TEST(OutputHubStartTest, IntervalsMustBePositive) {
  auto logs = OutputLogs::Open(testing::TempDir(), {});
  ASSERT_TRUE(logs.ok()) << logs.status();
  EXPECT_TRUE(absl::IsInvalidArgument(
      OutputHub::Start(*logs, {.keep_alive = absl::ZeroDuration()}).status()));
}

}  // namespace
}  // namespace tallyman::stacks
