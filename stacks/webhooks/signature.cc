#include "stacks/webhooks/signature.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "platform/base/digest.h"

namespace tallyman::stacks {

std::string WebhookSignature(const auth::Secret& secret, absl::Time now,
                             std::string_view body) {
  const int64_t seconds = absl::ToUnixSeconds(now);
  const base::Sha256Digest digest =
      base::HmacSha256(secret.Reveal(), absl::StrCat(seconds, ".", body));
  return absl::StrCat(
      "t=", seconds, ",v1=",
      absl::BytesToHexString(std::string_view(
          reinterpret_cast<const char*>(digest.data()), digest.size())));
}

}  // namespace tallyman::stacks
