#include "tally/actions/count_argument.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

// "worker:4@a,worker:+2@" of the counts; the message of an error.
std::string Read(std::string_view text) {
  const absl::StatusOr<std::vector<CountArgument>> counts =
      ParseCountArgument(text);
  if (!counts.ok()) {
    EXPECT_TRUE(absl::IsInvalidArgument(counts.status()));
    return std::string(counts.status().message());
  }
  std::string shown;
  for (const CountArgument& count : *counts) {
    absl::StrAppend(&shown, shown.empty() ? "" : ",", count.process, ":",
                    count.is_relative && count.number >= 0 ? "+" : "",
                    count.number, "@", count.server);
  }
  return shown;
}

TEST(CountArgumentTest, ReadsTheGrammar) {
  EXPECT_EQ(Read("worker=4"), "worker:4@");
  EXPECT_EQ(Read("worker=+2"), "worker:+2@");
  EXPECT_EQ(Read("worker=-1"), "worker:-1@");
  EXPECT_EQ(Read("worker=[+2]"), "worker:+2@");
  EXPECT_EQ(Read("web.v2=[4]"), "web.v2:4@");
  EXPECT_EQ(Read("worker=4@a,+2@b"), "worker:4@a,worker:+2@b");
  EXPECT_EQ(Read("@a:worker=0"), "worker:0@a");
}

TEST(CountArgumentTest, RefusesTheRest) {
  using ::testing::HasSubstr;
  EXPECT_THAT(Read("worker"), HasSubstr("is not PROCESS=COUNT"));
  EXPECT_THAT(Read("=4"), HasSubstr("is not PROCESS=COUNT"));
  EXPECT_THAT(Read("@a"), HasSubstr("is not @SERVER:PROCESS=COUNT"));
  EXPECT_THAT(Read("@:worker=4"), HasSubstr("is not @SERVER:PROCESS=COUNT"));
  EXPECT_THAT(Read("@a:worker=4@b"), HasSubstr("in front and behind"));
  EXPECT_THAT(Read("worker=4@"), HasSubstr("no server after"));
  EXPECT_THAT(Read("worker=4,2"), HasSubstr("need a server each"));
  for (const char* const text :
       {"worker=", "worker=x", "worker=4.5", "worker=+-2", "worker=[+2",
        "worker=--2", "worker=99999999999", "worker= 4"}) {
    EXPECT_THAT(Read(text), HasSubstr("is no count")) << text;
  }
}

}  // namespace
}  // namespace tallyman::tally
