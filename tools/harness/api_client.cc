#include "tools/harness/api_client.h"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/harness/http_connection.h"

namespace tallyman::harness {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMount = "/api/3";
constexpr int kPerPage = 100;
constexpr int64_t kUnreachableLimit = 1'000'000'000;

// Members may be null or missing: then 0 or "".
int64_t Int(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer()
             ? found->get<int64_t>()
             : 0;
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

bool IsTrue(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && *found == true;
}

bool IsNull(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null();
}

// The sum of the members of an object.
int64_t Sum(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return 0;
  int64_t sum = 0;
  for (const auto& [name, number] : found->items()) {
    if (number.is_number_integer()) sum += number.get<int64_t>();
  }
  return sum;
}

// A member of the response that can't be empty.
absl::StatusOr<std::string> TextOf(const absl::StatusOr<Json>& envelope,
                                   const char* key) {
  if (!envelope.ok()) return envelope.status();
  std::string text = Text((*envelope)["response"], key);
  if (text.empty()) {
    return absl::InternalError(absl::StrCat("an answer without ", key));
  }
  return text;
}

ApiProcess ProcessFrom(const Json& json) {
  ApiProcess process = {.name = Text(json, "name"),
                        .running = Sum(json, "servers"),
                        .desired = Sum(json, "desired")};
  const auto instances = json.find("instances");
  if (instances == json.end() || !instances->is_array()) return process;
  process.instances.reserve(instances->size());
  for (const Json& instance : *instances) {
    process.instances.push_back(
        {.number = Int(instance, "instance"),
         .state = Text(instance, "state"),
         .pid = static_cast<pid_t>(Int(instance, "pid"))});
  }
  return process;
}

ApiAction ActionFrom(const Json& json) {
  return {.id = Int(json, "id"),
          .kind = Text(json, "action"),
          .has_ended = !IsNull(json, "finished_at"),
          .success = IsTrue(json, "finished_success"),
          .message = Text(json, "finished_message")};
}

ApiEvent EventFrom(const Json& json) {
  return {.id = Int(json, "id"),
          .kind = Text(json, "event"),
          .process = Text(json, "process"),
          .instance = Int(json, "instance"),
          .pid = static_cast<pid_t>(Int(json, "pid")),
          .cause = Text(json, "cause"),
          .action_id = Int(json, "action_id")};
}

}  // namespace

absl::StatusOr<std::string> ApiClient::Send(
    std::string_view method, std::string_view target,
    std::vector<std::string> headers, std::optional<std::string_view> body) {
  const std::string request = absl::StrCat(method, " ", target, ": ");
  if (connection_ && !connection_->IsReusable()) connection_.reset();
  if (!connection_) {
    absl::StatusOr<HttpConnection> connection =
        HttpConnection::Connect(port_, timeout_);
    if (!connection.ok()) {
      return absl::UnavailableError(
          absl::StrCat(request, connection.status().message()));
    }
    connection_ = *std::move(connection);
  }
  headers.push_back(absl::StrCat("Authorization: Bearer ", token_));
  const absl::StatusOr<ClientResponse> response =
      connection_->Request(method, target, headers, body);
  if (!response.ok()) {
    connection_.reset();
    return absl::UnknownError(
        absl::StrCat(request, response.status().message()));
  }
  if (response->status / 100 == 2) return response->body;
  const std::string what =
      absl::StrCat(request, "status ", response->status, ": ", response->body);
  return response->status / 100 == 4 ? absl::FailedPreconditionError(what)
                                     : absl::UnknownError(what);
}

absl::StatusOr<std::string> ApiClient::Get(std::string_view target) {
  return Send("GET", target, {}, std::nullopt);
}

absl::StatusOr<Json> ApiClient::Request(std::string_view method,
                                        std::string_view path, const Json& body,
                                        std::vector<std::string> headers) {
  const std::string target = absl::StrCat(kMount, path);
  std::optional<std::string> text;
  if (!body.is_null()) {
    text = body.dump();
    headers.emplace_back("Content-Type: application/json");
  }
  const absl::StatusOr<std::string> answer =
      Send(method, target, std::move(headers), text);
  if (!answer.ok()) return answer.status();
  Json json = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("response")) {
    return absl::InternalError(absl::StrCat(
        method, " ", target, ": an answer without \"response\": ", *answer));
  }
  return json;
}

absl::StatusOr<int64_t> ApiClient::Change(std::string_view method,
                                          std::string_view path,
                                          const Json& body,
                                          std::vector<std::string> headers) {
  const absl::StatusOr<Json> envelope =
      Request(method, path, body, std::move(headers));
  if (!envelope.ok()) return envelope.status();
  const int64_t id = Int((*envelope)["response"], "id");
  if (id == 0) {
    return absl::InternalError(
        absl::StrCat(method, " ", path, ": an answer without an action"));
  }
  return id;
}

absl::StatusOr<std::string> ApiClient::MakeToken() {
  return TextOf(Request("POST", "/tokens",
                        {{"name", "harness"},
                         {"scopes", Json::array({"admin"})},
                         {"hourly_limit", kUnreachableLimit}}),
                "token");
}

absl::StatusOr<std::string> ApiClient::MakeStack(
    std::string_view name, const std::vector<ProcessSpec>& specs) {
  Json processes = Json::array();
  for (const ProcessSpec& spec : specs) {
    Json process = {{"name", spec.name}, {"command", spec.command}};
    if (!spec.stop_sequence.empty()) {
      process["stop_sequence"] = spec.stop_sequence;
    }
    processes.push_back(std::move(process));
  }
  return TextOf(Request("POST", "/stacks",
                        {{"name", name},
                         {"environment", "test"},
                         {"processes", std::move(processes)}}),
                "uid");
}

absl::StatusOr<std::string> ApiClient::ServerUid(std::string_view stack_uid) {
  const absl::StatusOr<Json> envelope =
      Request("GET", absl::StrCat("/stacks/", stack_uid, "/servers"), {});
  if (!envelope.ok()) return envelope.status();
  const Json& servers = (*envelope)["response"];
  if (!servers.is_array() || servers.size() != 1) {
    return absl::InternalError(
        absl::StrCat("expected one server, got ", envelope->dump()));
  }
  return Text(servers[0], "uid");
}

absl::StatusOr<std::vector<ApiProcess>> ApiClient::Processes(
    std::string_view stack_uid) {
  const absl::StatusOr<Json> envelope = Request(
      "GET",
      absl::StrCat("/stacks/", stack_uid, "/processes?per_page=", kPerPage),
      {});
  if (!envelope.ok()) return envelope.status();
  std::vector<ApiProcess> processes;
  processes.reserve((*envelope)["response"].size());
  for (const Json& process : (*envelope)["response"]) {
    processes.push_back(ProcessFrom(process));
  }
  return processes;
}

absl::StatusOr<std::vector<Json>> ApiClient::ReadNewer(std::string_view path,
                                                       int64_t after) {
  // An item that is added between two requests shifts the second page: some
  // items come twice, none is missed.
  std::map<int64_t, Json> found;
  for (int page = 1;; ++page) {
    absl::StatusOr<Json> envelope = Request(
        "GET", absl::StrCat(path, "?per_page=", kPerPage, "&page=", page), {});
    if (!envelope.ok()) return envelope.status();
    Json& items = (*envelope)["response"];
    bool reached = items.empty();
    for (Json& item : items) {
      const int64_t id = Int(item, "id");
      if (id <= after) {
        reached = true;
      } else {
        found.try_emplace(id, std::move(item));
      }
    }
    const Json& pagination = (*envelope)["pagination"];
    if (reached || !pagination.is_object() || IsNull(pagination, "next")) break;
  }
  std::vector<Json> items;
  items.reserve(found.size());
  for (auto& [id, item] : found) items.push_back(std::move(item));
  return items;
}

absl::StatusOr<std::vector<ApiAction>> ApiClient::Actions(
    std::string_view stack_uid, int64_t after) {
  const absl::StatusOr<std::vector<Json>> items =
      ReadNewer(absl::StrCat("/stacks/", stack_uid, "/actions"), after);
  if (!items.ok()) return items.status();
  std::vector<ApiAction> actions;
  actions.reserve(items->size());
  for (const Json& item : *items) actions.push_back(ActionFrom(item));
  return actions;
}

absl::StatusOr<std::vector<ApiEvent>> ApiClient::Events(
    std::string_view stack_uid, int64_t after) {
  const absl::StatusOr<std::vector<Json>> items =
      ReadNewer(absl::StrCat("/stacks/", stack_uid, "/events"), after);
  if (!items.ok()) return items.status();
  std::vector<ApiEvent> events;
  events.reserve(items->size());
  for (const Json& item : *items) events.push_back(EventFrom(item));
  return events;
}

absl::StatusOr<bool> ApiClient::HasSucceeded(std::string_view stack_uid,
                                             int64_t action_id) {
  const absl::StatusOr<Json> envelope = Request(
      "GET", absl::StrCat("/stacks/", stack_uid, "/actions/", action_id), {});
  if (!envelope.ok()) return envelope.status();
  const ApiAction action = ActionFrom((*envelope)["response"]);
  if (action.has_ended && !action.success) {
    return absl::AbortedError(
        absl::StrCat("the action ", action_id,
                     " has ended without success: ", action.message));
  }
  return action.has_ended;
}

absl::StatusOr<int64_t> ApiClient::Scale(std::string_view stack_uid,
                                         std::string_view server_uid,
                                         std::string_view process,
                                         int64_t count,
                                         std::string_view idempotency_key) {
  std::vector<std::string> headers;
  if (!idempotency_key.empty()) {
    headers.push_back(absl::StrCat("Idempotency-Key: ", idempotency_key));
  }
  return Change("POST", absl::StrCat("/stacks/", stack_uid, "/processes"),
                {{"process_name", process},
                 {"server_count", {{std::string(server_uid), count}}}},
                std::move(headers));
}

absl::StatusOr<int64_t> ApiClient::Run(std::string_view stack_uid,
                                       std::string_view command,
                                       std::string_view process) {
  return Change("POST", absl::StrCat("/stacks/", stack_uid, "/actions"),
                {{"command", command}, {"process_name", process}});
}

absl::StatusOr<int64_t> ApiClient::DeleteStack(std::string_view stack_uid) {
  return Change("DELETE", absl::StrCat("/stacks/", stack_uid), {});
}

}  // namespace tallyman::harness
