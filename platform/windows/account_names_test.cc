#include "platform/windows/account_names.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "platform/windows/fake_windows_system.h"

namespace tallyman::platform {
namespace {

using namespace std::chrono_literals;

class AccountNamesTest : public testing::Test {
 protected:
  AccountNamesTest() {
    system_.accounts()[jblow_] = u"jblow";
    system_.accounts()[empty_] = u"";
  }

  const std::string jblow_ = FakeSid(5, {21, 1, 2, 3, 1001});
  const std::string unknown_ = FakeSid(5, {21, 1, 2, 3, 1002});
  const std::string empty_ = FakeSid(5, {21, 1, 2, 3, 1003});
  FakeWindowsSystem system_;
  std::chrono::nanoseconds now_ = 1000s;
  AccountNames names_{system_, [this] { return now_; }};
};

TEST_F(AccountNamesTest, TheNameOrTheTextOfTheSid) {
  EXPECT_EQ(names_.Name(jblow_), "jblow");
  EXPECT_EQ(names_.Name(unknown_), "S-1-5-21-1-2-3-1002");
  EXPECT_EQ(names_.Name(empty_), "S-1-5-21-1-2-3-1003");
}

TEST_F(AccountNamesTest, ANameIsUtf8) {
  system_.accounts()[jblow_] = u"J\u00f6rg \xd800";
  EXPECT_EQ(names_.Name(jblow_), "J\xc3\xb6rg \xef\xbf\xbd");
}

TEST_F(AccountNamesTest, BytesThatAreNoSidAreNotLookedUp) {
  EXPECT_EQ(names_.Name(""), "");
  EXPECT_EQ(names_.Name(jblow_.substr(1)), "");
  EXPECT_EQ(system_.calls().look_ups, 0);
}

TEST_F(AccountNamesTest, EachSidIsLookedUpOnce) {
  for (int i = 0; i < 3; ++i) {
    names_.Refresh();
    EXPECT_EQ(names_.Name(jblow_), "jblow");
    EXPECT_EQ(names_.Name(unknown_), "S-1-5-21-1-2-3-1002");
  }
  EXPECT_EQ(system_.calls().look_ups, 2);
}

TEST_F(AccountNamesTest, ANameIsLookedUpAgainAfterAMinute) {
  EXPECT_EQ(names_.Name(jblow_), "jblow");
  system_.accounts()[jblow_] = u"joe";
  now_ += AccountNames::kMaxAge - 1ns;
  names_.Refresh();
  EXPECT_EQ(names_.Name(jblow_), "jblow");
  now_ += 1ns;
  names_.Refresh();
  EXPECT_EQ(names_.Name(jblow_), "joe");
  // The next minute begins at the refresh.
  system_.accounts()[jblow_] = u"jack";
  now_ += AccountNames::kMaxAge - 1ns;
  names_.Refresh();
  EXPECT_EQ(names_.Name(jblow_), "joe");
}

TEST_F(AccountNamesTest, SeveralThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 100; ++k) {
        names_.Refresh();
        EXPECT_EQ(names_.Name(jblow_), "jblow");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(system_.calls().look_ups, 4);
}

}  // namespace
}  // namespace tallyman::platform
