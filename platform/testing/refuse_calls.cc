#include "platform/testing/refuse_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tallyman::platform {
namespace {

constexpr uint32_t kArgument3 =
    offsetof(seccomp_data, args) + 3 * sizeof(uint64_t) +
    (std::endian::native == std::endian::little ? 0 : sizeof(uint32_t));

sock_filter Load(uint32_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

// Goes on if the value loaded is `value`, else skips `count` instructions.
sock_filter SkipUnless(uint32_t value, uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

sock_filter Return(uint32_t result) {
  return BPF_STMT(BPF_RET | BPF_K, result);
}

}  // namespace

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

}  // namespace tallyman::platform
