#include "tally/actions/action_view.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

TEST(ActionViewTest, ReadsOpenAndEndedOnes) {
  const absl::StatusOr<ActionView> open = ParseActionAnswer(Json::parse(
      R"({"response":{"id":7,"action":"Process_scale","finished_at":null,
                      "finished_success":null,"finished_message":null}})"));
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_EQ(open->id, 7);
  EXPECT_FALSE(open->has_ended());
  const absl::StatusOr<ActionView> ended = ParseAction(Json::parse(
      R"({"id":8,"finished_at":"2016-01-01T19:08:05Z","finished_success":false,
          "finished_message":"superseded by action 9"})"));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_TRUE(ended->has_ended());
  EXPECT_TRUE(ended->is_superseded());
}

TEST(ActionViewTest, OtherJsonIsNone) {
  EXPECT_TRUE(absl::IsInternal(ParseActionAnswer(Json()).status()));
  EXPECT_TRUE(absl::IsInternal(
      ParseActionAnswer(Json::parse(R"({"response":[]})")).status()));
}

}  // namespace
}  // namespace tallyman::tally
