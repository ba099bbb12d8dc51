#include "platform/base/uid.h"

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "platform/base/random_bytes.h"

namespace tallyman::base {

std::string NewUid() {
  std::array<unsigned char, 16> bytes;
  FillRandom(absl::MakeSpan(bytes));
  return absl::BytesToHexString(std::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace tallyman::base
