#include "platform/windows/sid.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "platform/little_endian.h"

namespace tallyman::platform {
namespace {

constexpr size_t kRevision = 0;
constexpr size_t kCount = 1;
constexpr size_t kAuthority = 2;
constexpr size_t kAuthorityBytes = 6;
constexpr size_t kSubAuthorities = 8;
constexpr size_t kMaxSubAuthorities = 15;

}  // namespace

std::optional<std::string> SidText(std::string_view sid) {
  if (sid.size() < kSubAuthorities || sid[kRevision] != 1) return std::nullopt;
  const size_t count = LoadLittleEndian<uint8_t>(sid, kCount);
  if (count > kMaxSubAuthorities ||
      sid.size() != kSubAuthorities + count * sizeof(uint32_t)) {
    return std::nullopt;
  }
  uint64_t authority = 0;
  for (size_t i = 0; i < kAuthorityBytes; ++i) {
    authority =
        (authority << 8) | LoadLittleEndian<uint8_t>(sid, kAuthority + i);
  }
  std::string text = "S-1-";
  if (authority > 0xffffffff) {
    absl::StrAppend(&text, "0x", absl::Hex(authority, absl::kZeroPad12));
  } else {
    absl::StrAppend(&text, authority);
  }
  for (size_t i = 0; i < count; ++i) {
    absl::StrAppend(&text, "-",
                    LoadLittleEndian<uint32_t>(
                        sid, kSubAuthorities + i * sizeof(uint32_t)));
  }
  return text;
}

}  // namespace tallyman::platform
