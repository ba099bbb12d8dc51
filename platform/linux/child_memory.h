// The memory that a held child uses while it shares its parent's memory.

#ifndef TALLYMAN_PLATFORM_LINUX_CHILD_MEMORY_H_
#define TALLYMAN_PLATFORM_LINUX_CHILD_MEMORY_H_

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "platform/linux/held_program.h"

namespace tallyman::platform {

// The stack of a child that shares this process's memory.
class ChildStack {
 public:
  // RunHeldProgram() needs less than 4 KiB on x86-64.
  static constexpr size_t kBytes = 16384;

  // Null if the process is out of memory.
  static std::unique_ptr<ChildStack> Allocate() {
    // The lowest page is a guard: an overflow hits no other memory.
    void* const memory = mmap(nullptr, kBytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto stack = std::unique_ptr<ChildStack>(new ChildStack(memory));
    if (mprotect(static_cast<char*>(memory) + kGuardBytes, kBytes - kGuardBytes,
                 PROT_READ | PROT_WRITE) != 0) {
      return nullptr;
    }
    return stack;
  }
  ~ChildStack() { munmap(memory_, kBytes); }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;

  // The lowest address.
  uint64_t begin() const { return reinterpret_cast<uint64_t>(memory_); }

 private:
  static constexpr size_t kGuardBytes = 4096;

  explicit ChildStack(void* memory) : memory_(memory) {}
  void* const memory_;
};

// The memory of this process that a child uses until it is kGone.
struct ChildMemory {
  explicit ChildMemory(std::unique_ptr<ChildStack> new_stack)
      : stack(std::move(new_stack)) {}
  std::atomic<uint32_t> progress = kGone;  // ChildProgress
  const std::unique_ptr<ChildStack> stack;
  std::optional<HeldProgram> program;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_CHILD_MEMORY_H_
