#include <winsock2.h>

#include "platform/base/unique_fd.h"

namespace tallyman::base {

void CloseFd(int fd) { closesocket(static_cast<SOCKET>(fd)); }

}  // namespace tallyman::base
