#include "api/description/nearest_name.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

TEST(EditDistanceTest, CountsInsertionsRemovalsAndReplacements) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("limit", "limit"), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("limt", "limit"), 1u);
  EXPECT_EQ(EditDistance("limitt", "limit"), 1u);
  EXPECT_EQ(EditDistance("lamit", "limit"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("sitting", "kitten"), 3u);
}

TEST(NearestNameTest, FindsTheLeastDistance) {
  constexpr std::string_view kNames[] = {"name", "limit", "page", "per_page"};
  EXPECT_EQ(NearestName("limt", kNames), "limit");
  EXPECT_EQ(NearestName("LIMIT", kNames), "limit");
  EXPECT_EQ(NearestName("perpage", kNames), "per_page");
  EXPECT_EQ(NearestName("nam", kNames), "name");
  EXPECT_EQ(NearestName("", kNames), "name");  // The first of several.
  EXPECT_EQ(NearestName(std::string(1000000, 'p'), kNames), "per_page");
}

}  // namespace
}  // namespace tallyman::api
