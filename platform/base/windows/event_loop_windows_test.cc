// The event loop on a real Windows, or Wine.

#include <winsock2.h>
// After winsock2.h, which loses its names otherwise.
#include <windows.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/poller.h"
#include "platform/base/windows/loopback_signal.h"

namespace tallyman::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LoopbackSignal NewSignal() {
  absl::StatusOr<LoopbackSignal> signal = LoopbackSignal::Create();
  CHECK_OK(signal);
  return *std::move(signal);
}

TEST(EventLoopWindowsTest, CallsBackWhenASocketIsReadable) {
  EventLoop loop;
  LoopbackSignal socket = NewSignal();
  int calls = 0;
  auto watch = loop.WatchFd(socket.fd(), kReadable | kEdgeTriggered,
                            [&](uint32_t) { ++calls; });
  socket.Put(7);
  while (calls == 0) loop.RunOnce();
  // An edge: not again before the socket was found empty.
  loop.Wake();
  loop.RunOnce();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(socket.Take(), 7);
  EXPECT_EQ(socket.Take(), std::nullopt);
  watch.Await(kReadable);
  socket.Put(8);
  while (calls == 1) loop.RunOnce();
}

TEST(EventLoopWindowsTest, TimersRunInTheirOrder) {
  EventLoop loop;
  std::vector<int> order;
  const auto second =
      loop.RunAfter(absl::Milliseconds(1), [&] { order.push_back(2); });
  const auto first =
      loop.RunAfter(-absl::Hours(1), [&] { order.push_back(1); });
  while (order.size() < 2) loop.RunOnce();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(EventLoopWindowsTest, AnotherThreadCanWakeTheLoop) {
  EventLoop loop;
  std::thread other([&] { loop.Wake(); });
  loop.RunOnce();  // Hangs without the wake-up.
  other.join();
}

// Calls the handlers of the console's events as Windows does: in a new thread
// at CtrlRoutine().
void Press(DWORD event) {
  const auto routine =
      reinterpret_cast<LPTHREAD_START_ROUTINE>(reinterpret_cast<void*>(
          GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine")));
  ASSERT_NE(routine, nullptr);
  const HANDLE thread =
      CreateThread(nullptr, 0, routine,
                   reinterpret_cast<void*>(uintptr_t{event}), 0, nullptr);
  ASSERT_NE(thread, nullptr);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}

TEST(EventLoopWindowsTest, EventsOfTheConsoleAreSignals) {
  const std::array<int, 2> signals = {SIGTERM, SIGINT};
  EventLoop loop;
  std::vector<int> seen;
  auto watch =
      loop.WatchSignals(signals, [&](int signal) { seen.push_back(signal); });
  ASSERT_TRUE(watch.ok()) << watch.status();
  Press(CTRL_C_EVENT);
  while (seen.empty()) loop.RunOnce();
  EXPECT_THAT(seen, ElementsAre(SIGINT));
  seen.clear();
  Press(CTRL_BREAK_EVENT);
  while (seen.empty()) loop.RunOnce();
  EXPECT_THAT(seen, ElementsAre(SIGTERM));
}

}  // namespace
}  // namespace tallyman::base
