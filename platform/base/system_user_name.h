// Names of users of the system.

#ifndef TALLYMAN_PLATFORM_BASE_SYSTEM_USER_NAME_H_
#define TALLYMAN_PLATFORM_BASE_SYSTEM_USER_NAME_H_

#include <cstdint>
#include <string>

namespace tallyman::base {

// The name of `uid` in the system's user database (getpwuid_r(3)); "" if it has
// none. May ask another machine. Thread-safe.
std::string SystemUserName(uint32_t uid);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_SYSTEM_USER_NAME_H_
