#include "stacks/model/stop_sequence.h"

#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;

TEST(StopSequenceTest, DefaultIsTermThenKill) {
  const StopSequence sequence = StopSequence::Default();
  ASSERT_EQ(sequence.steps.size(), 2u);
  EXPECT_EQ(sequence.steps[0].signal, SIGTERM);
  EXPECT_EQ(sequence.steps[0].wait, absl::Seconds(10));
  EXPECT_EQ(sequence.steps[1].signal, SIGKILL);
  EXPECT_EQ(sequence.steps[1].wait, absl::ZeroDuration());
  EXPECT_EQ(sequence.ToString(), "term,10,kill");
  EXPECT_EQ(*StopSequence::Parse("term,10,kill"), sequence);
}

TEST(StopSequenceTest, ParsesAndPrints) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"term,10,kill", "term,10,kill"},
      {"TERM,10,KILL", "term,10,kill"},
      {"SigTerm , 10 , SIGKILL", "term,10,kill"},
      {"kill", "kill"},
      {"int", "int,10,kill"},
      {"int,5", "int,5,kill"},
      {"tstp,30,term,25", "tstp,30,term,25,kill"},
      {"quit,0,kill", "quit,0,kill"},
      {"quit,0.50,kill", "quit,0.5,kill"},
      {"quit,0.000000001,kill", "quit,0.000000001,kill"},
      {"usr1,3600.0", "usr1,3600,kill"},
      {"winch,007", "winch,7,kill"},
      {"io", "io,10,kill"},
  };
  for (const auto& [text, written] : expected) {
    const absl::StatusOr<StopSequence> sequence = StopSequence::Parse(text);
    ASSERT_TRUE(sequence.ok()) << text << ": " << sequence.status();
    EXPECT_EQ(sequence->ToString(), written);
    EXPECT_EQ(sequence->steps.back().signal, SIGKILL);
    EXPECT_EQ(*StopSequence::Parse(sequence->ToString()), *sequence);
  }
}

TEST(StopSequenceTest, TotalWaitIsTheSumOfTheWaits) {
  EXPECT_EQ(StopSequence::Parse("int,1.5,term,10,kill")->TotalWait(),
            absl::Milliseconds(11500));
  EXPECT_EQ(StopSequence::Parse("kill")->TotalWait(), absl::ZeroDuration());
}

TEST(StopSequenceTest, ErrorsNameTheItemAndItsPosition) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", R"(item 1 "" is not the name of a signal)"},
      {"10,term", R"(item 1 "10" is not the name of a signal)"},
      {"15", R"(item 1 "15" is not the name of a signal)"},
      {"sig", R"(item 1 "sig" is not)"},
      {"sigsigterm", R"(item 1 "sigsigterm" is not)"},
      {"term,kill", R"(item 2 "kill" is not a number of seconds)"},
      {"term,", R"(item 2 "" is not a number of seconds)"},
      {"term,10,", R"(item 3 "" is not the name of a signal)"},
      {"term,10,20", R"(item 3 "20" is not the name of a signal)"},
      {"term,-1", R"(item 2 "-1" is not a number)"},
      {"term,+1", R"(item 2 "+1" is not a number)"},
      {"term,1e3", R"(item 2 "1e3" is not a number)"},
      {"term,1.", R"(item 2 "1." is not a number)"},
      {"term,.5", R"(item 2 ".5" is not a number)"},
      {"term,1.5.5", R"(item 2 "1.5.5" is not a number)"},
      {"term,0x10", R"(item 2 "0x10" is not a number)"},
      {"term,3600.1", R"(from 0 to 3600)"},
      {"term,99999999999999999999", R"(from 0 to 3600)"},
      {"kill,5", R"(item 2 "5" comes after kill)"},
      {"kill,5,term", R"(item 2 "5" comes after kill)"},
      {"term;10", R"(item 1 "term;10" is not)"},
  };
  for (const auto& [text, message] : expected) {
    const absl::Status status = StopSequence::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << text;
  }
}

TEST(StopSequenceTest, HasALimitedNumberOfSteps) {
  std::string text = "int,1";
  for (size_t i = 2; i < kMaxStopSteps; ++i) absl::StrAppend(&text, ",int,1");
  EXPECT_EQ(StopSequence::Parse(text)->steps.size(), kMaxStopSteps);
  EXPECT_TRUE(StopSequence::Parse(absl::StrCat(text, ",kill")).ok());
  EXPECT_THAT(
      std::string(
          StopSequence::Parse(absl::StrCat(text, ",int")).status().message()),
      HasSubstr("one too many"));
}

}  // namespace
}  // namespace tallyman::stacks
