// The number of allocations of a list. Replaces operator new.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_process_lister.h"
#include "platform/macos/macos_system.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace {
thread_local int64_t num_allocations = 0;
}  // namespace

// Inlined, g++ takes free(3) after operator new for a mistake.
ABSL_ATTRIBUTE_NOINLINE void* operator new(
    size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++num_allocations;
  return std::malloc(size == 0 ? 1 : size);
}
ABSL_ATTRIBUTE_NOINLINE void* operator new(size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
ABSL_ATTRIBUTE_NOINLINE void operator delete(void* memory) noexcept {
  std::free(memory);
}
ABSL_ATTRIBUTE_NOINLINE void operator delete(void* memory,
                                             size_t /*size*/) noexcept {
  std::free(memory);
}

namespace tallyman::platform {
namespace {

using namespace std::string_view_literals;

// Processes 1 to `count`, from bytes that exist before the list.
class ReadySystem : public MacosSystem {
 public:
  explicit ReadySystem(int32_t count) {
    for (int32_t pid = 1; pid <= count; ++pid) {
      table_ += KinfoProcBytes({.pid = pid});
    }
  }

  absl::StatusOr<size_t> ReadProcessTable(
      absl::Span<char> buffer) const override {
    if (table_.size() > buffer.size()) {
      return absl::ResourceExhaustedError("ENOMEM");
    }
    return Copy(table_, buffer);
  }
  CallResult ReadTaskInfo(int32_t pid, absl::Span<char> buffer) const override {
    const size_t size = Copy(task_, buffer);
    std::memcpy(buffer.data() + TaskAllInfoLayout::kPid, &pid, sizeof(pid));
    return {.outcome = CallOutcome::kOk, .size = size};
  }
  CallResult ReadResourceUsage(int32_t /*pid*/,
                               absl::Span<char> buffer) const override {
    return {.outcome = CallOutcome::kOk, .size = Copy(usage_, buffer)};
  }
  CallResult ReadArguments(int32_t /*pid*/,
                           absl::Span<char> buffer) const override {
    return {.outcome = CallOutcome::kOk, .size = Copy(arguments_, buffer)};
  }
  std::string UserName(uint32_t /*uid*/) const override { return "jblow"; }
  Timebase timebase() const override { return {}; }

 private:
  static size_t Copy(std::string_view bytes, absl::Span<char> buffer) {
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
    return bytes.size();
  }

  std::string table_;
  const std::string task_ = TaskAllInfoBytes({});
  const std::string usage_ = RusageInfoBytes({});
  const std::string arguments_ = ArgumentsBlock(
      3, "/usr/libexec/daemon", "daemon\0--quiet\0--foreground\0"sv);
};

// The allocations of the second list: the first one sizes the buffer.
int64_t AllocationsOfList(int32_t num_processes, const ProcessQuery& query) {
  const std::unique_ptr<ProcessLister> lister =
      MakeMacosProcessLister(std::make_unique<ReadySystem>(num_processes), {});
  EXPECT_TRUE(lister->List(query).ok());
  const int64_t before = num_allocations;
  const absl::StatusOr<ProcessSnapshot> snapshot = lister->List(query);
  const int64_t allocations = num_allocations - before;
  EXPECT_EQ(snapshot->processes().size(), static_cast<size_t>(num_processes));
  EXPECT_EQ(snapshot->processes().back().arguments,
            "daemon\0--quiet\0--foreground"sv);
  return allocations;
}

// The strings of 20,000 processes take ten blocks of the arena; vectors double.
TEST(MacosProcessListerAllocationTest, DoesNotDependOnTheNumberOfProcesses) {
  EXPECT_LE(AllocationsOfList(10, {}), 20);
  EXPECT_LE(AllocationsOfList(20'000, {}), 60);
}

TEST(MacosProcessListerAllocationTest, NorDoesAnOrderedList) {
  const ProcessQuery query = {
      .order = [](const Process& a,
                  const Process& b) { return a.cpu_time > b.cpu_time; },
      .order_fields = ProcessField::kCpuTime};
  EXPECT_LE(AllocationsOfList(20'000, query), 60);
}

}  // namespace
}  // namespace tallyman::platform
