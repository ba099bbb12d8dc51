// The time to start a held child, compared with posix_spawn(3): from the fork
// to the end of a program that does nothing.

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "benchmark/benchmark.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

// The path of the program, in the directory of this one.
const std::string& Program() {
  static const std::string* const kProgram =
      new std::string(std::filesystem::read_symlink("/proc/self/exe")
                          .replace_filename("held_child_benchmark_program"));
  return *kProgram;
}

void Await(pid_t pid) {
  int status = 0;
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
}

// Touches `mebibytes` MiB of memory: a fork copies the page tables.
class Ballast {
 public:
  explicit Ballast(int64_t mebibytes)
      : bytes_(static_cast<size_t>(mebibytes) << 20) {
    if (bytes_ == 0) return;
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    CHECK_NE(memory_, MAP_FAILED);
  }
  ~Ballast() {
    if (memory_ != nullptr) munmap(memory_, bytes_);
  }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;

 private:
  const size_t bytes_;
  void* memory_ = nullptr;
};

void BM_PosixSpawn(benchmark::State& state) {
  const Ballast ballast(state.range(0));
  std::string program = Program();
  const std::array<char*, 2> arguments = {program.data(), nullptr};
  for (auto _ : state) {
    pid_t pid = -1;
    CHECK_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr,
                         arguments.data(), environ),
             0);
    Await(pid);
  }
}

LaunchSpec Spec() {
  LaunchSpec spec = {.arguments = {Program()}};
  for (char** each = environ; *each != nullptr; ++each) {
    spec.environment.emplace_back(*each);
  }
  return spec;
}

// Fork, set-up, release, execution and end of one child after the other.
void BM_HeldChild(benchmark::State& state) {
  const Ballast ballast(state.range(0));
  const base::UniqueFd output(open("/dev/null", O_WRONLY | O_CLOEXEC));
  HeldChildForker forker;
  for (auto _ : state) {
    absl::StatusOr<Gate> gate = Gate::Create();
    CHECK_OK(gate);
    const absl::StatusOr<ProcessIdentity> child = forker.Fork(
        Spec(), {.gate = gate->child_end(), .output = output.get()});
    CHECK_OK(child);
    gate->CloseChildEnd();
    forker.AwaitSetUp(child->pid);
    CHECK_OK(gate->Release());
    Await(child->pid);
  }
}

// Fifty children are held at once; the time is that of one child.
void BM_HeldChildren(benchmark::State& state) {
  constexpr int kChildren = 50;
  const Ballast ballast(state.range(0));
  const base::UniqueFd output(open("/dev/null", O_WRONLY | O_CLOEXEC));
  HeldChildForker forker;
  std::vector<std::pair<Gate, int32_t>> held;
  while (state.KeepRunningBatch(kChildren)) {
    held.clear();
    for (int i = 0; i < kChildren; ++i) {
      absl::StatusOr<Gate> gate = Gate::Create();
      CHECK_OK(gate);
      const absl::StatusOr<ProcessIdentity> child = forker.Fork(
          Spec(), {.gate = gate->child_end(), .output = output.get()});
      CHECK_OK(child);
      gate->CloseChildEnd();
      held.emplace_back(*std::move(gate), child->pid);
    }
    for (auto& [gate, pid] : held) {
      forker.AwaitSetUp(pid);
      CHECK_OK(gate.Release());
    }
    for (const auto& [gate, pid] : held) Await(pid);
  }
}

// The argument is the memory of the forking process in MiB.
BENCHMARK(BM_PosixSpawn)->Arg(0)->Arg(64)->UseRealTime();
BENCHMARK(BM_HeldChild)->Arg(0)->Arg(64)->UseRealTime();
BENCHMARK(BM_HeldChildren)->Arg(0)->Arg(64)->UseRealTime();

}  // namespace
}  // namespace tallyman::platform

BENCHMARK_MAIN();
