#include "api/description/query_check.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "auth/token.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

constexpr Parameter kUid = {.name = "uid", .schema = String("", "")};
constexpr Parameter kLimit = {.name = "limit", .schema = Integer("", "1")};
constexpr Parameter kCount = {
    .name = "count", .schema = String("", ""), .is_map = true};
constexpr Parameter kStackId = {
    .name = "stack_id", .schema = String("", ""), .repeats = "uid"};
constexpr const Parameter* kPath[] = {&kUid};
constexpr const Parameter* kQuery[] = {&kLimit, &kCount, &kStackId};

constexpr Operation kStacks = {.method = "GET",
                               .path = "/stacks/{uid}",
                               .scope = auth::Scope::kPublic,
                               .path_parameters = kPath,
                               .query = kQuery};
constexpr Operation kNone = {.method = "GET", .path = "/healthz"};
constexpr Operation kHost = {.method = "GET",
                             .path = "/server",
                             .family = ApiFamily::kHost,
                             .scope = auth::Scope::kPublic};

absl::Status Check(const Operation& operation, std::string_view query) {
  return CheckQuery(operation, Params::Parse(query),
                    std::vector<std::string>{"a"});
}

TEST(QueryCheckTest, AcceptsTheParametersOfTheOperation) {
  for (const std::string_view query :
       {"", "limit=1", "limit=2&limit=2",
        "count=a:1&count[a]=1&%63ount[b]=", "stack_id=a"}) {
    EXPECT_EQ(Check(kStacks, query), absl::OkStatus()) << query;
  }
  EXPECT_EQ(Check(kHost, "token=x"), absl::OkStatus());
}

TEST(QueryCheckTest, NamesAnUnknownParameterAndTheNearest) {
  EXPECT_EQ(Check(kStacks, "limit=1&limt=2"),
            absl::InvalidArgumentError(
                "unknown parameter \"limt\"; the nearest is \"limit\"; "
                "parameters are limit, count, stack_id"));
  EXPECT_EQ(Check(kHost, "toke=x"),
            absl::InvalidArgumentError("unknown parameter \"toke\"; the "
                                       "nearest is \"token\"; parameters are "
                                       "token"));
  EXPECT_EQ(Check(kNone, "x"),
            absl::InvalidArgumentError(
                "unknown parameter \"x\"; GET /healthz takes none"));
}

TEST(QueryCheckTest, RefusesAParameterWithTwoValues) {
  EXPECT_EQ(Check(kStacks, "limit=1&count=a:1&limit=2"),
            absl::InvalidArgumentError(
                "limit is given twice, as \"1\" and as \"2\""));
  EXPECT_EQ(Check(kHost, "token=x&token=y"),
            absl::InvalidArgumentError(
                "token is given twice, with different values"));
}

TEST(QueryCheckTest, OnlyAMapMayHaveKeys) {
  EXPECT_FALSE(Check(kStacks, "limit[a]=1").ok());
  EXPECT_FALSE(Check(kStacks, "counts[a]=1").ok());
}

TEST(QueryCheckTest, OnlyTheHostFamilyTakesATokenInTheQuery) {
  EXPECT_FALSE(Check(kStacks, "token=x").ok());
}

TEST(QueryCheckTest, ARepeatedParameterOfThePathHasTheSameValue) {
  EXPECT_EQ(Check(kStacks, "stack_id=b"),
            absl::InvalidArgumentError(
                "stack_id: \"b\" is not \"a\", which the path names"));
}

}  // namespace
}  // namespace tallyman::api
