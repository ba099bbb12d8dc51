#include "auth/crypto.h"

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace tallyman::auth {
namespace {

std::string HexOf(const Sha256Digest& digest) {
  return absl::BytesToHexString(std::string_view(
      reinterpret_cast<const char*>(digest.data()), digest.size()));
}

// The examples of FIPS 180-2, appendix B.
TEST(CryptoTest, HashesAsTheStandardSays) {
  EXPECT_EQ(HexOf(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      HexOf(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexOf(Sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(CryptoTest, HashesNothing) {
  EXPECT_EQ(HexOf(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

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
