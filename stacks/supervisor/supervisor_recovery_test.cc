// Instances across the end of the server, the keeper or the machine, with real
// processes.

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"
#include "platform/testing/temp_directory.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "stacks/supervisor/testing/supervised.h"
#include "storage/connection.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Ends a process that the test has started, and waits for its end.
void Kill(const platform::ProcessHandle& handle) {
  CHECK(handle.Signal(SIGKILL).ok());
  pollfd fd{.fd = handle.fd(), .events = POLLIN, .revents = 0};
  CHECK_EQ(poll(&fd, 1, -1), 1);
}

// Moves the keeper's socket away, and answers there with something else until
// it is destroyed.
class Impostor {
 public:
  explicit Impostor(std::string directory) : directory_(std::move(directory)) {
    CHECK_EQ(
        rename(Socket(directory_).c_str(), Socket(elsewhere_.path()).c_str()),
        0);
    const absl::StatusOr<base::UniqueFd> directory_fd =
        keeper::OpenDirectory(directory_);
    CHECK_OK(directory_fd);
    absl::StatusOr<base::UniqueFd> listener =
        keeper::Listen(directory_fd->get());
    CHECK_OK(listener);
    listener_ = *std::move(listener);
    thread_ = std::thread([this] {
      pollfd fd{.fd = listener_.get(), .events = POLLIN, .revents = 0};
      while (poll(&fd, 1, -1) == 1 && fd.revents == POLLIN) {
        const base::UniqueFd accepted(
            accept(listener_.get(), nullptr, nullptr));
        keeper::Send(accepted.get(), "not a keeper", {}).IgnoreError();
        if (!connected_.HasBeenNotified()) connected_.Notify();
      }
    });
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;
  ~Impostor() {
    CHECK_EQ(
        rename(Socket(elsewhere_.path()).c_str(), Socket(directory_).c_str()),
        0);
    CHECK_EQ(shutdown(listener_.get(), SHUT_RDWR), 0);
    thread_.join();
  }

  // Ends the keeper's connection to its server: the newest one counts.
  void Disconnect() const {
    CHECK_OK(KeeperClient::Connect(elsewhere_.path(), absl::Seconds(30)));
  }
  // Waits until the server has connected to this instead.
  void WaitForConnection() const { connected_.WaitForNotification(); }

 private:
  static std::string Socket(const std::string& directory) {
    return directory + "/keeper.sock";
  }

  const std::string directory_;
  const platform::TempDirectory elsewhere_;
  base::UniqueFd listener_;
  absl::Notification connected_;
  std::thread thread_;
};

TEST(SupervisorRecoveryTest, TheNextServerAdoptsAllProcesses) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 4);
  const std::vector<int32_t> pids = app.Pids("worker");
  app.StopServer();
  for (const int32_t pid : pids) EXPECT_TRUE(Exists(pid));
  app.StartServer();
  EXPECT_EQ(app.Pids("worker"), pids);
  EXPECT_THAT(app.Events(EventKind::kStarted), SizeIs(4));
  EXPECT_THAT(app.Events(EventKind::kStopped), IsEmpty());
  EXPECT_THAT(app.Events(EventKind::kAdopted), SizeIs(4));
  app.ScaleTo("worker", 5);
}

TEST(SupervisorRecoveryTest, AnExitWithoutAServerIsRecordedByTheNext) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const platform::ProcessHandle first = HandleOf(app.Pids("worker")[0]);
  app.StopServer();
  Kill(first);
  app.StartServer();
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 2 && status.instances[0].restarts == 1;
  });
  const std::vector<Event> exits = app.Events(EventKind::kExited);
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].cause, "killed by SIGKILL");
}

TEST(SupervisorRecoveryTest, AScaleWithoutAServerIsDoneByTheNext) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  app.StopServer();
  const Action action = app.Scale("worker", 1);
  app.StartServer();
  EXPECT_TRUE(app.WaitFor(action).finished_success);
  EXPECT_THAT(app.Pids("worker"), SizeIs(1));
}

TEST(SupervisorRecoveryTest, InstancesOutliveTheirKeeper) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> pids = app.Pids("worker");
  const int32_t keeper = app.KeeperPid();
  Kill(HandleOf(keeper));
  // The next keeper starts the fourth.
  app.ScaleTo("worker", 4);
  EXPECT_NE(app.KeeperPid(), keeper);
  const std::vector<Event> lost = app.Events(EventKind::kKeeperLost);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].server_uid, app.server_uid());
  EXPECT_EQ(lost[0].stack_uid, "");
  for (size_t i = 0; i < pids.size(); ++i) {
    EXPECT_EQ(app.Pids("worker")[i], pids[i]);
  }
  EXPECT_THAT(app.Events(EventKind::kAdopted), SizeIs(3));

  // Their ends are noticed; their exit codes are unknown.
  Kill(HandleOf(pids[0]));
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 4 && status.instances[0].restarts == 1;
  });
  EXPECT_THAT(app.Events(EventKind::kExited)[0].cause, HasSubstr("unknown"));

  // They are stopped like all others.
  app.ScaleTo("worker", 0);
  for (const int32_t pid : pids) EXPECT_FALSE(Exists(pid));
}

TEST(SupervisorRecoveryTest, ALostConnectionToALivingKeeperChangesNothing) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> pids = app.Pids("worker");
  const int32_t keeper = app.KeeperPid();
  // The keeper serves the newest connection only: the server loses its own and
  // connects again, which ends this one, perhaps before its handshake is over.
  absl::StatusOr<std::unique_ptr<KeeperClient>> other =
      KeeperClient::Connect(app.directory(), absl::Seconds(30));
  if (other.ok()) {
    EXPECT_THAT((*other)->children(), SizeIs(3));
    pollfd fd{.fd = (*other)->fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&fd, 1, 30000), 1);
    EXPECT_TRUE(absl::IsAborted((*other)->Receive().status()));
  } else {
    EXPECT_TRUE(absl::IsUnavailable(other.status())) << other.status();
  }

  app.ScaleTo("worker", 4);
  EXPECT_EQ(app.KeeperPid(), keeper);
  for (size_t i = 0; i < pids.size(); ++i) {
    EXPECT_EQ(app.Pids("worker")[i], pids[i]);
  }
  EXPECT_THAT(app.Events(EventKind::kAdopted), SizeIs(0));
  // They are still children of the keeper, which reports how they end.
  Kill(HandleOf(pids[0]));
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 4 && status.instances[0].restarts == 1;
  });
  EXPECT_EQ(app.Events(EventKind::kExited)[0].cause, "killed by SIGKILL");
}

TEST(SupervisorRecoveryTest, AKeeperThatIsUnreachableForAMomentChangesNothing) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> pids = app.Pids("worker");
  const int32_t keeper = app.KeeperPid();
  {
    const Impostor impostor(app.directory());
    impostor.Disconnect();
    impostor.WaitForConnection();
  }

  app.ScaleTo("worker", 4);
  EXPECT_EQ(app.KeeperPid(), keeper);
  for (size_t i = 0; i < pids.size(); ++i) {
    EXPECT_EQ(app.Pids("worker")[i], pids[i]);
  }
  EXPECT_THAT(app.Events(EventKind::kAdopted), IsEmpty());
  // The keeper still reports how its children end.
  Kill(HandleOf(pids[0]));
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 4 && status.instances[0].restarts == 1;
  });
  EXPECT_EQ(app.Events(EventKind::kExited)[0].cause, "killed by SIGKILL");
}

TEST(SupervisorRecoveryTest, InstancesOfAnUnreachableKeeperEnd) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000"), Command("web", "sleep 1000")});
  app.ScaleTo("worker", 2);
  app.ScaleTo("web", 1);
  const platform::ProcessHandle web = HandleOf(app.Pids("web")[0]);
  const int32_t keeper = app.KeeperPid();
  {
    const Impostor impostor(app.directory());
    impostor.Disconnect();
    app.ScaleTo("worker", 0);
    Kill(web);
    app.WaitUntil(
        "web", [](const ProcessStatus& status) { return status.running == 0; });
  }
  // Reached again, the keeper has nothing to tell of those.
  app.WaitUntil(
      "web", [](const ProcessStatus& status) { return status.running == 1; });
  app.ScaleTo("worker", 1);
  EXPECT_EQ(app.KeeperPid(), keeper);
  EXPECT_THAT(app.Events(EventKind::kAdopted), IsEmpty());
  EXPECT_THAT(app.Events(EventKind::kStopped), SizeIs(2));
  ASSERT_THAT(app.Events(EventKind::kExited), SizeIs(1));
  EXPECT_THAT(app.Events(EventKind::kExited)[0].cause, HasSubstr("unknown"));
}

TEST(SupervisorRecoveryTest, InstancesOutliveServerAndKeeper) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 3);
  const std::vector<int32_t> pids = app.Pids("worker");
  const platform::ProcessHandle first = HandleOf(pids[0]);
  const platform::ProcessHandle keeper = HandleOf(app.KeeperPid());
  app.StopServer();
  Kill(keeper);
  Kill(first);
  app.StartServer();
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 3 && status.instances[0].restarts == 1;
  });
  EXPECT_EQ(app.Pids("worker")[1], pids[1]);
  EXPECT_EQ(app.Pids("worker")[2], pids[2]);
  // Lost if init has reaped the first one before its pidfd is opened.
  EXPECT_EQ(app.Events(EventKind::kLost).size() +
                app.Events(EventKind::kExited).size(),
            1u);
}

// Changes the durable launch records of all instances.
void Rewrite(Supervised& app, void (*change)(LaunchRecord&)) {
  std::vector<InstanceRecord> records = app.instances().List().value();
  CHECK(app.database()
            .Write([&](storage::Connection& connection) {
              for (InstanceRecord& record : records) {
                change(*record.launch);
                absl::Status put = InstanceStore::Put(connection, record);
                if (!put.ok()) return put;
              }
              return absl::OkStatus();
            })
            .ok());
}

TEST(SupervisorRecoveryTest, AfterARebootTheDesiredCountsAreStarted) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 2);
  const std::vector<platform::ProcessHandle> before = [&] {
    std::vector<platform::ProcessHandle> handles;
    for (const int32_t pid : app.Pids("worker")) {
      handles.push_back(HandleOf(pid));
    }
    return handles;
  }();
  const platform::ProcessHandle keeper = HandleOf(app.KeeperPid());
  app.StopServer();
  // The reboot ends the keeper, too.
  Kill(keeper);
  Rewrite(app, [](LaunchRecord& launch) {
    launch.identity.boot_id = "00000000-0000-0000-0000-000000000000";
  });
  app.StartServer();
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return status.running == 2;
  });
  EXPECT_THAT(app.Events(EventKind::kLost), SizeIs(2));
  // Processes with the recorded pids, but not of the recorded boot, are left
  // alone.
  for (const platform::ProcessHandle& handle : before) {
    EXPECT_FALSE(handle.HasEnded());
    Kill(handle);
  }
}

TEST(SupervisorRecoveryTest, AReusedPidIsNotSignalled) {
  Supervised app(Quick());
  app.Define({Command("worker", "sleep 1000")});
  app.ScaleTo("worker", 1);
  const platform::ProcessHandle other = HandleOf(app.Pids("worker")[0]);
  const platform::ProcessHandle keeper = HandleOf(app.KeeperPid());
  app.StopServer();
  Kill(keeper);
  // As if a process that started later had reused the pid.
  Rewrite(app, [](LaunchRecord& launch) {
    --launch.identity.start_ticks;
    launch.launch = "0123456789abcdef0123456789abcdef";
  });
  app.StartServer();
  app.WaitUntil("worker", [&](const ProcessStatus& status) {
    return status.running == 1 &&
           status.instances[0].pid != other.identity().pid;
  });
  EXPECT_FALSE(other.HasEnded());
  app.ScaleTo("worker", 0);
  EXPECT_FALSE(other.HasEnded());
  Kill(other);
}

TEST(SupervisorRecoveryTest, ACrashLoopContinuesUnderTheNextServer) {
  Supervised app(Quick());
  app.Define({Command("worker", "exit 1")});
  app.Scale("worker", 1);
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return !status.instances.empty() && status.instances[0].restarts > 1;
  });
  app.StopServer();
  app.StartServer();
  app.WaitUntil("worker", [](const ProcessStatus& status) {
    return !status.instances.empty() && status.instances[0].restarts > 5;
  });
}

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  return tallyman::stacks::SupervisedMain(argc, argv);
}
