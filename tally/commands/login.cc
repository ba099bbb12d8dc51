#include "tally/commands/login.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/secret.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/cli/secret_arguments.h"
#include "tally/client/api.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/find_endpoint.h"
#include "tally/client/http.h"
#include "tally/client/token_cache.h"
#include "tally/commands/session.h"
#include "tally/terminal/ask.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8880";

bool IsOfThisMachine(const ServerUrl& url) {
  return url.kind == ServerUrl::Kind::kUnix || url.host == "localhost" ||
         url.host == "::1" || absl::StartsWith(url.host, "127.");
}

absl::Status CheckName(std::string_view name) {
  if (LooksLikeSecret(name)) {
    return absl::InvalidArgumentError(
        "NAME is a name of your choice and no token; give the token with "
        "--token-file, and revoke this one: others may have seen it");
  }
  if (name.empty() || name.size() > 64 || name.front() == '-' ||
      base::FindControl(name) || base::FindInvalidUtf8(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "NAME ", base::Quote(name),
        " is not 1 to 64 bytes of text that does not begin with \"-\""));
  }
  return absl::OkStatus();
}

// --url, that of the context of this name, or what the person says.
absl::StatusOr<ServerUrl> ChooseUrl(const Invocation& arguments,
                                    const ConfigFile& config) {
  if (const auto text = arguments.Value("url")) return ParseServerUrl(*text);
  const auto found = config.contexts.find(arguments.ValueOr("NAME", ""));
  if (found != config.contexts.end()) return found->second.url;
  if (!CanAsk()) {
    return absl::InvalidArgumentError("--url is missing: which server?");
  }
  absl::StatusOr<std::string> said =
      Ask(absl::StrCat("Address of the server [", kDefaultUrl, "]: "));
  if (!said.ok()) return said.status();
  return ParseServerUrl(said->empty() ? kDefaultUrl : *said);
}

// The name of a context without NAME: that of the one with the same address,
// or the host.
std::string ChooseName(const ServerUrl& url, const ConfigFile& config) {
  for (const auto& [name, endpoint] : config.contexts) {
    if (endpoint.url.ToString() == url.ToString()) return name;
  }
  return IsOfThisMachine(url) ? "local" : url.host;
}

// Fills in what proves who asks.
absl::Status ReadCredentials(const Invocation& arguments, Endpoint& endpoint) {
  const auto client_id = arguments.Value("client-id");
  const auto secret_file = arguments.Value("client-secret-file");
  const auto token_file = arguments.Value("token-file");
  const auto token = arguments.Value("token");
  if (client_id.has_value() != secret_file.has_value()) {
    return absl::InvalidArgumentError(
        "--client-id and --client-secret-file belong together");
  }
  const int ways = (client_id ? 1 : 0) + (token_file ? 1 : 0) + (token ? 1 : 0);
  if (ways > 1) {
    return absl::InvalidArgumentError(
        "choose one of --token-file, --token and --client-id");
  }
  if (token) {
    endpoint.token = auth::Secret(*token);
    endpoint.source = "--token";
    return absl::OkStatus();
  }
  if (ways == 0 && !CanAsk()) {
    return absl::InvalidArgumentError(
        "no token: give a file with --token-file, or - for standard input");
  }
  absl::StatusOr<auth::Secret> secret =
      secret_file  ? ReadToken(*secret_file)
      : token_file ? ReadToken(*token_file)
                   : AskSecret(absl::StrCat(
                         "Token for ", endpoint.url.ToString(),
                         " (made by an administrator; it is not shown): "));
  if (!secret.ok()) return secret.status();
  if (secret->empty()) return absl::InvalidArgumentError("no token was given");
  endpoint.source = secret_file  ? *secret_file
                    : token_file ? *token_file
                                 : "the terminal";
  if (client_id) {
    endpoint.client =
        ClientCredentials{.id = *client_id, .secret = *std::move(secret)};
  } else {
    endpoint.token = *std::move(secret);
  }
  return absl::OkStatus();
}

// The scopes that the server grants. No request shows them, so two requests
// that need one each.
absl::StatusOr<std::vector<std::string>> FindScopes(Api& api) {
  if (const absl::StatusOr<Json> tokens =
          api.Get("/tokens", {{"per_page", "1"}});
      tokens.ok()) {
    return std::vector<std::string>{"public", "admin"};
  } else if (!absl::IsPermissionDenied(tokens.status())) {
    return tokens.status();
  }
  const absl::StatusOr<Json> processes =
      api.Get("/server/processes", {{"limit", "1"}, {"fields", "pid"}});
  if (!processes.ok()) return processes.status();
  return std::vector<std::string>{"public"};
}

// The file as other working directories find it.
absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ca: ", base::Quote(path), ": ", error.message()));
  }
  return absolute.string();
}

void Report(const std::string& name, const Endpoint& endpoint,
            const std::vector<std::string>& scopes, Output& out) {
  const std::string path = ConfigPath();
  if (out.is_json()) {
    const Json json = {{"context", name},
                       {"url", endpoint.url.ToString()},
                       {"scopes", scopes},
                       {"config", path}};
    out.Print(json.dump() + "\n");
    return;
  }
  out.Print(absl::StrCat("Logged in to ", Printable(endpoint.url.ToString()),
                         " as context ", base::Quote(name), ", which may ",
                         scopes.size() > 1 ? "read and change" : "read",
                         " (scopes: ", absl::StrJoin(scopes, ", "), ").\n"));
  out.Note(absl::StrCat("It is the current context now. Stored in ",
                        Printable(path), "."));
}

absl::StatusOr<ExitCode> Run(Session& session) {
  const Invocation& arguments = session.arguments();
  Output& out = session.out();
  std::string name = arguments.ValueOr("NAME", "");
  if (arguments.Has("NAME")) {
    if (absl::Status checked = CheckName(name); !checked.ok()) return checked;
  }
  const std::string path = ConfigPath();
  absl::StatusOr<ConfigFile> config = ReadConfig(path);
  if (!config.ok()) return config.status();
  absl::StatusOr<ServerUrl> url = ChooseUrl(arguments, *config);
  if (!url.ok()) return url.status();
  if (name.empty()) name = ChooseName(*url, *config);

  Endpoint endpoint{.url = *std::move(url)};
  if (const auto ca = arguments.Value("ca")) {
    absl::StatusOr<std::string> absolute = AbsolutePath(*ca);
    if (!absolute.ok()) return absolute.status();
    endpoint.ca_file = *std::move(absolute);
  }
  endpoint.token_cache_file = TokenCachePath(path);
  if (endpoint.url.kind == ServerUrl::Kind::kHttp &&
      !IsOfThisMachine(endpoint.url)) {
    out.Warn(absl::StrCat(Printable(endpoint.url.ToString()),
                          " is without TLS: others in the network can read "
                          "the token; https:// is safe"));
  }
  if (absl::Status read = ReadCredentials(arguments, endpoint); !read.ok()) {
    return read;
  }
  Api api(endpoint, Http::Options());
  const absl::StatusOr<std::vector<std::string>> scopes = FindScopes(api);
  if (!scopes.ok()) return scopes.status();

  config->contexts[name] = endpoint;
  config->current = name;
  if (absl::Status written = WriteConfig(path, *config); !written.ok()) {
    return written;
  }
  Report(name, endpoint, *scopes, out);
  return ExitCode::kDone;
}

}  // namespace

CommandSpec LoginCommand() {
  return {
      .path = "login",
      .summary = "Store the address of a server and a token as a context",
      .details =
          "Asks the server what the token may do, and stores both in the "
          "configuration file, which only you can read. Nothing is stored if "
          "the server refuses the token. The context becomes the current one."
          "\n\n"
          "Without --token-file the token is asked for at the terminal. With "
          "--client-id tally fetches tokens by itself (OAuth 2.0, client "
          "credentials), and keeps each one until it ends.",
      .arguments = {{.name = "NAME",
                     .help = "name of the context; the host if none is given",
                     .completes = Completes::kContext,
                     .optional = true}},
      .options = {{.name = "client-id",
                   .value = "ID",
                   .help = "id of an OAuth client, in place of a token"},
                  {.name = "client-secret-file",
                   .value = "FILE",
                   .help = "read the secret of the client from this file; - is "
                           "standard input",
                   .completes = Completes::kFile}},
      .examples = {{.line = "tally login prod --url https://tally.example:8880",
                    .explanation = "asks for the token"},
                   {.line = "tally login ci --url https://tally.example:8880 "
                            "--token-file token.txt",
                    .explanation = "takes the token from a file"},
                   {.line = "tally login ci --url https://tally.example:8880 "
                            "--client-id client-1 --client-secret-file secret",
                    .explanation = "an OAuth client"}},
      .run = &Run};
}

}  // namespace tallyman::tally
