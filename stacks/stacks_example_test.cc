// An example of //stacks: the parts that run a stack, and what they answer. For
// registry.h, sqlite_registry.h, event_log.h, event.h, instance_store.h,
// output_log.h, supervisor.h, backoff.h, status.h, process_state.h,
// stack_health.h, notice.h, instance_key.h and daemon.h.

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"
#include "platform/process_lister.h"
#include "platform/testing/temp_directory.h"
#include "stacks/keeper/daemon.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/instance_key.h"
#include "stacks/model/notice.h"
#include "stacks/model/process_state.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::stacks {
namespace {

// The value of `result`; a program returns the error.
template <typename T>
T Value(absl::StatusOr<T> result) {
  CHECK_OK(result);
  return *std::move(result);
}

// A number that grows with each change, and waits for conditions. A program
// waits for changes in its own way, such as its event loop.
class Changes {
 public:
  void Notify() {
    const absl::MutexLock lock(&mutex_);
    ++count_;
  }
  void WaitUntil(const std::function<bool()>& condition) {
    while (true) {
      mutex_.Lock();
      const int seen = count_;
      mutex_.Unlock();
      if (condition()) return;
      const auto changed = [&] { return count_ != seen; };
      const absl::MutexLock lock(&mutex_, absl::Condition(&changed));
    }
  }

 private:
  absl::Mutex mutex_;
  int count_ = 0;
};

// The user of the changes in the event log.
Origin Operator() { return {.user = "operator", .now = absl::Now()}; }

// Waits for the end of the keeper, whose pid is in its lock file: it ends when
// it has neither a server nor children.
void AwaitEndOfKeeper(const std::string& lock_file) {
  int32_t pid = 0;
  std::ifstream(lock_file) >> pid;
  const auto identity = platform::IdentifyProcess(pid);
  if (!identity.ok()) return;
  const auto keeper = platform::ProcessHandle::Open(*identity);
  if (!keeper.ok()) return;
  pollfd fd = {.fd = keeper->fd(), .events = POLLIN, .revents = 0};
  poll(&fd, 1, /*timeout=*/-1);
}

TEST(StacksExample, RunsAStack) {
  const platform::TempDirectory parent;
  const storage::DataDirectory directory =
      Value(storage::DataDirectory::Open(parent.path() + "/data"));

  // The parts, in the order in which they need each other.
  const auto database =
      Value(storage::Database::Open(directory.FilePath("shop.db"), {}));
  const auto events = Value(EventLog::Open(*database, {}));
  const auto instances = Value(InstanceStore::Open(*database));
  const auto registry = Value(SqliteRegistry::Open(*database, *events));
  const OutputLogs logs =
      Value(OutputLogs::Open(directory.FilePath("logs"), {}));
  const auto lister = Value(platform::ProcessLister::Create({}));

  // This machine.
  const std::string server = Value(instances->ServerUid());
  ASSERT_EQ(registry->PutServer({.uid = server,
                                 .name = "here",
                                 .address = "127.0.0.1",
                                 .created_at = absl::Now(),
                                 .updated_at = absl::Now()}),
            absl::OkStatus());

  Changes changes;
  const auto watch = registry->Watch([&] { changes.Notify(); });
  // Adopts the instances of an earlier run of the program, if there are some.
  auto supervisor = Value(Supervisor::Start(
      {.server_uid = server,
       .directory = directory.path(),
       .backoff = {.max = absl::Seconds(10)},  // Between restarts.
       .settle_time = absl::ZeroDuration(),
       .on_change = [&] { changes.Notify(); },
       .notices =
           [](const Notice& notice) {
             if (notice.severity == Notice::Severity::kError) {
               ADD_FAILURE() << notice.what;
             }
           }},
      {.database = *database,
       .registry = *registry,
       .instances = *instances,
       .events = *events,
       .logs = logs,
       .lister = *lister}));

  // Defines a stack, and wants two instances of its process.
  const std::shared_ptr<const Stack> shop = Value(registry->CreateStack(
      {.name = "shop",
       .processes = {{.name = "web",
                      .command = "echo \"$TALLYMAN_INSTANCE is open\";"
                                 " exec sleep 1000"}}},
      server, Operator()));
  const Action scale = Value(registry->Scale(
      {.stack_uid = shop->uid, .process = "web", .counts = {{server, 2}}},
      Operator()));
  const auto finished = [&](const Action& action) {
    return Value(registry->GetAction(shop->uid, action.id))
        ->finished_at.has_value();
  };
  changes.WaitUntil([&] { return finished(scale); });
  EXPECT_TRUE(
      Value(registry->GetAction(shop->uid, scale.id))->finished_success);

  // Their status.
  std::shared_ptr<const StatusSnapshot> status = supervisor->Status();
  const ProcessStatus* const web = status->Find(shop->uid, "web");
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web->running, 2);
  for (const InstanceStatus& instance : web->instances) {
    EXPECT_EQ(InstanceStateName(instance.state), "running");
    EXPECT_GT(instance.pid, 0);
  }
  const std::shared_ptr<const RegistrySnapshot> now = registry->Snapshot();
  const Stack& stack = *now->FindStack(shop->uid);
  EXPECT_EQ(ProcessState(CountInstances(stack, *stack.Find("web"), *status,
                                        /*server_uid=*/"")),
            "running");
  changes.WaitUntil([&] { return registry->Snapshot()->open.empty(); });
  EXPECT_EQ(StackHealth(*registry->Snapshot()->FindStack(shop->uid),
                        *registry->Snapshot(), *supervisor->Status()),
            Health::kHealthy);

  // Stops them, removes the stack, and ends.
  const Action removal = Value(registry->DeleteStack(shop->uid, Operator()));
  changes.WaitUntil([&] { return finished(removal); });

  // The audit log, the newest event first.
  const EventPage page = Value(events->List(shop->uid, {.per_page = 100}));
  EXPECT_EQ(page.events.back().kind, EventKind::kStackCreated);
  EXPECT_EQ(page.events.back().user, "operator");

  const std::string lock = directory.FilePath("keeper.lock");
  supervisor.reset();
  AwaitEndOfKeeper(lock);
}

TEST(OutputLogExample, ReadsTheLastLines) {
  const platform::TempDirectory directory;
  const OutputLogs logs = Value(OutputLogs::Open(directory.path(), {}));
  const InstanceKey key = {.stack_uid = "e63e859d5ab72b0bcf14321f0ffb013d",
                           .process = "web",
                           .number = 1};
  // As the supervisor does, which gives the descriptor to the program.
  const base::UniqueFd file = Value(logs.OpenForAppend(key));
  constexpr std::string_view kText = "hello\nlistening on 8080\n";
  ASSERT_EQ(write(file.get(), kText.data(), kText.size()),
            static_cast<ssize_t>(kText.size()));
  EXPECT_EQ(Value(logs.Tail(key, 1)),
            std::vector<std::string>{"listening on 8080"});
}

}  // namespace
}  // namespace tallyman::stacks

int main(int argc, char** argv) {
  // The supervisor starts its own program as the keeper of the processes.
  if (argc > 1 &&
      std::string_view(argv[1]) == tallyman::stacks::kKeeperArgument) {
    return tallyman::stacks::KeeperMain(argc, argv);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
