#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/http/params.h"
#include "api/oauth/oauth_answers.h"
#include "api/oauth/oauth_error.h"
#include "api/oauth/oauth_form.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

std::string Encode(std::string_view bytes) {
  std::string encoded;
  for (const char byte : bytes) {
    absl::StrAppend(
        &encoded, "%",
        absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
  }
  return encoded;
}

// Clients get the message as it is.
void CheckError(const absl::Status& status) {
  fuzz::CheckMessage(status.message());
  CHECK(status.code() == absl::StatusCode::kInvalidArgument ||
        status.code() == absl::StatusCode::kUnauthenticated)
      << status;
  const Response response =
      RenderOAuthError(OAuthError::kInvalidRequest, status.message());
  CHECK(nlohmann::json::parse(response.body)["error_description"] ==
        status.message());
}

void TestForm(std::string_view authorization, std::string_view body) {
  const absl::StatusOr<OAuthForm> form = OAuthForm::Parse(body);
  if (!form.ok()) {
    CheckError(form.status());
    return;
  }
  const Params params = Params::Parse(body);
  for (const auto& [name, value] : params.all()) {
    CHECK_EQ(form->Get(name).value_or(""), value);  // Each occurs once.
  }
  if (const auto scope = form->Get(kScopeName)) {
    const absl::StatusOr<auth::ScopeSet> scopes = ParseScopeParameter(*scope);
    if (scopes.ok()) {
      CHECK(!scopes->empty());
    } else {
      CheckError(scopes.status());
    }
  }

  const absl::StatusOr<std::optional<ClientCredentials>> client =
      ReadClientCredentials(authorization, *form);
  if (!client.ok()) {
    CheckError(client.status());
    return;
  }
  if (!client->has_value()) {
    CHECK(authorization.empty());
    return;
  }
  // Both ways to send them give the same result.
  const std::string id = Encode((*client)->id);
  const std::string secret = Encode((*client)->secret.Reveal());
  const auto by_header = ReadClientCredentials(
      absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(id, ":", secret))),
      OAuthForm());
  CHECK_OK(by_header);
  CHECK_EQ((*by_header)->id, (*client)->id);
  CHECK((*by_header)->secret == (*client)->secret);
  if (id.empty() || secret.empty()) return;
  const auto by_form = ReadClientCredentials(
      "", *OAuthForm::Parse(
              absl::StrCat("client_id=", id, "&client_secret=", secret)));
  CHECK_OK(by_form);
  CHECK_EQ((*by_form)->id, (*client)->id);
  CHECK((*by_form)->secret == (*client)->secret);
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const std::string_view authorization = input.TakeLine();
  tallyman::api::TestForm(authorization, input.rest());
  return 0;
}
