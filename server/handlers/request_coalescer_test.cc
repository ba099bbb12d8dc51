#include "server/handlers/request_coalescer.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

TEST(RequestCoalescerTest, SequentialRequestsGetAnswersOfTheirOwn) {
  RequestCoalescer coalescer;
  int made = 0;
  const auto make = [&made]() -> absl::StatusOr<std::string> {
    return absl::StrCat("answer ", ++made);
  };
  EXPECT_EQ(**coalescer.Get("key", make), "answer 1");
  EXPECT_EQ(**coalescer.Get("key", make), "answer 2");
}

TEST(RequestCoalescerTest, SharesErrors) {
  RequestCoalescer coalescer;
  const RequestCoalescer::Answer answer = coalescer.Get(
      "key", [] { return absl::UnavailableError("no descriptors"); });
  EXPECT_EQ(answer.status(), absl::UnavailableError("no descriptors"));
  EXPECT_TRUE(coalescer.Get("key", [] { return std::string("ok"); }).ok());
}

TEST(RequestCoalescerTest, KeysAreIndependent) {
  RequestCoalescer coalescer;
  const RequestCoalescer::Answer outer = coalescer.Get("a", [&] {
    return **coalescer.Get("b", [] { return std::string("inner"); });
  });
  EXPECT_EQ(**outer, "inner");
}

// Requests that come during a round share the next one; none gets the answer of
// a round that began before it.
TEST(RequestCoalescerTest, RequestsDuringARoundShareTheNext) {
  constexpr int kThreads = 8;
  RequestCoalescer coalescer;
  absl::Notification first_began;
  absl::Notification first_may_end;
  std::atomic<int> made = 0;
  std::thread first([&] {
    const RequestCoalescer::Answer answer =
        coalescer.Get("key", [&]() -> absl::StatusOr<std::string> {
          first_began.Notify();
          first_may_end.WaitForNotification();
          return absl::StrCat("answer ", ++made);
        });
    EXPECT_EQ(**answer, "answer 1");
  });
  first_began.WaitForNotification();

  std::atomic<int> asking = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++asking;
      const RequestCoalescer::Answer answer =
          coalescer.Get("key", [&]() -> absl::StatusOr<std::string> {
            return absl::StrCat("answer ", ++made);
          });
      EXPECT_NE(**answer, "answer 1");
    });
  }
  while (asking < kThreads) std::this_thread::yield();
  first_may_end.Notify();
  first.join();
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(made, 2);
  EXPECT_LE(made, 1 + kThreads);
}

TEST(RequestCoalescerTest, NoAnswerIsOlderThanItsRequest) {
  RequestCoalescer coalescer;
  std::atomic<int> clock = 0;
  std::atomic<int> made = 0;
  constexpr int kThreads = 4;
  constexpr int kRequests = 500;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kRequests; ++j) {
        const int asked_at = ++clock;
        const RequestCoalescer::Answer answer =
            coalescer.Get("key", [&]() -> absl::StatusOr<std::string> {
              ++made;
              return absl::StrCat(++clock);
            });
        EXPECT_GT(std::stoi(**answer), asked_at);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(made, kThreads * kRequests);
}

}  // namespace
}  // namespace tallyman::server
