// Uses real sockets.

#include "server/lifecycle/service_manager.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "server/lifecycle/testing/notify_socket.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ServiceManagerTest : public testing::Test {
 protected:
  absl::StatusOr<ServiceManager> Create(const NotifyVariables& variables) {
    return ServiceManager::Create(variables, [this](absl::Status status) {
      errors_.push_back(std::move(status));
    });
  }
  std::string CreateError(const NotifyVariables& variables) {
    const absl::Status status = Create(variables).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  const NotifyDirectory directory_;
  const std::string path_ = directory_.FilePath("notify");
  std::vector<absl::Status> errors_;
};

TEST_F(ServiceManagerTest, SendsToAPathAndToAnAbstractName) {
  for (const std::string& name :
       {path_, absl::StrCat("@tallyman-test-", getpid())}) {
    const NotifySocket socket(name);
    const auto manager = Create({.socket = name});
    ASSERT_TRUE(manager.ok()) << manager.status();
    EXPECT_TRUE(manager->is_present());
    EXPECT_EQ(manager->watchdog_time(), absl::InfiniteDuration());
    manager->Ready("listens on\nhttp://a");
    EXPECT_EQ(socket.Receive(), "READY=1\nSTATUS=listens on http://a");
    const int64_t before = absl::ToInt64Microseconds(base::EventLoop::Now());
    manager->Reloading();
    const std::string reloading = socket.Receive();
    std::string_view time = reloading;
    ASSERT_TRUE(absl::ConsumePrefix(&time, "RELOADING=1\nMONOTONIC_USEC="))
        << reloading;
    int64_t microseconds = 0;
    ASSERT_TRUE(absl::SimpleAtoi(time, &microseconds)) << reloading;
    EXPECT_GE(microseconds, before);
    EXPECT_LE(microseconds, absl::ToInt64Microseconds(base::EventLoop::Now()));
    manager->Reloaded();
    EXPECT_EQ(socket.Receive(), "READY=1");
    manager->Stopping();
    EXPECT_EQ(socket.Receive(), "STOPPING=1");
    manager->Ping();
    EXPECT_EQ(socket.Receive(), "WATCHDOG=1");
  }
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(ServiceManagerTest, ReportsTheFirstError) {
  auto socket = std::make_unique<NotifySocket>(path_);
  const auto manager = Create({.socket = path_});
  ASSERT_TRUE(manager.ok()) << manager.status();
  socket.reset();
  manager->Ping();
  manager->Ping();
  ASSERT_THAT(errors_, SizeIs(1));
  EXPECT_THAT(errors_[0].message(), HasSubstr("NOTIFY_SOCKET"));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  socket = std::make_unique<NotifySocket>(path_);
  manager->Ping();
  EXPECT_EQ(socket->Receive(), "WATCHDOG=1");
  socket.reset();
  manager->Ping();
  EXPECT_THAT(errors_, SizeIs(2));
}

TEST_F(ServiceManagerTest, ThereMayBeNone) {
  const auto manager = Create({.watchdog_usec = "1000"});
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_FALSE(manager->is_present());
  EXPECT_EQ(manager->watchdog_time(), absl::InfiniteDuration());
  manager->Ready("");
  manager->Ping();
}

TEST_F(ServiceManagerTest, TheWatchdogMayBeForAnotherProcess) {
  const auto time = [&](std::optional<std::string> pid) {
    const auto manager = Create({.socket = path_,
                                 .watchdog_usec = "30000000",
                                 .watchdog_pid = std::move(pid)});
    CHECK_OK(manager);
    return manager->watchdog_time();
  };
  EXPECT_EQ(time(absl::StrCat(getpid())), absl::Seconds(30));
  EXPECT_EQ(time(std::nullopt), absl::Seconds(30));
  EXPECT_EQ(time(absl::StrCat(getppid())), absl::InfiniteDuration());
}

TEST_F(ServiceManagerTest, NamesAWrongVariable) {
  EXPECT_THAT(CreateError({.socket = ""}), HasSubstr("NOTIFY_SOCKET=\"\""));
  EXPECT_THAT(CreateError({.socket = "/"}), HasSubstr("NOTIFY_SOCKET=\"/\""));
  EXPECT_THAT(CreateError({.socket = "vsock:2:1234"}),
              HasSubstr("NOTIFY_SOCKET=\"vsock:2:1234\" is neither"));
  EXPECT_THAT(CreateError({.socket = absl::StrCat("/", std::string(200, 'x'))}),
              HasSubstr("is too long"));
  for (const char* const wrong : {"", "x", "0", "-1"}) {
    EXPECT_THAT(CreateError({.socket = path_, .watchdog_usec = wrong}),
                HasSubstr(absl::StrCat("WATCHDOG_USEC=\"", wrong, "\"")));
    EXPECT_THAT(
        CreateError(
            {.socket = path_, .watchdog_usec = "1", .watchdog_pid = wrong}),
        HasSubstr(absl::StrCat("WATCHDOG_PID=\"", wrong, "\"")));
  }
}

TEST_F(ServiceManagerTest, TakesTheVariablesFromTheEnvironment) {
  // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread.
  ASSERT_EQ(setenv("NOTIFY_SOCKET", "@a", 1), 0);
  ASSERT_EQ(setenv("WATCHDOG_USEC", "5", 1), 0);
  ASSERT_EQ(setenv("WATCHDOG_PID", "6", 1), 0);
  const NotifyVariables variables = TakeNotifyVariables();
  EXPECT_EQ(variables.socket, "@a");
  EXPECT_EQ(variables.watchdog_usec, "5");
  EXPECT_EQ(variables.watchdog_pid, "6");
  for (const char* const name :
       {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
  // NOLINTEND(concurrency-mt-unsafe)
  EXPECT_FALSE(TakeNotifyVariables().socket.has_value());
}

}  // namespace
}  // namespace tallyman::server
