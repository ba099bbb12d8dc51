// The body of a request to /oauth/token or /oauth/revoke, and the credentials
// of the client in it (RFC 6749, sections 2.3.1 and 3.2).
//
//   absl::StatusOr<OAuthForm> form = OAuthForm::Parse(request.body);
//   absl::StatusOr<std::optional<ClientCredentials>> client =
//       ReadClientCredentials(request.Header("Authorization"), *form);

#ifndef TALLYMAN_API_OAUTH_OAUTH_FORM_H_
#define TALLYMAN_API_OAUTH_OAUTH_FORM_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "api/http/params.h"
#include "auth/secret.h"

namespace tallyman::api {

// Parameters of these requests.
inline constexpr std::string_view kGrantType = "grant_type";
inline constexpr std::string_view kScopeName = "scope";
inline constexpr std::string_view kClientId = "client_id";
inline constexpr std::string_view kClientSecret = "client_secret";
inline constexpr std::string_view kTokenName = "token";
inline constexpr std::string_view kTokenTypeHint = "token_type_hint";

// A plain value.
class OAuthForm {
 public:
  // Reads an application/x-www-form-urlencoded `body`. InvalidArgument if a
  // parameter occurs twice; unknown ones are allowed. Its message names a
  // parameter above, and otherwise has no part of `body`.
  static absl::StatusOr<OAuthForm> Parse(std::string_view body);

  // The value of the parameter; nullopt if it is absent or empty: a parameter
  // without a value counts as omitted.
  std::optional<std::string_view> Get(std::string_view name) const;

 private:
  Params params_;
};

// Who a client says it is.
struct ClientCredentials {
  std::string id;
  auth::Secret secret;
};

// The credentials in the header Authorization of scheme Basic
// (client_secret_basic), or in client_id and client_secret of the form
// (client_secret_post). In the header, id and secret are encoded as in a form.
//
// nullopt if there are none. InvalidArgument if they come in both ways, or an
// id in the form contradicts the header. Unauthenticated if the header has
// another scheme or is malformed, or the form has only one of the two. Messages
// have no part of the request.
absl::StatusOr<std::optional<ClientCredentials>> ReadClientCredentials(
    std::string_view authorization, const OAuthForm& form);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OAUTH_OAUTH_FORM_H_
