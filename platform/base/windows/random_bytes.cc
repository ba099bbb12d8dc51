#include "platform/base/random_bytes.h"

#include <windows.h>
// After windows.h, whose types it uses.
#include <bcrypt.h>

#include "absl/log/check.h"
#include "absl/types/span.h"

namespace tallyman::base {

void FillRandom(absl::Span<unsigned char> bytes) {
  CHECK_EQ(
      BCryptGenRandom(nullptr, bytes.data(), static_cast<ULONG>(bytes.size()),
                      BCRYPT_USE_SYSTEM_PREFERRED_RNG),
      0);
}

}  // namespace tallyman::base
