#include "api/stacks/event_query.h"

#include <optional>

#include "absl/status/status.h"
#include "api/http/params.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"

namespace tallyman::api {
namespace {

using stacks::EventKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EventQueryTest, AnEmptyQueryAsksForEverything) {
  const EventQuery query = ParseEventQuery(Params::Parse("")).value();
  EXPECT_THAT(query.filter.kinds, IsEmpty());
  EXPECT_EQ(query.filter.process, "");
  EXPECT_EQ(query.after, std::nullopt);
  EXPECT_FALSE(query.is_from_now);
}

TEST(EventQueryTest, ReadsItsParameters) {
  const EventQuery query =
      ParseEventQuery(
          Params::Parse("kind=exited,token_revoked&process=web.1&after=0"))
          .value();
  EXPECT_THAT(query.filter.kinds,
              ElementsAre(EventKind::kExited, EventKind::kTokenRevoked));
  EXPECT_EQ(query.filter.process, "web.1");
  EXPECT_EQ(query.after, 0);
  const EventQuery now = ParseEventQuery(Params::Parse("after=now")).value();
  EXPECT_TRUE(now.is_from_now);
  EXPECT_EQ(now.after, std::nullopt);
}

TEST(EventQueryTest, NamesWhatIsWrong) {
  for (const auto& [text, message] :
       {std::pair("kind=", "kind: \"\" is none of action_started, "),
        std::pair("kind=lost,", "kind: \"\" is none of"),
        std::pair("kind=dead", "kind: \"dead\" is none of"),
        std::pair("process=", "process: is empty"),
        std::pair("after=", "after: \"\" is neither"),
        std::pair("after=-1", "after: \"-1\" is neither"),
        std::pair("after=NOW", "after: \"NOW\" is neither")}) {
    const auto query = ParseEventQuery(Params::Parse(text));
    EXPECT_TRUE(absl::IsInvalidArgument(query.status())) << text;
    EXPECT_THAT(query.status().message(), HasSubstr(message));
  }
}

TEST(EventQueryTest, AnIdIsAPlainNumber) {
  EXPECT_EQ(ParseEventId("42"), 42);
  EXPECT_EQ(ParseEventId("9223372036854775807"), 9223372036854775807);
  for (const char* const text :
       {"", " 42", "+42", "-1", "4x", "9223372036854775808", "0:0:1:0:4711"}) {
    EXPECT_EQ(ParseEventId(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tallyman::api
