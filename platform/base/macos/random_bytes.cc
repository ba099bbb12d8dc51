#include "platform/base/random_bytes.h"

#include <stdlib.h>

#include "absl/types/span.h"

namespace tallyman::base {

void FillRandom(absl::Span<unsigned char> bytes) {
  arc4random_buf(bytes.data(), bytes.size());
}

}  // namespace tallyman::base
