#include "server/local_access.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "auth/authenticator.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "nlohmann/json.hpp"
#include "server/system/private_file.h"

namespace tallyman::server {
namespace {

constexpr int64_t kVersion = 1;

// Of "unix:PATH" and "https://unix:PATH"; no host of a URL is followed by it.
constexpr std::string_view kUnixMark = "unix:";

struct Access {
  int64_t token_id = 0;
  auth::Secret value;
};

// The token in the file, if it is valid and one for local access. Nobody needs
// a file that cannot be read or parsed: a new one replaces it.
std::optional<Access> ReadAccess(const std::string& path,
                                 const auth::Authenticator& authenticator) {
  const absl::StatusOr<std::string> text = ReadPrivateFile(path);
  if (!text.ok()) return std::nullopt;
  const absl::StatusOr<nlohmann::json> file =
      api::ParseJsonObject(*text, "the file");
  if (!file.ok()) return std::nullopt;
  const auto token = file->find("token");
  if (token == file->end() || !token->is_string()) return std::nullopt;
  auth::Secret value(token->get_ref<const std::string&>());
  const absl::StatusOr<auth::Principal> principal =
      authenticator.Authenticate(value);
  if (!principal.ok() || !IsLocalAccessToken(principal->token())) {
    return std::nullopt;
  }
  return Access{.token_id = principal->token().id, .value = std::move(value)};
}

absl::StatusOr<Access> MakeAccess(auth::TokenStore& tokens) {
  absl::StatusOr<auth::NewToken> made =
      tokens.Create({.name = std::string(kLocalAccessName),
                     .scopes = auth::Scope::kAdmin,
                     .hourly_limit = auth::kMaxRequestLimit});
  if (!made.ok()) return made.status();
  return Access{.token_id = made->token.id, .value = std::move(made->value)};
}

// Relative paths of Unix sockets are those of the server's working directory.
std::string WithAbsolutePath(const std::string& url) {
  const size_t path = url.find(kUnixMark);
  if (path == std::string::npos) return url;
  const size_t begin = path + kUnixMark.size();
  std::error_code error;
  const std::filesystem::path absolute =
      std::filesystem::absolute(url.substr(begin), error);
  if (error) return url;
  return absl::StrCat(url.substr(0, begin), absolute.string());
}

std::string FileOf(const std::vector<std::string>& urls,
                   std::string_view token) {
  std::string text;
  api::JsonWriter json(text);
  json.BeginObject();
  json.Key("version");
  json.Int(kVersion);
  json.Key("urls");
  json.BeginArray();
  for (const std::string& url : urls) json.String(WithAbsolutePath(url));
  json.EndArray();
  json.Key("token");
  json.String(token);
  json.Key("pid");
  json.Int(getpid());
  json.EndObject();
  text.push_back('\n');
  return text;
}

// Revokes the tokens for local access, except `kept`.
absl::Status RevokeOthers(auth::TokenStore& tokens, int64_t kept) {
  const absl::StatusOr<std::vector<auth::Token>> all = tokens.List();
  if (!all.ok()) return all.status();
  for (const auth::Token& token : *all) {
    if (token.id == kept || token.revoked_at || !IsLocalAccessToken(token)) {
      continue;
    }
    if (absl::Status revoked = tokens.Revoke(token.id).status();
        !revoked.ok()) {
      return revoked;
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsLocalAccessToken(const auth::Token& token) {
  return token.name == kLocalAccessName &&
         token.scopes == auth::ScopeSet(auth::Scope::kAdmin) &&
         token.hourly_limit == auth::kMaxRequestLimit &&
         token.daily_limit == 0 && !token.expires_at && !token.client_id;
}

absl::Status WriteLocalAccess(const std::string& path,
                              const std::vector<std::string>& urls,
                              auth::TokenStore& tokens,
                              const auth::Authenticator& authenticator) {
  std::optional<Access> access = ReadAccess(path, authenticator);
  const bool is_kept = access.has_value();
  if (!is_kept) {
    absl::StatusOr<Access> made = MakeAccess(tokens);
    if (!made.ok()) return made.status();
    access = *std::move(made);
  }
  const absl::Status written =
      ReplacePrivateFile(path, FileOf(urls, access->value.Reveal()));
  if (!written.ok()) {
    if (!is_kept) tokens.Revoke(access->token_id).IgnoreError();
    return written;
  }
  return RevokeOthers(tokens, access->token_id);
}

absl::Status RemoveLocalAccess(const std::string& path,
                               auth::TokenStore& tokens) {
  // First the token: without its file it could not be found any more.
  if (absl::Status revoked = RevokeOthers(tokens, /*kept=*/0); !revoked.ok()) {
    return revoked;
  }
  return RemovePrivateFile(path);
}

}  // namespace tallyman::server
