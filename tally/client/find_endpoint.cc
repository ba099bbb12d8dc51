#include "tally/client/find_endpoint.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "api/json/json_reader.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "server/system/system.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/private_file.h"

namespace tallyman::tally {
namespace {

std::string Variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// `first` unless it is empty.
std::string FirstOf(std::string first, std::string second) {
  return first.empty() ? std::move(second) : std::move(first);
}

absl::Status Annotate(std::string_view what, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(what, ": ", status.message()));
}

absl::StatusOr<Endpoint> FromContext(const std::string& name) {
  absl::StatusOr<ConfigFile> config = ReadConfig(ConfigPath());
  if (!config.ok()) return config.status();
  const auto found = config->contexts.find(name);
  if (found == config->contexts.end()) {
    std::vector<std::string> names;
    names.reserve(config->contexts.size());
    for (const auto& [other, endpoint] : config->contexts) {
      names.push_back(other);
    }
    return absl::NotFoundError(absl::StrCat(
        "no context ", base::Quote(name), " in ", ConfigPath(),
        names.empty()
            ? ", which has none"
            : absl::StrCat("; there are ", absl::StrJoin(names, ", ")),
        "; `tally login` makes one"));
  }
  return found->second;
}

// The URLs and the token that a server wrote into its data directory.
absl::StatusOr<Endpoint> FromDataDir(const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/", kLocalAccessFile);
  const absl::StatusOr<std::string> content = ReadPrivateFile(path);
  if (!content.ok()) return content.status();
  absl::StatusOr<nlohmann::json> json =
      api::ParseJsonObject(*content, "the file");
  if (!json.ok()) return Annotate(path, json.status());
  const auto urls = json->find("urls");
  const auto token = json->find("token");
  if (urls == json->end() || !urls->is_array() || urls->empty() ||
      token == json->end() || !token->is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has no urls or no token"));
  }
  // A Unix socket asks neither for a free port nor for a certificate.
  auto chosen = std::find_if(urls->begin(), urls->end(), [](const auto& url) {
    return url.is_string() &&
           absl::StartsWith(url.template get<std::string>(), "unix:");
  });
  if (chosen == urls->end()) chosen = urls->begin();
  if (!chosen->is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": urls[0] is no text"));
  }
  absl::StatusOr<ServerUrl> url = ParseServerUrl(chosen->get<std::string>());
  if (!url.ok()) return Annotate(path, url.status());
  return Endpoint{.url = *std::move(url),
                  .token = auth::Secret(token->get<std::string>()),
                  .source = path};
}

absl::StatusOr<Endpoint> FromUrl(const std::string& text,
                                 std::string_view source) {
  absl::StatusOr<ServerUrl> url = ParseServerUrl(text);
  if (!url.ok()) return Annotate(source, url.status());
  // What `tally login` has stored for this address.
  const absl::StatusOr<ConfigFile> config = ReadConfig(ConfigPath());
  if (config.ok()) {
    for (const auto& [name, endpoint] : config->contexts) {
      if (endpoint.url.ToString() == url->ToString()) return endpoint;
    }
  }
  return Endpoint{.url = *std::move(url), .source = std::string(source)};
}

absl::StatusOr<Endpoint> FromThisMachine() {
  std::optional<absl::Status> obstacle;
  const std::vector<std::string> dirs = LocalDataDirs();
  for (const std::string& dir : dirs) {
    absl::StatusOr<Endpoint> endpoint = FromDataDir(dir);
    if (endpoint.ok()) return endpoint;
    if (!absl::IsNotFound(endpoint.status()) && !obstacle) {
      obstacle = endpoint.status();
    }
  }
  if (obstacle && !absl::IsPermissionDenied(*obstacle)) return *obstacle;
  return absl::NotFoundError(absl::StrCat(
      obstacle ? "a server of another user runs on this machine; name it and a "
                 "token of yours"
               : "no server of this machine was found; name one",
      " with --url and --token-file, or store them with `tally login` "
      "(looked in ",
      absl::StrJoin(dirs, ", "), ")"));
}

absl::StatusOr<Endpoint> FindServer(const EndpointFlags& flags) {
  if (!flags.context.empty()) return FromContext(flags.context);
  if (!flags.url.empty()) return FromUrl(flags.url, "--url");
  if (!flags.data_dir.empty()) return FromDataDir(flags.data_dir);
  if (const std::string name = Variable("TALLY_CONTEXT"); !name.empty()) {
    return FromContext(name);
  }
  if (const std::string url = Variable("TALLY_URL"); !url.empty()) {
    return FromUrl(url, "TALLY_URL");
  }
  const absl::StatusOr<ConfigFile> config = ReadConfig(ConfigPath());
  if (!config.ok()) return config.status();
  if (!config->current.empty()) return FromContext(config->current);
  return FromThisMachine();
}

}  // namespace

std::vector<std::string> LocalDataDirs() {
  std::vector<std::string> dirs = {server::DefaultDataDir()};
  const std::string package_dir = "/var/lib/tallyman";
  if (dirs.front() != package_dir) dirs.push_back(package_dir);
  return dirs;
}

absl::StatusOr<auth::Secret> ReadToken(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    absl::StatusOr<std::string> content = ReadPrivateFile(path);
    if (!content.ok()) return content.status();
    text = *std::move(content);
  }
  const std::string_view token = absl::StripAsciiWhitespace(text);
  if (token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has no token"));
  }
  return auth::Secret(token);
}

absl::StatusOr<Endpoint> FindEndpoint(const EndpointFlags& flags) {
  absl::StatusOr<Endpoint> endpoint = FindServer(flags);
  if (!endpoint.ok()) return endpoint;
  std::string token_file = flags.token_file;
  if (!flags.token.empty()) {
    endpoint->token = flags.token;
    endpoint->client.reset();
    endpoint->source = "--token";
    token_file.clear();
  } else if (token_file.empty()) {
    if (const std::string token = Variable("TALLY_TOKEN"); !token.empty()) {
      endpoint->token = auth::Secret(token);
      endpoint->client.reset();
      endpoint->source = "TALLY_TOKEN";
    } else {
      token_file = Variable("TALLY_TOKEN_FILE");
    }
  }
  if (!token_file.empty()) {
    absl::StatusOr<auth::Secret> token = ReadToken(token_file);
    if (!token.ok()) return Annotate("the token", token.status());
    endpoint->token = *std::move(token);
    endpoint->client.reset();
    endpoint->source = token_file;
  }
  if (std::string ca = FirstOf(flags.ca_file, Variable("TALLY_CA"));
      !ca.empty()) {
    endpoint->ca_file = std::move(ca);
  }
  return endpoint;
}

}  // namespace tallyman::tally
