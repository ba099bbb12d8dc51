// Random identifiers.

#ifndef TALLYMAN_PLATFORM_BASE_UID_H_
#define TALLYMAN_PLATFORM_BASE_UID_H_

#include <string>

namespace tallyman::base {

// 128 random bits (random_bytes.h) as 32 lower-case hex digits. Thread-safe.
std::string NewUid();

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_UID_H_
