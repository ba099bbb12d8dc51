#include "stacks/output/process_output.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/testing/output_log_fixture.h"
#include "stacks/output/testing/plain_renderer.h"

namespace tallyman::stacks {
namespace {

InstanceKey Web(int64_t number) {
  return {.stack_uid = "5f0c", .process = "web", .number = number};
}

// Remembers the marks of all lines and streams.
class MarkRecorder final : public OutputRenderer {
 public:
  void Line(const OutputLine& line, std::string& out) const override {
    plain_.Line(line, out);
    marks_.push_back(line.mark);
  }
  void Gap(const OutputGap& gap, std::string& out) const override {
    plain_.Gap(gap, out);
  }
  void Mark(const OutputMark& mark, std::string& out) const override {
    plain_.Mark(mark, out);
    marks_.push_back(mark);
  }
  void KeepAlive(std::string& out) const override { plain_.KeepAlive(out); }
  void End(std::string& out) const override { plain_.End(out); }

  const std::vector<OutputMark>& marks() const { return marks_; }

 private:
  PlainRenderer plain_;
  mutable std::vector<OutputMark> marks_;
};

class ProcessOutputTest : public OutputLogTest {
 protected:
  void SetUp() override { StartServer(); }

  // As a server that has just started, without followers.
  void StartServer() {
    Open({.max_bytes = 4096});
    Make(size_t{1} << 20);
  }
  void Make(size_t ring_bytes) {
    output_ =
        std::make_unique<ProcessOutput>(*logs_, Web(0), renderer_, ring_bytes);
  }

  void Add(int64_t number, OutputCursor::From from = OutputCursor::From::kEnd) {
    const absl::Status added = output_->Add(number, from);
    EXPECT_TRUE(added.ok()) << added;
  }
  void Publish(int64_t number, int closes = 0) {
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) {
      more = output_->Read(number, std::exchange(closes, 0));
    }
    EXPECT_TRUE(more.ok()) << more.status();
  }
  std::unique_ptr<OutputFollower> Follow(const FollowRequest& request) {
    auto follower = output_->Follow(request);
    EXPECT_TRUE(follower.ok()) << follower.status();
    (*follower)->Start([] {});
    return *std::move(follower);
  }
  // All that there is.
  static std::string Read(OutputFollower& follower) {
    std::string out;
    for (size_t before = 1; before != out.size();) {
      before = out.size();
      if (!follower.Read(size_t{1} << 20, out)) break;
    }
    return out;
  }
  std::string Resumed(const OutputMark& mark, std::vector<int64_t> present,
                      int64_t instance = 0) {
    return Read(*Follow({.instance = instance,
                         .present = std::move(present),
                         .lines = 1,
                         .resume = mark}));
  }
  const OutputMark& LastMark() const { return renderer_->marks().back(); }

  const std::shared_ptr<MarkRecorder> renderer_ =
      std::make_shared<MarkRecorder>();
  std::unique_ptr<ProcessOutput> output_;
};

TEST_F(ProcessOutputTest, TheLastLinesComeFirstThenNewOnes) {
  const base::UniqueFd one = Append(Web(1));
  const base::UniqueFd two = Append(Web(2));
  Write(one, "a\nb\nc\nd");
  Write(two, "x\n");
  Add(1);
  Add(2);
  // Instance 2 was scaled down.
  const auto follower = Follow({.present = {1, 3}, .lines = 2});
  const auto of_two = Follow({.instance = 2, .present = {2}, .lines = 5});
  const auto of_none = Follow({.lines = 5});
  Write(two, "y\n");
  Write(one, "d\n");
  Publish(2);
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:b\n1:c\n2:y\n1:dd\n");
  EXPECT_EQ(Read(*of_two), "2:x\n2:y\n");
  EXPECT_EQ(Read(*of_none), "2:y\n1:dd\n");
}

TEST_F(ProcessOutputTest, ALineWithoutAnEndWaits) {
  base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, "a\nb");
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:a\n");
  fd.reset();
  Publish(1, /*closes=*/1);
  EXPECT_EQ(Read(*follower), "1:b+\n");
  // The next process appends.
  Write(Append(Web(1)), "c\n");
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:c\n");
}

TEST_F(ProcessOutputTest, ARotationIsNoEnd) {
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, Lines(1000));
  Write(fd, "unfini");
  ASSERT_TRUE(Rotate());
  Publish(1, /*closes=*/1);
  EXPECT_EQ(Read(*follower).find("unfini"), std::string::npos);
  Write(fd, "shed\n");
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:unfinished\n");
  // The end after it is one.
  Write(fd, "end");
  Publish(1, /*closes=*/1);
  EXPECT_EQ(Read(*follower), "1:end+\n");
}

TEST_F(ProcessOutputTest, AnIdleBeginningOfALineIsSent) {
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, "Password");
  Publish(1);
  output_->Tick();
  EXPECT_EQ(Read(*follower), "");
  Write(fd, ": ");
  Publish(1);
  output_->Tick();
  EXPECT_EQ(Read(*follower), "alive\n");
  output_->Tick();
  EXPECT_EQ(Read(*follower), "1:Password: +\n");
}

TEST_F(ProcessOutputTest, ALongLineComesInPieces) {
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  const std::string piece(kMaxOutputPieceBytes, 'x');
  Write(fd, absl::StrCat(piece, "y"));
  Publish(1);
  EXPECT_EQ(Read(*follower), absl::StrCat("1:", piece, "+\n"));
  Write(fd, "z\n");
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:yz\n");
}

TEST_F(ProcessOutputTest, AnInstanceThatIsAddedIsReadFromItsBeginning) {
  const auto follower = Follow({.present = {1}, .lines = 10});
  Write(Append(Web(1)), "a\nb\n");
  Add(1, OutputCursor::From::kBeginning);
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:a\n1:b\n");
}

TEST_F(ProcessOutputTest, AFileThatIsReplacedIsReadFromItsBeginning) {
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, "old\nold end");
  std::filesystem::remove(path());
  Write(Append(Web(1)), "new\n");
  Add(1);
  Publish(1);
  Add(1);
  Publish(1);
  EXPECT_EQ(Read(*follower), "1:old\n1:old end+\n1:new\n");
}

TEST_F(ProcessOutputTest, TheEndPublishesTheRest) {
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, "a\nb");
  ASSERT_TRUE(logs_->RemoveStack("5f0c").ok());
  output_->Finish();
  EXPECT_EQ(Read(*follower), "1:a\n1:b+\nend\n");
  EXPECT_EQ(Read(*Follow({})), "end\n");
}

TEST_F(ProcessOutputTest, AStreamIsResumedExactlyInTheRing) {
  const base::UniqueFd one = Append(Web(1));
  const base::UniqueFd two = Append(Web(2));
  Write(one, "before\n");
  Add(1);
  Add(2);
  const auto follower = Follow({.present = {1, 2}, .lines = 10});
  const OutputMark at_start = LastMark();
  Write(one, "a\n");
  Publish(1);
  const OutputMark after_a = LastMark();
  Write(two, "b\n");
  Publish(2);
  const OutputMark after_b = LastMark();
  Write(one, "c\n");
  Publish(1);
  const OutputMark after_c = LastMark();
  EXPECT_EQ(Resumed(at_start, {1, 2}), "1:a\n2:b\n1:c\n");
  EXPECT_EQ(Resumed(after_a, {1, 2}), "2:b\n1:c\n");
  EXPECT_EQ(Resumed(after_b, {1, 2}), "1:c\n");
  EXPECT_EQ(Resumed(after_c, {1, 2}), "");
  EXPECT_EQ(Resumed(after_a, {1}, 1), "1:c\n");
}

TEST_F(ProcessOutputTest, OneInstanceIsResumedExactlyFromItsFile) {
  const base::UniqueFd fd = Append(Web(1));
  Write(fd, "before\n");
  Add(1);
  const auto follower = Follow({.present = {1}, .lines = 10});
  const OutputMark at_start = LastMark();
  Write(fd, "a\nb\n");
  Publish(1);
  const OutputMark after_a = renderer_->marks()[renderer_->marks().size() - 2];
  const OutputMark after_b = LastMark();
  Write(fd, "c\n");
  StartServer();
  Add(1);
  EXPECT_EQ(Resumed(at_start, {1}), "1:a\n1:b\n1:c\n");
  EXPECT_EQ(Resumed(after_a, {1}), "1:b\n1:c\n");
  EXPECT_EQ(Resumed(after_b, {1}), "1:c\n");
  // Marks of lines that came first are good too.
  EXPECT_EQ(Resumed(renderer_->marks().front(), {1}), "1:a\n1:b\n1:c\n");
  // A rotation since then does not matter either.
  Write(fd, Lines(1000));
  Publish(1);
  ASSERT_TRUE(Rotate());
  Write(fd, "d\n");
  Publish(1);
  const std::string resumed = Resumed(after_b, {1});
  EXPECT_TRUE(resumed.starts_with("1:c\n1:line 1\n")) << resumed.substr(0, 50);
  EXPECT_TRUE(resumed.ends_with("1:line 1000\n1:d\n"));
}

TEST_F(ProcessOutputTest, APlaceOutsideOfTheRingIsResumedFromTheFile) {
  Make(1000);
  const base::UniqueFd fd = Append(Web(1));
  Add(1);
  const auto follower = Follow({});
  Write(fd, "a\n");
  Publish(1);
  const OutputMark after_a = LastMark();
  Write(fd, Lines(300));
  Publish(1);
  const std::string resumed = Resumed(after_a, {1});
  EXPECT_TRUE(resumed.starts_with("1:line 1\n")) << resumed;
  EXPECT_TRUE(resumed.ends_with("1:line 300\n")) << resumed;
}

TEST_F(ProcessOutputTest, AnUnknownPlaceIsAGap) {
  const base::UniqueFd one = Append(Web(1));
  const base::UniqueFd two = Append(Web(2));
  Write(one, "a\nb\n");
  Write(two, "x\ny\n");
  Add(1);
  Add(2);
  Follow({.present = {1}, .lines = 10});
  const OutputMark after_a = renderer_->marks()[0];
  // Nothing is known of instance 2: its last line comes, as in a new stream.
  EXPECT_EQ(Resumed(after_a, {1, 2}), "gap(-1)\n1:b\n2:y\n");
  EXPECT_EQ(Resumed(after_a, {2}, 2), "gap(-1)\n2:y\n");
  EXPECT_EQ(Resumed({}, {1}), "gap(-1)\n1:b\n");
  EXPECT_EQ(Resumed({}, {}), "gap(-1)\n");
  OutputMark other_rotation = after_a;
  ++other_rotation.generation;
  EXPECT_EQ(Resumed(other_rotation, {1}), "gap(-1)\n1:b\n");
  OutputMark later = after_a;
  later.offset = 1000;
  EXPECT_EQ(Resumed(later, {1}), "gap(-1)\n1:b\n");
  for (const int64_t extreme : {std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max()}) {
    later.ring = LastMark().ring;
    later.sequence = extreme;
    later.offset = extreme;
    EXPECT_EQ(Resumed(later, {1}), "gap(-1)\n1:b\n");
  }
}

TEST_F(ProcessOutputTest, AnInstanceThatEndedIsResumed) {
  const base::UniqueFd fd = Append(Web(1));
  Write(fd, "a\nb\n");
  Add(1);
  Follow({.present = {1}, .lines = 10});
  EXPECT_EQ(Resumed(renderer_->marks()[0], {}), "1:b\n");
}

TEST_F(ProcessOutputTest, APlaceFarBehindIsAGap) {
  const base::UniqueFd fd = Append(Web(1));
  Open({.max_bytes = 10 << 20});
  Make(1000);
  Write(fd, "a\n");
  Add(1);
  Follow({.present = {1}, .lines = 10});
  const OutputMark after_a = LastMark();
  const std::string line = absl::StrCat(std::string(1023, 'x'), "\n");
  for (int i = 0; i < 2000; ++i) Write(fd, line);
  Publish(1);
  const std::string resumed = Resumed(after_a, {1});
  EXPECT_TRUE(resumed.starts_with("gap(-1)\n1:xxx"));
  EXPECT_GT(resumed.size(), kMaxBacklogBytes - 10000);
  EXPECT_LT(resumed.size(), kMaxBacklogBytes + 10000);
}

}  // namespace
}  // namespace tallyman::stacks
