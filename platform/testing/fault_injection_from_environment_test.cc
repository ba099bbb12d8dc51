#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "platform/base/fault_injection.h"

namespace tallyman::base {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

// What is asked for is read once in a process, so that each case runs in a
// process of its own, which the death tests fork.

// Meets `points` with the variable set to `fault`, and ends well if it gets so
// far.
[[noreturn]] void Meet(const std::string& fault,
                       const std::vector<std::string>& points) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  setenv("TALLYMAN_FAULT", fault.c_str(), 1);
  for (const std::string& point : points) {
    std::cerr << "at " << point << "\n";
    FaultPoint(point);
  }
  _exit(0);
}

TEST(FaultInjectionTest, NothingAskedForDoesNothing) {
  EXPECT_EXIT(Meet("", {"a", "b"}), ExitedWithCode(0), "^at a\nat b\n$");
}

TEST(FaultInjectionTest, NamedPointKills) {
  EXPECT_EXIT(Meet("b", {"a", "b", "c"}), KilledBySignal(SIGKILL),
              "^at a\nat b\n$");
}

TEST(FaultInjectionTest, CountChoosesTheOccurrence) {
  EXPECT_EXIT(Meet("a:3", {"a", "b", "a", "a", "c"}), KilledBySignal(SIGKILL),
              "^at a\nat b\nat a\nat a\n$");
}

TEST(FaultInjectionTest, CountThatIsNotReachedDoesNothing) {
  EXPECT_EXIT(Meet("a:3", {"a", "a"}), ExitedWithCode(0), "");
}

TEST(FaultInjectionTest, BeginningOfANameIsAnotherPoint) {
  EXPECT_EXIT(Meet("ab", {"a", "abc"}), ExitedWithCode(0), "");
}

TEST(FaultInjectionTest, MalformedIsIgnoredWithALine) {
  for (const char* fault :
       {":1", "a:", "a:0", "a:-1", "a:x", "a:1:2", "a:99999999999999999999"}) {
    EXPECT_EXIT(Meet(fault, {"a", "a"}), ExitedWithCode(0),
                "^at a\ntallyman: TALLYMAN_FAULT=.* is ignored: .*\nat a\n$")
        << fault;
  }
}

TEST(FaultInjectionTest, ThreadsCountTogether) {
  EXPECT_EXIT(
      {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
        setenv("TALLYMAN_FAULT", "a:400", 1);
        std::vector<std::thread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
          threads.emplace_back([] {
            for (int met = 0; met < 100; ++met) FaultPoint("a");
          });
        }
        for (std::thread& thread : threads) thread.join();
        _exit(0);
      },
      KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace tallyman::base
