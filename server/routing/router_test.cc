#include "server/routing/router.h"

#include <string_view>

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/http.h"
#include "api/stacks/stacks_envelope.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr api::Parameter kUid = {.name = "uid"};
constexpr api::Parameter kName = {.name = "name"};
constexpr const api::Parameter* kPath[] = {&kUid, &kName};

constexpr api::Operation kProcesses = {
    .method = "GET", .path = "/server/processes", .family = ApiFamily::kHost};
constexpr api::Operation kProcess = {.method = "GET",
                                     .path = "/stacks/{uid}/processes/{name}",
                                     .path_parameters = kPath};
constexpr api::Operation kTokens = {.method = "GET", .path = "/tokens"};
constexpr api::Operation kNewToken = {.method = "POST", .path = "/tokens"};
constexpr api::Operation kFile = {
    .method = "GET", .path = "/file.json", .is_at_root_only = true};

HandlerResult Nothing(const RequestContext& /*context*/) {
  return api::Response();
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (const api::Operation* const operation :
         {&kProcesses, &kProcess, &kTokens, &kNewToken, &kFile}) {
      router_.Add(*operation, Nothing);
    }
  }
  Router router_;
};

TEST_F(RouterTest, FindsMethods) {
  const auto match = router_.Match("/tokens");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->resource->Find("GET")->operation, &kTokens);
  EXPECT_EQ(match->resource->Find("HEAD")->operation, &kTokens);
  EXPECT_EQ(match->resource->Find("POST")->operation, &kNewToken);
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

TEST_F(RouterTest, AnOperationAtTheRootHasOnePath) {
  EXPECT_TRUE(router_.Match("/file.json").has_value());
  for (const std::string_view path :
       {"/file", "/file.json.json", "/api/3/file.json"}) {
    EXPECT_FALSE(router_.Match(path).has_value()) << path;
  }
}

TEST_F(RouterTest, ListsItsOperations) {
  EXPECT_THAT(router_.operations(), ElementsAre(&kProcesses, &kProcess,
                                                &kTokens, &kNewToken, &kFile));
  EXPECT_EQ(router_.Match("/tokens")->resource->Find("POST")->index, 3u);
  EXPECT_EQ(router_.Allow(), "GET, HEAD, POST, OPTIONS");
}

TEST(RouterDeathTest, RefusesAnOperationThatIsTakenOrMalformed) {
  static constexpr api::Operation kUnnamed = {.method = "GET",
                                              .path = "/stacks/{uid}"};
  static constexpr api::Operation kWrong = {
      .method = "GET", .path = "/stacks/{id}/{name}", .path_parameters = kPath};
  Router router;
  router.Add(kTokens, Nothing);
  EXPECT_DEATH(router.Add(kTokens, Nothing), "GET /tokens");
  EXPECT_DEATH(router.Add(kUnnamed, Nothing), "/stacks/");
  EXPECT_DEATH(router.Add(kWrong, Nothing), "uid");
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

TEST(RouterRootTest, OneSlashOnly) {
  static constexpr api::Operation kRoot = {
      .method = "GET", .path = "/", .is_at_root_only = true};
  Router router;
  router.Add(kRoot, Nothing);
  EXPECT_TRUE(router.Match("/").has_value());
  for (const std::string_view path : {"//", "///", "/x", "/api/3", "/.json"}) {
    EXPECT_FALSE(router.Match(path).has_value()) << path;
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
