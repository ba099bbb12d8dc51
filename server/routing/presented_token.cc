#include "server/routing/presented_token.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/http.h"
#include "auth/secret.h"
#include "server/routing/router.h"

namespace tallyman::server {

auth::Secret PresentedToken(const api::Request& request, ApiFamily family) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.Header("Authorization");
  if (absl::StartsWithIgnoreCase(header, kScheme)) {
    return auth::Secret(
        absl::StripAsciiWhitespace(header.substr(kScheme.size())));
  }
  if (family == ApiFamily::kHost) {
    if (const auto token = api::Read(request.params, api::kTokenParameter)) {
      return auth::Secret(*token);
    }
  }
  return auth::Secret();
}

}  // namespace tallyman::server
