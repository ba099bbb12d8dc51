#include "stacks/supervisor/testing/supervised.h"

#include <poll.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "platform/process_lister.h"
#include "platform/testing/proc_file.h"
#include "stacks/keeper/daemon.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "storage/database.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

int SupervisedMain(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == kKeeperArgument) {
    return KeeperMain(argc, argv);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

Supervised::Supervised(Supervisor::Options options)
    : options_(std::move(options)) {
  auto database =
      storage::Database::Open(absl::StrCat(directory(), "/tallyman.db"), {});
  CHECK_OK(database);
  database_ = *std::move(database);
  auto events = EventLog::Open(*database_, {});
  CHECK_OK(events);
  events_ = *std::move(events);
  auto instances = InstanceStore::Open(*database_);
  CHECK_OK(instances);
  instances_ = *std::move(instances);
  auto registry = SqliteRegistry::Open(*database_, *events_, {});
  CHECK_OK(registry);
  registry_ = *std::move(registry);
  auto logs = OutputLogs::Open(absl::StrCat(directory(), "/logs"),
                               {.max_bytes = 65536});
  CHECK_OK(logs);
  logs_.emplace(*std::move(logs));
  auto lister = platform::ProcessLister::Create({});
  CHECK_OK(lister);
  lister_ = *std::move(lister);

  auto uid = instances_->ServerUid();
  CHECK_OK(uid);
  options_.server_uid = *std::move(uid);
  options_.directory = directory();
  options_.on_change = [this] { Changed(); };
  CHECK_OK(registry_->PutServer({.uid = options_.server_uid,
                                 .name = "here",
                                 .address = "127.0.0.1",
                                 .created_at = absl::Now(),
                                 .updated_at = absl::Now()}));
  watch_ = registry_->Watch([this] { Changed(); });
  StartServer();
}

Supervised::~Supervised() {
  if (supervisor_ == nullptr) StartServer();
  if (!stack_uid_.empty() &&
      registry_->Snapshot()->FindStack(stack_uid_) != nullptr) {
    const Action deleted = WaitFor(Delete());
    EXPECT_TRUE(deleted.finished_success) << deleted.finished_message;
  }
  absl::StatusOr<platform::ProcessHandle> keeper = absl::NotFoundError("");
  if (const int32_t pid = KeeperPid(); pid > 0) {
    if (auto identity = platform::IdentifyProcess(pid); identity.ok()) {
      keeper = platform::ProcessHandle::Open(*identity);
    }
  }
  StopServer();
  // A keeper without children and server ends.
  if (keeper.ok()) {
    pollfd fd{.fd = keeper->fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&fd, 1, 30000), 1) << "the keeper doesn't end";
  }
  watch_.reset();
}

void Supervised::Changed() {
  const absl::MutexLock lock(&mutex_);
  ++changes_;
}

void Supervised::StopServer() { supervisor_.reset(); }

void Supervised::StartServer() {
  auto started = Supervisor::Start(options_, {.database = *database_,
                                              .registry = *registry_,
                                              .instances = *instances_,
                                              .events = *events_,
                                              .logs = *logs_,
                                              .lister = *lister_});
  CHECK_OK(started);
  supervisor_ = *std::move(started);
}

Origin Supervised::From() const {
  return {.user = "tester", .now = absl::Now()};
}

std::string Supervised::Define(std::vector<ProcessDefinition> processes) {
  auto stack = registry_->CreateStack(
      {.name = "app", .environment = "test", .processes = std::move(processes)},
      options_.server_uid, From());
  CHECK_OK(stack);
  stack_uid_ = (*stack)->uid;
  return stack_uid_;
}

void Supervised::Redefine(std::vector<ProcessDefinition> processes) {
  CHECK_OK(registry_->ReplaceStack(
      stack_uid_,
      {.name = "app", .environment = "test", .processes = std::move(processes)},
      options_.server_uid, From()));
}

Action Supervised::Scale(std::string_view process, int64_t count) {
  auto action = registry_->Scale({.stack_uid = stack_uid_,
                                  .process = std::string(process),
                                  .counts = {{options_.server_uid, count}}},
                                 From());
  CHECK_OK(action);
  return *action;
}

Action Supervised::Run(ActionKind kind, std::string_view process,
                       int64_t instance, std::string_view signal) {
  auto action = registry_->Run({.kind = kind,
                                .stack_uid = stack_uid_,
                                .process = std::string(process),
                                .instance = instance,
                                .signal = std::string(signal)},
                               From());
  CHECK_OK(action);
  return *action;
}

Action Supervised::Delete() {
  auto action = registry_->DeleteStack(stack_uid_, From());
  CHECK_OK(action);
  return *action;
}

Action Supervised::WaitFor(const Action& action) {
  while (true) {
    int64_t seen = 0;
    {
      const absl::MutexLock lock(&mutex_);
      seen = changes_;
    }
    auto now = registry_->GetAction(action.stack_uid, action.id);
    CHECK_OK(now);
    if ((*now)->finished_at) return **now;
    const auto changed = [&] { return changes_ != seen; };
    const absl::MutexLock lock(&mutex_, absl::Condition(&changed));
  }
}

void Supervised::ScaleTo(std::string_view process, int64_t count) {
  const Action action = WaitFor(Scale(process, count));
  EXPECT_TRUE(action.finished_success) << action.finished_message;
  EXPECT_EQ(Status(process).running, count);
}

ProcessStatus Supervised::Status(std::string_view process) const {
  const std::shared_ptr<const StatusSnapshot> status = supervisor_->Status();
  const ProcessStatus* const found = status->Find(stack_uid_, process);
  return found == nullptr ? ProcessStatus{} : *found;
}

ProcessStatus Supervised::WaitUntil(
    std::string_view process,
    const std::function<bool(const ProcessStatus&)>& condition) {
  while (true) {
    int64_t seen = 0;
    {
      const absl::MutexLock lock(&mutex_);
      seen = changes_;
    }
    ProcessStatus now = Status(process);
    if (condition(now)) return now;
    const auto changed = [&] { return changes_ != seen; };
    const absl::MutexLock lock(&mutex_, absl::Condition(&changed));
  }
}

std::vector<int32_t> Supervised::Pids(std::string_view process) const {
  std::vector<int32_t> pids;
  for (const InstanceStatus& instance : Status(process).instances) {
    if (instance.runs()) pids.push_back(instance.pid);
  }
  return pids;
}

std::vector<Event> Supervised::Events() {
  std::vector<Event> all;
  for (int64_t page = 1;; ++page) {
    auto listed =
        events_->List("", {.page = page, .per_page = storage::kMaxPerPage});
    CHECK_OK(listed);
    all.insert(all.end(), listed->events.begin(), listed->events.end());
    if (!listed->info.next) break;
  }
  return {all.rbegin(), all.rend()};
}

std::vector<Event> Supervised::Events(EventKind kind) {
  std::vector<Event> some = Events();
  std::erase_if(some, [&](const Event& event) { return event.kind != kind; });
  return some;
}

int32_t Supervised::KeeperPid() const {
  std::ifstream file(absl::StrCat(directory(), "/keeper.lock"));
  int32_t pid = 0;
  file >> pid;
  return pid;
}

ProcessDefinition Command(std::string name, std::string command) {
  return {.name = std::move(name), .command = std::move(command)};
}

Supervisor::Options Quick() {
  return {.backoff = {.initial = absl::Milliseconds(1),
                      .max = absl::Milliseconds(20)},
          .settle_time = absl::ZeroDuration()};
}

platform::ProcessHandle HandleOf(int32_t pid) {
  auto identity = platform::IdentifyProcess(pid);
  CHECK_OK(identity);
  auto handle = platform::ProcessHandle::Open(*identity);
  CHECK_OK(handle);
  return *std::move(handle);
}

bool Exists(int32_t pid) {
  const char state = KernelState(pid);
  return state != '\0' && state != 'Z';
}

char KernelState(int32_t pid) {
  const std::vector<std::string> fields = platform::ReadStat(pid);
  return fields.empty() ? '\0' : fields.front().front();
}

}  // namespace tallyman::stacks
