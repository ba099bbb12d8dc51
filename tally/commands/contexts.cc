#include "tally/commands/contexts.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/token_cache.h"
#include "tally/commands/session.h"
#include "tally/terminal/output.h"
#include "tally/terminal/table.h"

namespace tallyman::tally {
namespace {

std::string CredentialOf(const Endpoint& endpoint) {
  if (endpoint.client) return absl::StrCat("client ", endpoint.client->id);
  return endpoint.token.empty() ? "none" : "token";
}

absl::Status NoSuchContext(const std::string& name, const ConfigFile& config) {
  const std::string names = absl::StrJoin(
      config.contexts, ", ", [](std::string* out, const auto& context) {
        absl::StrAppend(out, context.first);
      });
  return absl::NotFoundError(
      absl::StrCat("no context ", base::Quote(name),
                   names.empty() ? "; `tally login` makes one"
                                 : absl::StrCat("; there are ", names)));
}

absl::StatusOr<ExitCode> List(Session& session) {
  const absl::StatusOr<ConfigFile> config = ReadConfig(ConfigPath());
  if (!config.ok()) return config.status();
  Output& out = session.out();
  if (out.is_json()) {
    Json contexts = Json::array();
    for (const auto& [name, endpoint] : config->contexts) {
      contexts.push_back({{"name", name},
                          {"current", name == config->current},
                          {"url", endpoint.url.ToString()},
                          {"credential", CredentialOf(endpoint)},
                          {"ca", endpoint.ca_file}});
    }
    out.Print(contexts.dump() + "\n");
    return ExitCode::kDone;
  }
  if (config->contexts.empty()) {
    out.Note("There is no context. `tally login` makes one.");
    return ExitCode::kDone;
  }
  Table table({{.title = "CURRENT"},
               {.title = "NAME"},
               {.title = "URL", .shrinks = true},
               {.title = "CREDENTIAL"}});
  for (const auto& [name, endpoint] : config->contexts) {
    const bool is_current = name == config->current;
    table.Add({{.text = is_current ? "*" : ""},
               {.text = name, .style = Style::kBold},
               {.text = endpoint.url.ToString()},
               {.text = CredentialOf(endpoint)}});
  }
  out.Print(table.Render(out));
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Use(Session& session) {
  const std::string path = ConfigPath();
  absl::StatusOr<ConfigFile> config = ReadConfig(path);
  if (!config.ok()) return config.status();
  const std::string name = session.arguments().ValueOr("NAME", "");
  const auto found = config->contexts.find(name);
  if (found == config->contexts.end()) return NoSuchContext(name, *config);
  config->current = name;
  if (absl::Status written = WriteConfig(path, *config); !written.ok()) {
    return written;
  }
  Output& out = session.out();
  if (out.is_json()) {
    const Json json = {{"current", name},
                       {"url", found->second.url.ToString()}};
    out.Print(json.dump() + "\n");
  } else {
    out.Note(absl::StrCat("The current context is ", base::Quote(name), ", ",
                          found->second.url.ToString(), "."));
  }
  return ExitCode::kDone;
}

absl::StatusOr<ExitCode> Logout(Session& session) {
  const std::string path = ConfigPath();
  absl::StatusOr<ConfigFile> config = ReadConfig(path);
  if (!config.ok()) return config.status();
  const std::string name = session.arguments().ValueOr("NAME", config->current);
  if (name.empty()) {
    return absl::InvalidArgumentError(
        "no context is current; name one, `tally contexts` lists them");
  }
  const auto found = config->contexts.find(name);
  if (found == config->contexts.end()) return NoSuchContext(name, *config);
  const Endpoint endpoint = std::move(found->second);
  config->contexts.erase(found);
  if (config->current == name) config->current.clear();
  if (absl::Status written = WriteConfig(path, *config); !written.ok()) {
    return written;
  }
  if (absl::Status forgotten =
          TokenCache(endpoint.token_cache_file).Forget(endpoint);
      !forgotten.ok()) {
    return forgotten;
  }
  Output& out = session.out();
  if (out.is_json()) {
    const Json json = {{"removed", name}, {"current", config->current}};
    out.Print(json.dump() + "\n");
    return ExitCode::kDone;
  }
  out.Note(absl::StrCat(
      "Context ", base::Quote(name),
      " is removed from this machine. The server still accepts its ",
      endpoint.client ? "client" : "token", " until that is revoked there."));
  if (config->current.empty() && !config->contexts.empty()) {
    out.Note("No context is current; `tally contexts use NAME` chooses one.");
  }
  return ExitCode::kDone;
}

}  // namespace

CommandSpec ContextsListCommand() {
  return {
      .path = "contexts list",
      .summary = "List the servers that tally knows",
      .details =
          "The current one, marked with *, is used where neither "
          "--context nor --url names another. Tokens are never "
          "shown.",
      .examples = {{.line = "tally contexts", .explanation = "all contexts"}},
      .alias = "contexts",
      .run = &List};
}

CommandSpec ContextsUseCommand() {
  return {.path = "contexts use",
          .summary = "Make a context the current one",
          .arguments = {{.name = "NAME",
                         .help = "name of the context",
                         .completes = Completes::kContext}},
          .examples = {{.line = "tally contexts use prod",
                        .explanation = "later commands go to prod"}},
          .run = &Use};
}

CommandSpec LogoutCommand() {
  return {.path = "logout",
          .summary = "Remove a context and its token from this machine",
          .arguments = {{.name = "NAME",
                         .help = "name of the context; without it the current "
                                 "one",
                         .completes = Completes::kContext,
                         .optional = true}},
          .examples = {{.line = "tally logout prod",
                        .explanation = "forgets the token of prod"}},
          .run = &Logout};
}

}  // namespace tallyman::tally
