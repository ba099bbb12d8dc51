#include "platform/base/random_bytes.h"

#include <sys/random.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>

#include "absl/log/check.h"
#include "absl/types/span.h"

namespace tallyman::base {

void FillRandom(absl::Span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    CHECK(got > 0 || errno == EINTR) << "getrandom, errno " << errno;
    if (got > 0) bytes.remove_prefix(static_cast<size_t>(got));
  }
}

}  // namespace tallyman::base
