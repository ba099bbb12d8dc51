#include "auth/crypto.h"

#include <array>
#include <string>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

TEST(CryptoTest, RandomBytesDiffer) {
  std::array<unsigned char, 32> first = {};
  std::array<unsigned char, 32> second = {};
  ASSERT_TRUE(RandomBytes(absl::MakeSpan(first)));
  ASSERT_TRUE(RandomBytes(absl::MakeSpan(second)));
  EXPECT_NE(first, second);
}

TEST(CryptoTest, CleansesAllBytes) {
  std::string text = "secret";
  Cleanse(text.data(), text.size());
  EXPECT_EQ(text, std::string(6, '\0'));
}

TEST(CryptoTest, ComparesAllBytes) {
  EXPECT_TRUE(EqualInConstantTime("abc", "abc", 3));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd", 3));
  EXPECT_FALSE(EqualInConstantTime("abc", "bbc", 3));
  EXPECT_TRUE(EqualInConstantTime("abc", "xyz", 0));
}

}  // namespace
}  // namespace tallyman::auth
