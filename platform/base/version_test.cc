// VersionLine() of this build, which may be stamped.

#include "platform/base/version.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

TEST(VersionTest, LooksLikeAVersion) {
  EXPECT_THAT(std::string(Version()), MatchesRegex("[0-9]+[.][0-9]+[.][0-9]+"));
}

TEST(VersionTest, CommitIsEmptyOrWhole) {
  EXPECT_THAT(std::string(BuildCommit()),
              AnyOf(IsEmpty(), MatchesRegex("[0-9a-f]{40}(-dirty)?")));
}

TEST(VersionTest, LineNamesProgramAndVersion) {
  std::string expected = "example " + std::string(Version());
  if (!BuildCommit().empty()) {
    expected += " (commit " + std::string(BuildCommit()) + ")";
  }
  EXPECT_EQ(VersionLine("example"), expected + "\n");
}

}  // namespace
}  // namespace tallyman::base
