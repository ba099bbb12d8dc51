// Random bytes of the system's kernel.

#ifndef TALLYMAN_PLATFORM_BASE_RANDOM_BYTES_H_
#define TALLYMAN_PLATFORM_BASE_RANDOM_BYTES_H_

#include "absl/types/span.h"

namespace tallyman::base {

// Fills `bytes`, fit for keys and tokens: getrandom(2), on macOS
// arc4random_buf(3), on Windows BCryptGenRandom(). Blocks only early in the
// boot of the machine; dies (CHECK) if the system has none. Thread-safe.
void FillRandom(absl::Span<unsigned char> bytes);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_RANDOM_BYTES_H_
