#include "server/routing/router.h"

#include <optional>
#include <string>
#include <string_view>

#include "api/http/http.h"
#include "api/stacks/stacks_envelope.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// An endpoint that a test recognises by the status of its response.
Endpoint Answers(int status) {
  return {.scope = std::nullopt,
          .handler = [status](const RequestContext&) -> HandlerResult {
            api::Response response;
            response.status = status;
            return response;
          }};
}

int StatusOf(const Endpoint* endpoint) {
  const api::Request request;
  return std::get<api::Response>(
             endpoint->handler({.request = request,
                                .path_params = {},
                                .mount = api::Mount::kPlain}))
      .status;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.Add("/server/processes", ApiFamily::kHost, {{"GET", Answers(1)}});
    router_.Add("/stacks/{uid}/processes/{name}", ApiFamily::kStacks,
                {{"GET", Answers(2)}});
    router_.Add("/tokens", ApiFamily::kStacks,
                {{"GET", Answers(3)}, {"POST", Answers(4)}});
  }
  Router router_;
};

TEST_F(RouterTest, FindsMethods) {
  const auto match = router_.Match("/tokens");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(StatusOf(match->resource->Find("GET")), 3);
  EXPECT_EQ(StatusOf(match->resource->Find("HEAD")), 3);
  EXPECT_EQ(StatusOf(match->resource->Find("POST")), 4);
  EXPECT_EQ(match->resource->Find("DELETE"), nullptr);
  EXPECT_EQ(match->resource->Find("get"), nullptr);
  EXPECT_EQ(match->resource->Allow(), "GET, HEAD, POST, OPTIONS");
}

TEST_F(RouterTest, ReadsPathParameters) {
  const auto match = router_.Match("/stacks/ab%2Fc/processes/web.worker");
  ASSERT_TRUE(match.has_value());
  EXPECT_THAT(match->path_params, ElementsAre("ab/c", "web.worker"));
  EXPECT_EQ(match->mount, api::Mount::kPlain);
}

TEST_F(RouterTest, OnlyAFinalDotJsonIsASuffix) {
  EXPECT_THAT(router_.Match("/stacks/a/processes/web.json")->path_params,
              ElementsAre("a", "web"));
  EXPECT_THAT(router_.Match("/stacks/a/processes/a.json.b")->path_params,
              ElementsAre("a", "a.json.b"));
  EXPECT_THAT(router_.Match("/stacks/a/processes/web.v2.json")->path_params,
              ElementsAre("a", "web.v2"));
  EXPECT_THAT(router_.Match("/stacks/a/processes/web.json.json")->path_params,
              ElementsAre("a", "web.json"));
  EXPECT_THAT(router_.Match("/stacks/a.json/processes/b")->path_params,
              ElementsAre("a.json", "b"));
  EXPECT_TRUE(router_.Match("/tokens.json").has_value());
  EXPECT_FALSE(router_.Match("/stacks/a/processes/.json").has_value());
}

TEST_F(RouterTest, TheStacksFamilyIsMountedTwice) {
  const auto match = router_.Match("/api/3/stacks/a/processes/b.json");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->mount, api::Mount::kApi3);
  EXPECT_THAT(match->path_params, ElementsAre("a", "b"));
  EXPECT_FALSE(router_.Match("/api/3/server/processes").has_value());
  EXPECT_FALSE(router_.Match("/server/processes.json").has_value());
}

TEST_F(RouterTest, IgnoresATrailingSlash) {
  EXPECT_TRUE(router_.Match("/server/processes/").has_value());
  EXPECT_THAT(router_.Match("/server/processes")->path_params, IsEmpty());
}

TEST_F(RouterTest, OtherPathsMatchNothing) {
  for (const std::string_view path :
       {"", "/", "//", "/server", "/server/processes/1", "/Server/processes",
        "/stacks//processes/a", "/stacks/a/processes", "/tokens//", "*"}) {
    EXPECT_FALSE(router_.Match(path).has_value()) << path;
  }
}

TEST(ApiFamilyOfPathTest, DependsOnTheFirstSegment) {
  EXPECT_EQ(ApiFamilyOfPath("/server"), ApiFamily::kHost);
  EXPECT_EQ(ApiFamilyOfPath("/server/nothing"), ApiFamily::kHost);
  EXPECT_EQ(ApiFamilyOfPath("/servers"), ApiFamily::kStacks);
  EXPECT_EQ(ApiFamilyOfPath(""), ApiFamily::kStacks);
}

}  // namespace
}  // namespace tallyman::server
