// System calls that touch no memory but what they are given: not even errno,
// which a process that shares its parent's memory would write into the
// parent's.

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

// True where RawCall() and CloneSharingMemory() do what they say. Elsewhere
// RawCall() goes through syscall(2), and there is no CloneSharingMemory().
// Sanitizers keep books of their own in the memory of a thread.
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

// The system call `number` with up to six integers or pointers. A negative
// result is an errno, negated.
template <typename... Arguments>
intptr_t RawCall(intptr_t number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 6);
  const intptr_t words[6] = {raw_call_internal::ToWord(arguments)...};
  return raw_call_internal::Call(number, words[0], words[1], words[2], words[3],
                                 words[4], words[5]);
}

#if TALLYMAN_CAN_SHARE_MEMORY
// clone3(2) with the struct clone_args `arguments` of `size` bytes, which names
// a stack: the child begins in `run`, which must not return, with `argument`.
// The pid, or a negated errno.
inline intptr_t CloneSharingMemory(const void* arguments, size_t size,
                                   void (*run)(void*), void* argument) {
  constexpr intptr_t kClone3 = 435;
  intptr_t result = kClone3;
  // Not in %rbp, which is set before they are read.
  register void* r8 asm("r8") = argument;
  // Registers are the child's as well, but for those that the call changes. Its
  // stack is aligned to 16 bytes, as a call wants it.
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
