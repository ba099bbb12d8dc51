// Random identifiers.

#ifndef TALLYMAN_STACKS_UID_H_
#define TALLYMAN_STACKS_UID_H_

#include <string>

namespace tallyman::stacks {

// 128 random bits of the kernel (getrandom(2)) as 32 lower-case hex digits.
// Thread-safe.
std::string NewUid();

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_UID_H_
