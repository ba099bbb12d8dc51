// A supervisor with all that it needs, for tests: a database, a registry and a
// directory of its own, a real keeper, real processes.

#ifndef TALLYMAN_STACKS_SUPERVISOR_TESTING_SUPERVISED_H_
#define TALLYMAN_STACKS_SUPERVISOR_TESTING_SUPERVISED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/process_handle.h"
#include "platform/process_lister.h"
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
#include "storage/testing/temp_directory.h"

namespace tallyman::stacks {

// To be the main() of a test that uses Supervised: the test's program is its
// own keeper. Returns the exit code.
int SupervisedMain(int argc, char** argv);

// At its end all that it has started is stopped, and the keeper is gone.
class Supervised {
 public:
  explicit Supervised(Supervisor::Options options = {});
  ~Supervised();
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;

  // Ends the supervisor as a crash of the server does, but for what is in
  // memory only; Start() is the next server.
  void StopServer();
  void StartServer();

  // One stack, "app". Its uid is returned, and used where none is given.
  std::string Define(std::vector<ProcessDefinition> processes);
  void Redefine(std::vector<ProcessDefinition> processes);

  Action Scale(std::string_view process, int64_t count);
  Action Run(ActionKind kind, std::string_view process);
  Action Delete();

  // Waits until the action has ended, and returns it.
  Action WaitFor(const Action& action);
  // Scales and waits; fails the test unless that succeeds.
  void ScaleTo(std::string_view process, int64_t count);

  // The present status; empty if there is none.
  ProcessStatus Status(std::string_view process) const;
  // Waits until `condition` is true of the status of a process.
  ProcessStatus WaitUntil(
      std::string_view process,
      const std::function<bool(const ProcessStatus&)>& condition);
  // The pids of those that run, by number.
  std::vector<int32_t> Pids(std::string_view process) const;

  // All events, the oldest first.
  std::vector<Event> Events();
  std::vector<Event> Events(EventKind kind);

  // The pid in the keeper's lock file.
  int32_t KeeperPid() const;

  const std::string& directory() const { return directory_.path(); }
  const std::string& server_uid() const { return options_.server_uid; }
  const std::string& stack_uid() const { return stack_uid_; }
  storage::Database& database() { return *database_; }
  InstanceStore& instances() { return *instances_; }
  Registry& registry() { return *registry_; }
  const OutputLogs& logs() const { return *logs_; }

 private:
  void Changed();
  Origin From() const;

  Supervisor::Options options_;
  const storage::TempDirectory directory_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<InstanceStore> instances_;
  std::unique_ptr<SqliteRegistry> registry_;
  std::optional<OutputLogs> logs_;
  std::unique_ptr<platform::ProcessLister> lister_;
  std::string stack_uid_;
  // Counts changes of registry and status.
  absl::Mutex mutex_;
  int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<RegistryWatch> watch_;
  std::unique_ptr<Supervisor> supervisor_;
};

// A process of a Procfile.
ProcessDefinition Command(std::string name, std::string command);

// No waits: an instance counts as running once its program was executed, and is
// started again after a millisecond.
Supervisor::Options Quick();

// The handle of a process that the test has started through the supervisor.
platform::ProcessHandle HandleOf(int32_t pid);

// True if there is a process of that pid that is no zombie.
bool Exists(int32_t pid);

// The state of a process as the kernel shows it, 'R', 'S', 'T', 'Z'...; 0 if it
// isn't there.
char KernelState(int32_t pid);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_TESTING_SUPERVISED_H_
