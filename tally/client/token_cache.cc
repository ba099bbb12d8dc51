#include "tally/client/token_cache.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "platform/base/unique_fd.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"

namespace tallyman::tally {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
// For the way of a request to the server, and for clocks that differ.
constexpr absl::Duration kMargin = absl::Seconds(30);

// Held until it is destroyed. Invalid if there can be no lock: the caller then
// goes on without.
base::UniqueFd Lock(const std::string& path) {
  base::UniqueFd fd(open(absl::StrCat(path, ".lock").c_str(),
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.valid()) {
    while (flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  return fd;
}

// The list "tokens", each item of which has all four keys.
Json ReadTokens(const std::string& path) {
  Json tokens = Json::array();
  const absl::StatusOr<std::string> content = ReadPrivateFile(path);
  if (!content.ok()) return tokens;
  const Json file = Json::parse(*content, nullptr, false);
  if (!file.is_object() || file.value("version", Json()) != kVersion ||
      !file.contains("tokens") || !file["tokens"].is_array()) {
    return tokens;
  }
  for (const Json& item : file["tokens"]) {
    if (item.is_object() && item.value("url", Json()).is_string() &&
        item.value("client_id", Json()).is_string() &&
        item.value("token", Json()).is_string() &&
        item.value("expires_at", Json()).is_number_integer()) {
      tokens.push_back(item);
    }
  }
  return tokens;
}

bool IsOf(const Json& item, const Endpoint& endpoint) {
  return item["url"] == endpoint.url.ToString() &&
         item["client_id"] == endpoint.client->id;
}

// Replaces the token of `endpoint` by `token`, null for none, and drops those
// that have ended.
absl::Status Replace(const std::string& path, const Endpoint& endpoint,
                     const FetchedToken* token, absl::Time now) {
  Json kept = Json::array();
  for (const Json& item : ReadTokens(path)) {
    if (!IsOf(item, endpoint) &&
        absl::FromUnixSeconds(item["expires_at"].get<int64_t>()) > now) {
      kept.push_back(item);
    }
  }
  if (token != nullptr) {
    kept.push_back({{"url", endpoint.url.ToString()},
                    {"client_id", endpoint.client->id},
                    {"token", std::string(token->token.Reveal())},
                    {"expires_at", absl::ToUnixSeconds(token->expires_at)}});
  }
  const Json file = {{"version", kVersion}, {"tokens", kept}};
  return WritePrivateFile(path, absl::StrCat(file.dump(2), "\n"));
}

}  // namespace

std::string TokenCachePath(std::string_view config_path) {
  if (config_path.empty()) return "";
  return (std::filesystem::path(config_path).parent_path() / "tokens.json")
      .string();
}

std::optional<auth::Secret> TokenCache::Find(const Endpoint& endpoint,
                                             absl::Time now) const {
  if (path_.empty() || !endpoint.client) return std::nullopt;
  for (const Json& item : ReadTokens(path_)) {
    if (IsOf(item, endpoint) &&
        absl::FromUnixSeconds(item["expires_at"].get<int64_t>()) >=
            now + kMargin) {
      return auth::Secret(item["token"].get_ref<const std::string&>());
    }
  }
  return std::nullopt;
}

absl::StatusOr<auth::Secret> TokenCache::FindOrFetch(
    const Endpoint& endpoint, const auth::Secret& refused, absl::Time now,
    const std::function<absl::StatusOr<FetchedToken>()>& fetch) {
  const auto find = [&]() -> std::optional<auth::Secret> {
    std::optional<auth::Secret> found = Find(endpoint, now);
    if (found && *found == refused) found.reset();
    return found;
  };
  if (const auto found = find()) return *found;
  base::UniqueFd lock;
  if (!path_.empty()) {
    lock = Lock(path_);
    // Another process may have fetched one meanwhile.
    if (const auto found = find()) return *found;
  }
  const absl::StatusOr<FetchedToken> fetched = fetch();
  if (!fetched.ok()) return fetched.status();
  // Without the file the token still serves this run.
  if (!path_.empty()) Replace(path_, endpoint, &*fetched, now).IgnoreError();
  return fetched->token;
}

absl::Status TokenCache::Forget(const Endpoint& endpoint) {
  if (path_.empty() || !endpoint.client) return absl::OkStatus();
  if (ReadTokens(path_).empty()) return absl::OkStatus();
  const base::UniqueFd lock = Lock(path_);
  return Replace(path_, endpoint, nullptr, absl::Now());
}

}  // namespace tallyman::tally
