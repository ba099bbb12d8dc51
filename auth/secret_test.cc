#include "auth/secret.h"

#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

TEST(SecretTest, RevealsItsBytes) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(Secret(bytes).Reveal(), bytes);
  EXPECT_EQ(Secret(bytes).size(), 3u);
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret("").Reveal(), "");
}

TEST(SecretTest, EqualOnlyWhenAllBytesAre) {
  EXPECT_EQ(Secret("abc"), Secret("abc"));
  EXPECT_FALSE(Secret("abc") == Secret("abd"));
  EXPECT_FALSE(Secret("abc") == Secret("xbc"));
  EXPECT_FALSE(Secret("abc") == Secret("ab"));
  const Secret empty;
  EXPECT_FALSE(Secret("abc") == empty);
  EXPECT_EQ(empty, Secret(""));
}

TEST(SecretTest, CopiesAreIndependentAndAMovedFromSecretIsEmpty) {
  Secret first("abc");
  Secret copy = first;
  Secret moved = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): documented
  EXPECT_EQ(copy, moved);
  copy = Secret("longer than before");
  EXPECT_EQ(moved.Reveal(), "abc");
  const Secret& self = moved;
  moved = self;
  EXPECT_EQ(moved.Reveal(), "abc");
}

TEST(SecretTest, PrintsAsStars) {
  const Secret secret("hunter2");
  std::ostringstream stream;
  stream << secret;
  EXPECT_EQ(stream.str(), "***");
  EXPECT_EQ(absl::StrCat(secret), "***");
  EXPECT_EQ(testing::PrintToString(secret), "***");
}

}  // namespace
}  // namespace tallyman::auth
