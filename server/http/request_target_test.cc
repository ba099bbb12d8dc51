#include "server/http/request_target.h"

#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(SetTargetTest, SplitsAtTheFirstQuestionMark) {
  api::Request request;
  SetTarget("/a?b=c?d&e", request);
  EXPECT_EQ(request.path, "/a");
  EXPECT_THAT(request.params.all(),
              ElementsAre(Pair("b", "c?d"), Pair("e", "")));
  SetTarget("/a?", request);
  EXPECT_EQ(request.path, "/a");
  EXPECT_THAT(request.params.all(), IsEmpty());
  SetTarget("?b", request);
  EXPECT_EQ(request.path, "/");
}

TEST(OriginFormTest, DropsSchemeAndHost) {
  EXPECT_EQ(OriginForm("/a?b"), "/a?b");
  EXPECT_EQ(OriginForm("*"), "*");
  EXPECT_EQ(OriginForm("http://h/a?b"), "/a?b");
  EXPECT_EQ(OriginForm("http://h"), "/");
  EXPECT_EQ(OriginForm("https://h?b=c/d"), "?b=c/d");
}

}  // namespace
}  // namespace tallyman::server
