// The allocations of a list do not depend on the number of processes, besides
// the blocks of the arena and the growth of vectors.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/windows/fake_windows_system.h"
#include "platform/windows/windows_process_lister.h"
#include "platform/windows/windows_system.h"

namespace {

std::atomic<int64_t> num_allocations{0};

void* Allocate(size_t size) {
  num_allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(std::max<size_t>(size, 1));
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// These replace the operators of the whole program.
void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace tallyman::platform {
namespace {

// A system of equal processes whose calls do not allocate.
class UniformSystem : public WindowsSystem {
 public:
  explicit UniformSystem(size_t num_processes) {
    processes_.reserve(num_processes);
    for (size_t i = 0; i < num_processes; ++i) {
      processes_.push_back({.pid = (i + 1) * 4, .name = u"worker-process.exe"});
    }
    owner_ = FakeSid(5, {21, 1, 2, 3, 1001});
    command_line_ = Utf16Bytes(u"worker-process.exe --name=of-some-length");
    const std::string table = FakeProcessTable(processes_, 0);
    table_bytes_ = table.size();
  }

  CallResult ReadProcessTable(absl::Span<char> buffer, size_t& size) override {
    size = table_bytes_;
    if (size > buffer.size()) return CallResult::kTooSmall;
    const int64_t before = num_allocations;
    const std::string table = FakeProcessTable(
        processes_, reinterpret_cast<uintptr_t>(buffer.data()));
    table.copy(buffer.data(), buffer.size());
    own_allocations_ += num_allocations - before;
    return CallResult::kOk;
  }
  CallResult Open(int32_t, ProcessAccess, ProcessHandleValue&) override {
    return CallResult::kOk;
  }
  void Close(ProcessHandleValue) override {}
  CallResult ReadTimes(ProcessHandleValue, ProcessTimes& times) override {
    times = {.creation = processes_[0].creation_time};
    return CallResult::kOk;
  }
  bool IsRunning(ProcessHandleValue) override { return true; }
  CallResult ReadOwner(ProcessHandleValue, std::string& sid) override {
    sid = owner_;
    return CallResult::kOk;
  }
  CallResult LookUpAccount(std::string_view, std::string&) override {
    return CallResult::kNotFound;
  }
  CallResult ReadCommandLine(ProcessHandleValue, absl::Span<char>,
                             size_t&) override {
    return CallResult::kNotSupported;
  }
  CallResult ReadPebAddresses(ProcessHandleValue, PebAddresses& peb) override {
    peb = {.peb = 0x1000};
    return CallResult::kOk;
  }
  // The pointer to the parameters, the parameters, and the text.
  CallResult ReadMemory(ProcessHandleValue, uint64_t,
                        absl::Span<char> buffer) override {
    std::fill(buffer.begin(), buffer.end(), '\0');
    if (buffer.size() == command_line_.size()) {
      command_line_.copy(buffer.data(), buffer.size());
    } else if (buffer.size() > 8) {
      buffer[0x70] = static_cast<char>(command_line_.size());
    }
    return CallResult::kOk;
  }

  int64_t own_allocations() const { return own_allocations_; }

 private:
  std::vector<FakeProcess> processes_;
  std::string owner_;
  std::string command_line_;
  size_t table_bytes_ = 0;
  int64_t own_allocations_ = 0;
};

// The allocations of one list with all fields, after a first one.
int64_t AllocationsOfAList(size_t num_processes) {
  auto owned = std::make_unique<UniformSystem>(num_processes);
  UniformSystem* const system = owned.get();
  const std::unique_ptr<ProcessLister> lister =
      MakeWindowsProcessLister(std::move(owned));
  CHECK_OK(lister->List({}));
  const int64_t before = num_allocations - system->own_allocations();
  const absl::StatusOr<ProcessSnapshot> snapshot = lister->List({});
  const int64_t after = num_allocations - system->own_allocations();
  CHECK_OK(snapshot);
  CHECK_EQ(snapshot->processes().size(), num_processes);
  const Process& last = snapshot->processes()[num_processes - 1];
  CHECK_EQ(last.arguments, "worker-process.exe --name=of-some-length");
  CHECK_EQ(last.user, "S-1-5-21-1-2-3-1001");
  return after - before;
}

TEST(WindowsProcessAllocationTest, DoNotGrowWithTheProcesses) {
  const int64_t few = AllocationsOfAList(100);
  const int64_t many = AllocationsOfAList(12'800);
  EXPECT_LT(few, 50);
  // 7 doublings of two vectors, and 58 bytes a process in blocks of 64 KiB.
  EXPECT_LE(many - few, 2 * 7 + 2 * (12'800 * 58 / 65'536 + 1));
}

}  // namespace
}  // namespace tallyman::platform
