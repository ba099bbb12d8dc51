#include "platform/windows/sid.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/windows/fake_windows_system.h"

namespace tallyman::platform {
namespace {

using ::testing::Optional;

using namespace std::string_literals;

TEST(SidTest, WellKnownAccounts) {
  EXPECT_THAT(SidText("\x01\x01\0\0\0\0\0\x05\x12\0\0\0"s),
              Optional("S-1-5-18"s));  // SYSTEM
  EXPECT_THAT(SidText("\x01\x01\0\0\0\0\0\x01\0\0\0\0"s),
              Optional("S-1-1-0"s));  // Everyone
  EXPECT_THAT(SidText("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0"s),
              Optional("S-1-5-32-544"s));  // Administrators
}

TEST(SidTest, AnAccountOfADomain) {
  EXPECT_THAT(SidText(FakeSid(5, {21, 3623811015, 3361044348, 30300820, 1013})),
              Optional("S-1-5-21-3623811015-3361044348-30300820-1013"s));
}

TEST(SidTest, FromNoneToFifteenSubAuthorities) {
  EXPECT_THAT(SidText(FakeSid(5, {})), Optional("S-1-5"s));
  std::string text = "S-1-5";
  for (int i = 0; i < 15; ++i) text += "-4294967295";
  const std::vector<uint32_t> most(15, 0xffffffff);
  EXPECT_THAT(SidText(FakeSid(5, most)), Optional(text));
}

TEST(SidTest, ALargeAuthorityIsHexadecimal) {
  EXPECT_THAT(SidText(FakeSid(0xffffffff, {1})), Optional("S-1-4294967295-1"s));
  EXPECT_THAT(SidText(FakeSid(0x100000000, {1})),
              Optional("S-1-0x000100000000-1"s));
  EXPECT_THAT(SidText(FakeSid(0xfedcba987654, {1})),
              Optional("S-1-0xfedcba987654-1"s));
}

TEST(SidTest, OtherBytesAreNoSid) {
  const std::string sid = FakeSid(5, {21, 1, 2, 3, 1013});
  for (size_t size = 0; size < sid.size(); ++size) {
    EXPECT_EQ(SidText(std::string(sid, 0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(SidText(sid + "x"), std::nullopt);
  std::string other_revision = sid;
  other_revision[0] = 2;
  EXPECT_EQ(SidText(other_revision), std::nullopt);
  EXPECT_EQ(SidText(FakeSid(5, std::vector<uint32_t>(16, 1))), std::nullopt);
}

}  // namespace
}  // namespace tallyman::platform
