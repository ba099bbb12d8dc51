#include "tally/completion/values.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/process_query.h"
#include "auth/secret.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/client/config_file.h"
#include "tally/client/endpoint.h"
#include "tally/client/find_endpoint.h"
#include "tally/client/http.h"
#include "tally/client/token_cache.h"
#include "tally/commands/stack_lookup.h"
#include "tally/completion/candidates.h"

namespace tallyman::tally {
namespace {

using Candidates = std::vector<Candidate>;

// The value of an option before the cursor; "" for none.
std::string OptionValue(const CursorWord& word, std::string_view name) {
  std::string value;
  for (const GivenOption& given : word.before.options) {
    if (given.spec->name == name) value = given.value.value_or("");
  }
  return value;
}

absl::StatusOr<Endpoint> FindServer(const CursorWord& word) {
  EndpointFlags flags{.context = OptionValue(word, "context"),
                      .url = OptionValue(word, "url"),
                      .token_file = OptionValue(word, "token-file"),
                      .token = auth::Secret(OptionValue(word, "token")),
                      .ca_file = OptionValue(word, "ca"),
                      .data_dir = OptionValue(word, "data-dir")};
  // The line at the prompt is no input yet.
  if (flags.token_file == "-") flags.token_file.clear();
  absl::StatusOr<Endpoint> endpoint = FindEndpoint(flags);
  if (!endpoint.ok() || !endpoint->client) return endpoint;
  std::optional<auth::Secret> token =
      TokenCache(endpoint->token_cache_file).Find(*endpoint, absl::Now());
  if (token) endpoint->token = *std::move(token);
  // A press of the tab key fetches no token.
  endpoint->client.reset();
  return endpoint;
}

Candidates Stacks(Api& api) {
  Candidates out;
  const absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(api);
  if (!stacks.ok()) return out;
  for (const StackRef& stack : *stacks) {
    out.push_back({stack.label, stack.environment});
  }
  return out;
}

absl::StatusOr<StackRef> ChosenStack(Api& api, std::string text) {
  if (text.empty()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    if (const char* const value = std::getenv("TALLY_STACK")) text = value;
  }
  return FindStack(api, text);
}

// The sum of the counts of all servers; "servers" or "desired".
int64_t Total(const Json& process, const char* key) {
  int64_t total = 0;
  const auto counts = process.find(key);
  if (counts == process.end() || !counts->is_object()) return 0;
  for (const auto& [server, count] : counts->items()) {
    if (count.is_number_integer()) total += count.get<int64_t>();
  }
  return total;
}

Candidates Processes(Api& api, const StackRef& stack, bool counts,
                     std::string_view typed) {
  Candidates out;
  const absl::StatusOr<std::vector<Json>> processes =
      api.List(StackPath(stack, "/processes"));
  if (!processes.ok()) return out;
  for (const Json& process : *processes) {
    const auto name = process.find("name");
    if (name == process.end() || !name->is_string()) continue;
    const int64_t desired = Total(process, "desired");
    std::string text = name->get<std::string>();
    if (counts) {
      text += '=';
      // Behind "web=": the present count, as a start.
      if (absl::StartsWith(typed, text)) absl::StrAppend(&text, desired);
    }
    out.push_back({std::move(text), absl::StrCat(Total(process, "servers"),
                                                 " of ", desired, " running")});
  }
  return out;
}

Candidates Servers(Api& api, const StackRef& stack) {
  Candidates out;
  const absl::StatusOr<std::vector<Json>> servers =
      api.List(StackPath(stack, "/servers"));
  if (!servers.ok()) return out;
  for (const Json& server : *servers) {
    const auto name = server.find("name");
    if (name != server.end() && name->is_string()) {
      out.push_back({name->get<std::string>()});
    }
  }
  return out;
}

// Asks the server, which may take long.
Candidates AskServer(const Endpoint& endpoint, Completes kind,
                     std::string_view typed, std::string stack_text) {
  Api api(endpoint, Http::Options());
  if (kind == Completes::kStack) return Stacks(api);
  const absl::StatusOr<StackRef> stack =
      ChosenStack(api, std::move(stack_text));
  if (!stack.ok()) return {};
  if (kind == Completes::kServer) return Servers(api, *stack);
  return Processes(api, *stack, kind == Completes::kProcessCount, typed);
}

// What the thread that asks and the one that waits share.
struct Reply {
  absl::Mutex mutex;
  bool is_there ABSL_GUARDED_BY(mutex) = false;
  Candidates candidates ABSL_GUARDED_BY(mutex);
};

Candidates AskServerWithin(absl::Duration patience, const CursorWord& word) {
  const absl::StatusOr<Endpoint> endpoint = FindServer(word);
  if (!endpoint.ok()) return {};
  const auto reply = std::make_shared<Reply>();
  std::thread([reply, endpoint = *endpoint, wanted = word.wanted,
               stack = OptionValue(word, "stack")] {
    Candidates candidates =
        AskServer(endpoint, wanted.kind, wanted.typed, stack);
    const absl::MutexLock lock(&reply->mutex);
    reply->candidates = std::move(candidates);
    reply->is_there = true;
  }).detach();
  const absl::MutexLock lock(&reply->mutex);
  reply->mutex.AwaitWithTimeout(absl::Condition(&reply->is_there), patience);
  return reply->candidates;
}

Candidates Contexts() {
  Candidates out;
  const absl::StatusOr<ConfigFile> config = ReadConfig(ConfigPath());
  if (!config.ok()) return out;
  for (const auto& [name, endpoint] : config->contexts) {
    out.push_back({name, endpoint.url.ToString()});
  }
  return out;
}

Candidates Fields(std::string_view prefix) {
  Candidates out;
  for (const api::ProcessKey& key : api::ProcessKeys()) {
    out.push_back({absl::StrCat(prefix, key.name)});
  }
  return out;
}

Candidates ValuesOf(const CursorWord& word, absl::Duration patience) {
  switch (word.wanted.kind) {
    case Completes::kStack:
    case Completes::kProcess:
    case Completes::kProcessCount:
    case Completes::kServer:
      return AskServerWithin(patience, word);
    case Completes::kContext:
      return Contexts();
    case Completes::kField:
      return Fields("");
    case Completes::kSortKey:
      return Fields(absl::StartsWith(word.wanted.typed, "-") ? "-" : "");
    case Completes::kNothing:
    case Completes::kFile:
    case Completes::kCommand:
    case Completes::kChoice:
      return {};
  }
  return {};
}

}  // namespace

std::vector<Candidate> FindValues(const CursorWord& word,
                                  absl::Duration patience) {
  Candidates values = ValuesOf(word, patience);
  for (Candidate& value : values) {
    value.text = absl::StrCat(word.wanted.prefix, value.text);
  }
  return values;
}

}  // namespace tallyman::tally
