// Writes text to a descriptor of the C library, such as standard error.

#ifndef TALLYMAN_PLATFORM_BASE_WRITE_ALL_H_
#define TALLYMAN_PLATFORM_BASE_WRITE_ALL_H_

#include <string_view>

namespace tallyman::base {

// Writes all bytes as they are. Waits up to a second for the reader of a
// descriptor with O_NONBLOCK; false if it does not read, and after an error.
bool WriteAll(int fd, std::string_view bytes);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WRITE_ALL_H_
