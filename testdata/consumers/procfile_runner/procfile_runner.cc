// Runs the processes of a Procfile, one instance each, and keeps them running:
//
//   procfile_runner PROCFILE DIRECTORY
//
// Prints a line for each change: name, pid (0 without a process) and state. The
// processes outlive a crash of the runner: start it again with the same
// DIRECTORY (its database and their output), and it adopts them. On SIGTERM and
// SIGINT it stops them and ends. Takes //stacks and nothing else.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "platform/process_lister.h"
#include "stacks/keeper/daemon.h"
#include "stacks/model/definition.h"
#include "stacks/model/notice.h"
#include "stacks/model/procfile.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/supervisor/instance_store.h"
#include "stacks/supervisor/supervisor.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace {

namespace stacks = ::tallyman::stacks;
using ::tallyman::platform::ProcessLister;
using ::tallyman::storage::Database;
using ::tallyman::storage::DataDirectory;

stacks::Origin Now() {
  return {.user = "procfile_runner", .started_via = "file", .now = absl::Now()};
}

// Prints the instances that changed since the last call.
class Printer {
 public:
  void Print(const stacks::StatusSnapshot& status) {
    std::map<std::string, std::string> lines;
    for (const auto& [key, process] : status.processes) {
      for (const stacks::InstanceStatus& instance : process->instances) {
        lines[key.second] =
            std::to_string(instance.pid) + " " +
            std::string(stacks::InstanceStateName(instance.state));
      }
    }
    for (const auto& [name, line] : lines) {
      if (lines_[name] == line) continue;
      std::printf("%s %s\n", name.c_str(), line.c_str());
    }
    std::fflush(stdout);
    lines_ = std::move(lines);
  }

 private:
  std::map<std::string, std::string> lines_;
};

absl::StatusOr<stacks::StackDefinition> ReadProcfile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf())) {
    return absl::NotFoundError("cannot read \"" + path + "\"");
  }
  auto processes = stacks::ParseProcfile(text.str());
  if (!processes.ok()) return processes.status();
  for (stacks::ProcessDefinition& process : *processes) {
    process.directory = std::filesystem::current_path();
    process.instances = 1;
  }
  return stacks::StackDefinition{.name = "procfile",
                                 .processes = *std::move(processes)};
}

// The signals that main() blocks. SIGUSR1: something has changed.
sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

// Defines the stack once the registry has none that is being removed, and
// removes it on a signal. Returns after that.
absl::Status Loop(const stacks::StackDefinition& definition,
                  const std::string& server,
                  const stacks::Supervisor& supervisor,
                  stacks::Registry& registry) {
  Printer printer;
  bool defined = false;
  bool ending = false;
  while (true) {
    printer.Print(*supervisor.Status());
    const auto snapshot = registry.Snapshot();
    const stacks::Stack* const stack =
        snapshot->stacks.empty() ? nullptr : snapshot->stacks[0].get();
    absl::Status status;
    if (ending) {
      if (stack == nullptr) return absl::OkStatus();
      if (!stack->deleting)
        status = registry.DeleteStack(stack->uid, Now()).status();
    } else if (!defined && (stack == nullptr || !stack->deleting)) {
      status =
          (stack == nullptr
               ? registry.CreateStack(definition, server, Now())
               : registry.ReplaceStack(stack->uid, definition, server, Now()))
              .status();
      defined = true;
    }
    if (!status.ok()) return status;
    const sigset_t signals = Signals();
    int signal = 0;
    sigwait(&signals, &signal);
    ending = ending || signal != SIGUSR1;
  }
}

absl::Status Run(const std::string& procfile, const std::string& path) {
  const auto definition = ReadProcfile(procfile);
  if (!definition.ok()) return definition.status();
  const absl::StatusOr<DataDirectory> directory = DataDirectory::Open(path);
  if (!directory.ok()) return directory.status();
  const auto database = Database::Open(directory->FilePath("runner.db"), {});
  if (!database.ok()) return database.status();
  const auto events = stacks::EventLog::Open(**database, {});
  if (!events.ok()) return events.status();
  const auto instances = stacks::InstanceStore::Open(**database);
  if (!instances.ok()) return instances.status();
  const auto registry = stacks::SqliteRegistry::Open(**database, **events);
  if (!registry.ok()) return registry.status();
  const auto logs = stacks::OutputLogs::Open(directory->FilePath("logs"), {});
  if (!logs.ok()) return logs.status();
  const auto lister = ProcessLister::Create({});
  if (!lister.ok()) return lister.status();

  const absl::StatusOr<std::string> server = (*instances)->ServerUid();
  if (!server.ok()) return server.status();
  const absl::Status put = (*registry)->PutServer(
      {.uid = *server, .name = "here", .created_at = absl::Now()});
  if (!put.ok()) return put;
  const auto wake = [] { kill(getpid(), SIGUSR1); };
  const auto watch = (*registry)->Watch(wake);
  const auto supervisor = stacks::Supervisor::Start(
      {.server_uid = *server,
       .directory = directory->path(),
       .on_change = wake,
       .notices =
           [](const stacks::Notice& notice) {
             std::fprintf(stderr, "%s: %s\n", std::string(notice.event).c_str(),
                          std::string(notice.what).c_str());
           }},
      {.database = **database,
       .registry = **registry,
       .instances = **instances,
       .events = **events,
       .logs = *logs,
       .lister = **lister});
  if (!supervisor.ok()) return supervisor.status();
  return Loop(*definition, *server, **supervisor, **registry);
}

}  // namespace

int main(int argc, char** argv) {
  // The supervisor starts this program as the keeper of the processes.
  if (argc > 1 && std::string_view(argv[1]) == stacks::kKeeperArgument) {
    return stacks::KeeperMain(argc, argv);
  }
  if (argc != 3) {
    std::fprintf(stderr, "usage: procfile_runner PROCFILE DIRECTORY\n");
    return 2;
  }
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const absl::Status status = Run(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "procfile_runner: %s\n", status.ToString().c_str());
  return 1;
}
