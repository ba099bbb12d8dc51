#include "api/oauth/oauth_form.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/http/params.h"
#include "auth/secret.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kNames[] = {kGrantType, kScopeName,
                                       kClientId,  kClientSecret,
                                       kTokenName, kTokenTypeHint};
constexpr std::string_view kBasic = "Basic ";

// Decodes a name or value of a form. A '&' stands for itself here.
std::string DecodeForm(std::string_view text) {
  std::string spaced(text);
  absl::c_replace(spaced, '+', ' ');
  return DecodePercent(spaced);
}

absl::StatusOr<ClientCredentials> ReadBasic(std::string_view encoded) {
  std::string decoded;
  if (!absl::Base64Unescape(encoded, &decoded)) {
    return absl::UnauthenticatedError(
        "the credentials in the header Authorization are not base64");
  }
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) {
    return absl::UnauthenticatedError(
        "the credentials in the header Authorization have no colon");
  }
  const std::string_view text = decoded;
  return ClientCredentials{
      .id = DecodeForm(text.substr(0, colon)),
      .secret = auth::Secret(DecodeForm(text.substr(colon + 1)))};
}

}  // namespace

absl::StatusOr<OAuthForm> OAuthForm::Parse(std::string_view body) {
  OAuthForm form;
  form.params_ = Params::Parse(body);
  absl::flat_hash_set<std::string_view> seen;
  for (const auto& [name, value] : form.params_.all()) {
    if (seen.insert(name).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(absl::c_linear_search(kNames, name) ? name : "a parameter",
                     " occurs more than once"));
  }
  return form;
}

std::optional<std::string_view> OAuthForm::Get(std::string_view name) const {
  const std::optional<std::string_view> value = params_.Get(name);
  if (!value || value->empty()) return std::nullopt;
  return value;
}

absl::StatusOr<std::optional<ClientCredentials>> ReadClientCredentials(
    std::string_view authorization, const OAuthForm& form) {
  const std::optional<std::string_view> id = form.Get(kClientId);
  const std::optional<std::string_view> secret = form.Get(kClientSecret);
  if (authorization.empty()) {
    if (!id && !secret) return std::nullopt;
    if (!id || !secret) {
      return absl::UnauthenticatedError(
          "the form has only one of client_id and client_secret");
    }
    return ClientCredentials{.id = std::string(*id),
                             .secret = auth::Secret(*secret)};
  }
  if (!absl::StartsWithIgnoreCase(authorization, kBasic)) {
    return absl::UnauthenticatedError(
        "the header Authorization does not have the scheme Basic");
  }
  if (secret) {
    return absl::InvalidArgumentError(
        "the client authenticates in two ways: in the header Authorization and "
        "by client_secret");
  }
  absl::StatusOr<ClientCredentials> basic =
      ReadBasic(authorization.substr(kBasic.size()));
  if (!basic.ok()) return basic.status();
  if (id && *id != basic->id) {
    return absl::InvalidArgumentError(
        "client_id is not the client of the header Authorization");
  }
  return *std::move(basic);
}

}  // namespace tallyman::api
