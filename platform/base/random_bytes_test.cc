#include "platform/base/random_bytes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/base/uid.h"

namespace tallyman::base {
namespace {

TEST(RandomBytesTest, FillsAllBytes) {
  // Larger than what getrandom(2) returns at once if a signal comes.
  std::array<unsigned char, 4096> bytes = {};
  FillRandom(absl::MakeSpan(bytes));
  // A run of 32 zeros has a probability of 2^-244.
  const std::array<unsigned char, 32> zeros = {};
  EXPECT_EQ(std::search(bytes.begin(), bytes.end(), zeros.begin(), zeros.end()),
            bytes.end());
}

TEST(RandomBytesTest, UidsHave32HexDigitsAndDiffer) {
  const std::string uid = NewUid();
  EXPECT_EQ(uid.size(), 32);
  for (const char digit : uid) {
    EXPECT_TRUE(std::isxdigit(static_cast<unsigned char>(digit))) << uid;
  }
  EXPECT_NE(uid, NewUid());
}

}  // namespace
}  // namespace tallyman::base
