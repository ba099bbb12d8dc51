// System calls that write no memory except their arguments: not even errno,
// which a process that shares its parent's memory would overwrite there.

#ifndef TALLYMAN_PLATFORM_LINUX_RAW_CALL_H_
#define TALLYMAN_PLATFORM_LINUX_RAW_CALL_H_

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tallyman::platform {

// GCC defines __SANITIZE_ADDRESS__ and __SANITIZE_THREAD__ itself.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TALLYMAN_HAS_SANITIZER 1
#endif
#endif

// True where RawCall() writes no other memory and CloneSharingMemory() exists.
// Elsewhere RawCall() uses syscall(2), which sets errno. Sanitizers are
// excluded since they write their own records into the memory of a thread.
#if defined(__x86_64__) && defined(__LP64__) &&                        \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(TALLYMAN_HAS_SANITIZER)
#define TALLYMAN_CAN_SHARE_MEMORY 1
inline constexpr bool kCanShareMemory = true;
#else
#define TALLYMAN_CAN_SHARE_MEMORY 0
inline constexpr bool kCanShareMemory = false;
#endif

namespace raw_call_internal {

template <typename T>
intptr_t ToWord(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<intptr_t>(value);
  } else {
    return static_cast<intptr_t>(value);
  }
}

inline intptr_t Call(intptr_t number, intptr_t a, intptr_t b, intptr_t c,
                     intptr_t d, intptr_t e, intptr_t f) {
#if TALLYMAN_CAN_SHARE_MEMORY
  // syscall(2), "Architecture calling conventions".
  intptr_t result = number;
  register intptr_t r10 asm("r10") = d;
  register intptr_t r8 asm("r8") = e;
  register intptr_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
#else
  const intptr_t result = syscall(number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
#endif
}

}  // namespace raw_call_internal

// The system call `number` with up to six integers or pointers. Returns its
// result, or a negated errno.
template <typename... Arguments>
intptr_t RawCall(intptr_t number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 6);
  const intptr_t words[6] = {raw_call_internal::ToWord(arguments)...};
  return raw_call_internal::Call(number, words[0], words[1], words[2], words[3],
                                 words[4], words[5]);
}

#if TALLYMAN_CAN_SHARE_MEMORY
// clone3(2) with the struct clone_args `arguments` of `size` bytes, which names
// a stack. The child calls `run` with `argument`; `run` must not return.
// Returns the pid to the parent, or a negated errno.
inline intptr_t CloneSharingMemory(const void* arguments, size_t size,
                                   void (*run)(void*), void* argument) {
  constexpr intptr_t kClone3 = 435;
  intptr_t result = kClone3;
  // A fixed register, since the compiler could choose %rbp, which the child
  // clears before it reads `argument`.
  register void* r8 asm("r8") = argument;
  // The child starts with the parent's registers, except those that the system
  // call changes. Its stack is aligned to 16 bytes, as the x86-64 ABI requires
  // at a call.
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %%r8, %%rdi\n\t"
      "callq *%%rdx\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(arguments), "S"(size), "d"(run), "r"(r8)
      : "rcx", "r11", "memory", "cc");
  return result;
}
#endif

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_RAW_CALL_H_
