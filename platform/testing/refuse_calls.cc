#include "platform/testing/refuse_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/log/check.h"

namespace tallyman::platform {
namespace {

constexpr int kNotAllowed = 255;

constexpr uint32_t kArgument3 =
    offsetof(seccomp_data, args) + 3 * sizeof(uint64_t) +
    (std::endian::native == std::endian::little ? 0 : sizeof(uint32_t));

sock_filter Load(uint32_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

// Skips `count` instructions unless the loaded value is `value`.
sock_filter SkipUnless(uint32_t value, uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

sock_filter Return(uint32_t result) {
  return BPF_STMT(BPF_RET | BPF_K, result);
}

// Makes `calls` fail in this thread, and in threads and children that it
// starts, for the rest of its life. False if seccomp(2) is not allowed.
bool RefuseCalls(const std::vector<RefusedCall>& calls) {
  std::vector<sock_filter> filter;
  filter.reserve(5 * calls.size() + 1);
  for (const RefusedCall& call : calls) {
    filter.push_back(Load(offsetof(seccomp_data, nr)));
    filter.push_back(SkipUnless(call.number, call.argument3 ? 3 : 1));
    if (call.argument3) {
      filter.push_back(Load(kArgument3));
      filter.push_back(SkipUnless(*call.argument3, 1));
    }
    filter.push_back(
        Return(SECCOMP_RET_ERRNO | static_cast<uint32_t>(call.error)));
  }
  filter.push_back(Return(SECCOMP_RET_ALLOW));
  const sock_fprog program = {.len = static_cast<uint16_t>(filter.size()),
                              .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

std::optional<int> RunRefusing(const std::vector<RefusedCall>& calls,
                               absl::FunctionRef<int()> body) {
  const pid_t pid = fork();
  CHECK_GE(pid, 0);
  if (pid == 0) {
    _exit(RefuseCalls(calls) ? body() : kNotAllowed);
  }
  int status = 0;
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  if (!WIFEXITED(status)) return -1;
  if (WEXITSTATUS(status) == kNotAllowed) return std::nullopt;
  return WEXITSTATUS(status);
}

bool RunThreadRefusing(const std::vector<RefusedCall>& calls,
                       absl::FunctionRef<void()> body) {
  bool allowed = false;
  std::thread([&] {
    allowed = RefuseCalls(calls);
    if (allowed) body();
  }).join();
  return allowed;
}

}  // namespace tallyman::platform
