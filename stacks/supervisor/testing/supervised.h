// A supervisor for tests, with a database, a registry and a directory of its
// own, a real keeper and real processes.

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
#include "platform/testing/temp_directory.h"
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

namespace tallyman::stacks {

// The main() of a test that uses Supervised: the program of the test is also
// the keeper's. Returns the exit code.
int SupervisedMain(int argc, char** argv);

// The destructor stops all instances and waits for the end of the keeper.
class Supervised {
 public:
  explicit Supervised(Supervisor::Options options = {});
  ~Supervised();
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;

  // Ends the supervisor; the state that is not durable is lost. StartServer()
  // starts the next one.
  void StopServer();
  void StartServer();

  // Creates the stack "app", which all other functions use. Returns its uid.
  std::string Define(std::vector<ProcessDefinition> processes);
  void Redefine(std::vector<ProcessDefinition> processes);

  Action Scale(std::string_view process, int64_t count);
  // `instance` 0: all instances. `signal` is for kProcessSignal.
  Action Run(ActionKind kind, std::string_view process, int64_t instance = 0,
             std::string_view signal = "");
  Action Delete();

  // Waits until the action has ended, and returns it then.
  Action WaitFor(const Action& action);
  // Scales and waits; fails the test unless that succeeds.
  void ScaleTo(std::string_view process, int64_t count);

  // The present status; empty if there is none.
  ProcessStatus Status(std::string_view process) const;
  // Waits until `condition` is true of the status of a process.
  ProcessStatus WaitUntil(
      std::string_view process,
      const std::function<bool(const ProcessStatus&)>& condition);
  // The pids of the running instances, by number.
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
  const platform::TempDirectory directory_;
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

// A definition without options.
ProcessDefinition Command(std::string name, std::string command);

// Options without waits: an instance counts as running once its program is
// executed, and starts again a millisecond after it ended.
Supervisor::Options Quick();

// The handle of a process that the test has started through the supervisor.
platform::ProcessHandle HandleOf(int32_t pid);

// True if there is a process with the pid that is no zombie.
bool Exists(int32_t pid);

// The state of a process, 'R', 'S', 'T', 'Z', ... (proc_pid_stat(5)); '\0' if
// there is none.
char KernelState(int32_t pid);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_TESTING_SUPERVISED_H_
