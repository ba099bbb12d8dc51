// The signature of a delivery.

#ifndef TALLYMAN_STACKS_WEBHOOKS_SIGNATURE_H_
#define TALLYMAN_STACKS_WEBHOOKS_SIGNATURE_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "auth/secret.h"

namespace tallyman::stacks {

inline constexpr std::string_view kSignatureHeader = "Tallyman-Signature";

// The value of kSignatureHeader: "t=1479000000,v1=HEX". HEX is the HMAC-SHA-256
// of "1479000000." and the body in lower case; the key is the text of the
// secret. t are Unix seconds.
std::string WebhookSignature(const auth::Secret& secret, absl::Time now,
                             std::string_view body);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_SIGNATURE_H_
