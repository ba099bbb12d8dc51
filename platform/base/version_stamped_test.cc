// The functions of version.h in a stamped build. They are compiled with the
// commit of tools/stamp/sample_status.txt.

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/version.h"

namespace tallyman::base {
namespace {

TEST(StampedVersionTest, HasTheCommit) {
  EXPECT_EQ(BuildCommit(), "0123456789abcdef0123456789abcdef01234567-dirty");
}

TEST(StampedVersionTest, LineHasTheCommit) {
  EXPECT_EQ(VersionLine("example"),
            absl::StrCat("example ", Version(),
                         " (commit 0123456789abcdef0123456789abcdef01234567"
                         "-dirty)\n"));
}

}  // namespace
}  // namespace tallyman::base
