#include "tally/client/config_file.h"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/json/json_reader.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"
#include "tally/client/token_cache.h"

namespace tallyman::tally {
namespace {

constexpr int kVersion = 1;

std::string Variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<Endpoint> ReadContext(const std::string& name,
                                     const nlohmann::json& json) {
  const std::string place = absl::StrCat("contexts.", name);
  if (!json.is_object()) return api::WrongType(place, "an object", json);
  std::string url;
  std::string token;
  std::string client_id;
  std::string client_secret;
  Endpoint endpoint;
  for (const auto& [key, value] : json.items()) {
    std::string* const out = key == "url"             ? &url
                             : key == "token"         ? &token
                             : key == "client_id"     ? &client_id
                             : key == "client_secret" ? &client_secret
                             : key == "ca"            ? &endpoint.ca_file
                                                      : nullptr;
    if (out == nullptr) {
      return api::UnknownKey(absl::StrCat(place, "."), key,
                             "url, token, client_id, client_secret, ca");
    }
    if (absl::Status read =
            api::ReadString(absl::StrCat(place, ".", key), value, *out);
        !read.ok()) {
      return read;
    }
  }
  absl::StatusOr<ServerUrl> parsed = ParseServerUrl(url);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ".url: ", parsed.status().message()));
  }
  endpoint.url = *std::move(parsed);
  endpoint.token = auth::Secret(token);
  if (client_id.empty() != client_secret.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": client_id and client_secret belong together"));
  }
  if (!client_id.empty()) {
    endpoint.client = ClientCredentials{.id = client_id,
                                        .secret = auth::Secret(client_secret)};
  }
  endpoint.source = absl::StrCat("context ", base::Quote(name));
  return endpoint;
}

absl::StatusOr<ConfigFile> Parse(std::string_view content) {
  absl::StatusOr<nlohmann::json> json =
      api::ParseJsonObject(content, "the file");
  if (!json.ok()) return json.status();
  ConfigFile config;
  for (const auto& [key, value] : json->items()) {
    absl::Status read;
    if (key == "version") {
      if (value != nlohmann::json(kVersion)) {
        read = absl::InvalidArgumentError(
            "version: a newer tally has written it; use that one");
      }
    } else if (key == "current") {
      read = api::ReadString(key, value, config.current);
    } else if (key == "contexts" && value.is_object()) {
      for (const auto& [name, context] : value.items()) {
        absl::StatusOr<Endpoint> endpoint = ReadContext(name, context);
        if (!endpoint.ok()) return endpoint.status();
        config.contexts[name] = *std::move(endpoint);
      }
    } else if (key == "contexts") {
      read = api::WrongType(key, "an object", value);
    } else {
      read = api::UnknownKey("", key, "version, current, contexts");
    }
    if (!read.ok()) return read;
  }
  return config;
}

}  // namespace

std::string ConfigPath() {
  if (std::string path = Variable("TALLY_CONFIG"); !path.empty()) return path;
  if (const std::string base = Variable("XDG_CONFIG_HOME"); !base.empty()) {
    return absl::StrCat(base, "/tally/config.json");
  }
  if (const std::string home = Variable("HOME"); !home.empty()) {
    return absl::StrCat(home, "/.config/tally/config.json");
  }
  return "";
}

absl::StatusOr<ConfigFile> ReadConfig(const std::string& path) {
  if (path.empty()) return ConfigFile();
  const absl::StatusOr<std::string> content = ReadPrivateFile(path);
  if (absl::IsNotFound(content.status())) return ConfigFile();
  if (!content.ok()) return content.status();
  absl::StatusOr<ConfigFile> config = Parse(*content);
  if (!config.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", config.status().message()));
  }
  for (auto& [name, endpoint] : config->contexts) {
    endpoint.token_cache_file = TokenCachePath(path);
  }
  return config;
}

absl::Status WriteConfig(const std::string& path, const ConfigFile& config) {
  if (path.empty()) {
    return absl::FailedPreconditionError(
        "no home directory for the configuration file; set TALLY_CONFIG");
  }
  nlohmann::ordered_json json = {
      {"version", kVersion},
      {"current", config.current},
      {"contexts", nlohmann::ordered_json::object()}};
  for (const auto& [name, endpoint] : config.contexts) {
    nlohmann::ordered_json& context = json["contexts"][name];
    context["url"] = endpoint.url.ToString();
    if (!endpoint.token.empty()) {
      context["token"] = std::string(endpoint.token.Reveal());
    }
    if (endpoint.client) {
      context["client_id"] = endpoint.client->id;
      context["client_secret"] = std::string(endpoint.client->secret.Reveal());
    }
    if (!endpoint.ca_file.empty()) context["ca"] = endpoint.ca_file;
  }
  return WritePrivateFile(path, absl::StrCat(json.dump(2), "\n"));
}

}  // namespace tallyman::tally
