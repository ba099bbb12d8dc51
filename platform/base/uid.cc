#include "platform/base/uid.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/escaping.h"

namespace tallyman::base {

std::string NewUid() {
  std::array<char, 16> bytes;
  ssize_t got = 0;
  do {
    got = getrandom(bytes.data(), bytes.size(), 0);
  } while (got < 0 && errno == EINTR);
  // getrandom(2) returns all bytes of a request for at most 256.
  CHECK_EQ(got, static_cast<ssize_t>(bytes.size()));
  return absl::BytesToHexString(std::string_view(bytes.data(), bytes.size()));
}

}  // namespace tallyman::base
