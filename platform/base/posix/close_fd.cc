#include <unistd.h>

#include "platform/base/unique_fd.h"

namespace tallyman::base {

void CloseFd(int fd) { close(fd); }

}  // namespace tallyman::base
