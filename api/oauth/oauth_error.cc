#include "api/oauth/oauth_error.h"

#include <string>
#include <string_view>

#include "api/description/schema.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"

namespace tallyman::api {
namespace {

constexpr Field kFields[] = {
    {"error", OneOf(EnumNames<OAuthErrorName, OAuthError::kInvalidRequest,
                              OAuthError::kInvalidScope>,
                    String("The kind of the error.", "invalid_request"))},
    {"error_description",
     String("What is wrong.", "the parameter grant_type is missing")},
};

// NQSCHAR of RFC 6749, appendix A.
bool IsAllowed(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

}  // namespace

constexpr Schema kOAuthErrorSchema =
    Object("OAuthError", "An error of RFC 6749, section 5.2.", kFields);

std::string_view OAuthErrorName(OAuthError error) {
  switch (error) {
    case OAuthError::kInvalidRequest:
      return "invalid_request";
    case OAuthError::kInvalidClient:
      return "invalid_client";
    case OAuthError::kUnauthorizedClient:
      return "unauthorized_client";
    case OAuthError::kUnsupportedGrantType:
      return "unsupported_grant_type";
    case OAuthError::kInvalidScope:
      return "invalid_scope";
  }
  return "";
}

Response RenderOAuthError(OAuthError error, std::string_view description) {
  Response response;
  response.status = error == OAuthError::kInvalidClient ? 401 : 400;
  if (response.status == 401) {
    response.AddHeader("WWW-Authenticate", std::string(kOAuthChallenge));
  }
  std::string text(description);
  for (char& c : text) {
    if (!IsAllowed(c)) c = '?';
  }
  JsonWriter json(response.body);
  json.BeginObject();
  json.Key("error");
  json.String(OAuthErrorName(error));
  json.Key("error_description");
  json.String(text);
  json.EndObject();
  return response;
}

}  // namespace tallyman::api
