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

// A process reads the variable once, so each case runs in a process of its own,
// as a death test.

// Sets the variable to `fault`, calls FaultPoint() for each of `points`, and
// exits with 0.
[[noreturn]] void Reach(const std::string& fault,
                        const std::vector<std::string>& points) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  setenv("TALLYMAN_FAULT", fault.c_str(), 1);
  for (const std::string& point : points) {
    std::cerr << "at " << point << "\n";
    FaultPoint(point);
  }
  _exit(0);
}

TEST(FaultInjectionTest, AnEmptyVariableDoesNothing) {
  EXPECT_EXIT(Reach("", {"a", "b"}), ExitedWithCode(0), "^at a\nat b\n$");
}

TEST(FaultInjectionTest, TheNamedPointKills) {
  EXPECT_EXIT(Reach("b", {"a", "b", "c"}), KilledBySignal(SIGKILL),
              "^at a\nat b\n$");
}

TEST(FaultInjectionTest, TheCountChoosesTheCall) {
  EXPECT_EXIT(Reach("a:3", {"a", "b", "a", "a", "c"}), KilledBySignal(SIGKILL),
              "^at a\nat b\nat a\nat a\n$");
}

TEST(FaultInjectionTest, ACountThatIsNotReachedDoesNothing) {
  EXPECT_EXIT(Reach("a:3", {"a", "a"}), ExitedWithCode(0), "");
}

TEST(FaultInjectionTest, APrefixOfANameIsAnotherPoint) {
  EXPECT_EXIT(Reach("ab", {"a", "abc"}), ExitedWithCode(0), "");
}

TEST(FaultInjectionTest, MalformedValuesAreIgnoredWithAMessage) {
  for (const char* fault :
       {":1", "a:", "a:0", "a:-1", "a:x", "a:1:2", "a:99999999999999999999"}) {
    EXPECT_EXIT(Reach(fault, {"a", "a"}), ExitedWithCode(0),
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
            for (int call = 0; call < 100; ++call) FaultPoint("a");
          });
        }
        for (std::thread& thread : threads) thread.join();
        _exit(0);
      },
      KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace tallyman::base
