#include "tools/chaos/api_client.h"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "httplib.h"
#include "nlohmann/json.hpp"

namespace tallyman::chaos {
namespace {

using Json = nlohmann::json;

constexpr char kMount[] = "/api/3";
constexpr char kJsonType[] = "application/json";
constexpr int kPerPage = 100;
constexpr int64_t kManyRequests = 1'000'000'000;

// Members may be null, or not there.
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

bool IsNull(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null();
}

// Of an object whose members are numbers.
int64_t Sum(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return 0;
  int64_t sum = 0;
  for (const auto& [name, number] : found->items()) {
    if (number.is_number_integer()) sum += number.get<int64_t>();
  }
  return sum;
}

absl::StatusOr<Json> Parse(const std::string& what,
                           const httplib::Result& result) {
  if (!result) {
    return absl::UnavailableError(
        absl::StrCat(what, ": ", httplib::to_string(result.error())));
  }
  Json json = Json::parse(result->body, nullptr, /*allow_exceptions=*/false);
  if (result->status / 100 != 2 || !json.is_object() ||
      !json.contains("response")) {
    return absl::InternalError(
        absl::StrCat(what, ": status ", result->status, ": ", result->body));
  }
  return json;
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

}  // namespace

struct ApiClient::Connection {
  Connection(int port, std::string token)
      : client("127.0.0.1", port), bearer("Bearer " + std::move(token)) {
    constexpr time_t kTimeoutSeconds = 20;
    client.set_connection_timeout(kTimeoutSeconds);
    client.set_read_timeout(kTimeoutSeconds);
    client.set_write_timeout(kTimeoutSeconds);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
  }

  httplib::Headers Headers(const std::string& idempotency_key = "") const {
    httplib::Headers headers = {{"Authorization", bearer}};
    if (!idempotency_key.empty()) {
      headers.emplace("Idempotency-Key", idempotency_key);
    }
    return headers;
  }

  httplib::Client client;
  std::string bearer;
};

ApiClient::ApiClient(int port, std::string token)
    : connection_(std::make_unique<Connection>(port, std::move(token))) {}

ApiClient::~ApiClient() = default;

absl::StatusOr<Json> ApiClient::Get(const std::string& path) {
  return Parse("GET " + path,
               connection_->client.Get(kMount + path, connection_->Headers()));
}

absl::StatusOr<Json> ApiClient::Post(const std::string& path,
                                     const Json& body) {
  return Parse("POST " + path,
               connection_->client.Post(kMount + path, connection_->Headers(),
                                        body.dump(), kJsonType));
}

absl::StatusOr<std::string> ApiClient::MakeToken() {
  const absl::StatusOr<Json> answer =
      Post("/tokens", {{"name", "chaos"},
                       {"scopes", Json::array({"admin"})},
                       {"hourly_limit", kManyRequests}});
  if (!answer.ok()) return answer.status();
  std::string token = Text((*answer)["response"], "token");
  if (token.empty()) return absl::InternalError("POST /tokens: no token");
  return token;
}

absl::StatusOr<std::string> ApiClient::MakeStack(
    const std::vector<ProcessSpec>& specs) {
  Json processes = Json::array();
  for (const ProcessSpec& spec : specs) {
    processes.push_back({{"name", spec.name},
                         {"command", spec.command},
                         {"stop_sequence", spec.stop_sequence}});
  }
  const absl::StatusOr<Json> answer =
      Post("/stacks", {{"name", "chaos"},
                       {"environment", "test"},
                       {"processes", std::move(processes)}});
  if (!answer.ok()) return answer.status();
  std::string uid = Text((*answer)["response"], "uid");
  if (uid.empty()) return absl::InternalError("POST /stacks: no uid");
  return uid;
}

absl::StatusOr<std::string> ApiClient::ServerUid(std::string_view stack_uid) {
  const absl::StatusOr<Json> answer =
      Get(absl::StrCat("/stacks/", stack_uid, "/servers"));
  if (!answer.ok()) return answer.status();
  const Json& servers = (*answer)["response"];
  if (!servers.is_array() || servers.size() != 1) {
    return absl::InternalError(
        absl::StrCat("expected one server, got ", answer->dump()));
  }
  return Text(servers[0], "uid");
}

absl::StatusOr<std::vector<ApiProcess>> ApiClient::Processes(
    std::string_view stack_uid) {
  const absl::StatusOr<Json> answer = Get(
      absl::StrCat("/stacks/", stack_uid, "/processes?per_page=", kPerPage));
  if (!answer.ok()) return answer.status();
  std::vector<ApiProcess> processes;
  processes.reserve((*answer)["response"].size());
  for (const Json& process : (*answer)["response"]) {
    processes.push_back(ProcessFrom(process));
  }
  return processes;
}

absl::StatusOr<std::vector<Json>> ApiClient::Newer(const std::string& path,
                                                   int64_t after) {
  // What comes in between two pages shifts the second: some are seen twice,
  // none is missed.
  std::map<int64_t, Json> found;
  for (int page = 1;; ++page) {
    absl::StatusOr<Json> answer =
        Get(absl::StrCat(path, "?per_page=", kPerPage, "&page=", page));
    if (!answer.ok()) return answer.status();
    Json& items = (*answer)["response"];
    bool reached = items.empty();
    for (Json& item : items) {
      const int64_t id = Int(item, "id");
      if (id <= after) {
        reached = true;
      } else {
        found.try_emplace(id, std::move(item));
      }
    }
    const Json& pagination = (*answer)["pagination"];
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
      Newer(absl::StrCat("/stacks/", stack_uid, "/actions"), after);
  if (!items.ok()) return items.status();
  std::vector<ApiAction> actions;
  actions.reserve(items->size());
  for (const Json& item : *items) {
    actions.push_back({.id = Int(item, "id"),
                       .kind = Text(item, "action"),
                       .has_ended = !IsNull(item, "finished_at"),
                       .success = !IsNull(item, "finished_success") &&
                                  item["finished_success"] == true,
                       .message = Text(item, "finished_message")});
  }
  return actions;
}

absl::StatusOr<std::vector<ApiEvent>> ApiClient::Events(
    std::string_view stack_uid, int64_t after) {
  const absl::StatusOr<std::vector<Json>> items =
      Newer(absl::StrCat("/stacks/", stack_uid, "/events"), after);
  if (!items.ok()) return items.status();
  std::vector<ApiEvent> events;
  events.reserve(items->size());
  for (const Json& item : *items) {
    events.push_back({.id = Int(item, "id"),
                      .kind = Text(item, "event"),
                      .process = Text(item, "process"),
                      .instance = Int(item, "instance"),
                      .pid = static_cast<pid_t>(Int(item, "pid")),
                      .cause = Text(item, "cause"),
                      .action_id = Int(item, "action_id")});
  }
  return events;
}

Reply ApiClient::Change(std::string_view method, const std::string& path,
                        const Json& body, const std::string& idempotency_key) {
  const httplib::Headers headers = connection_->Headers(idempotency_key);
  const httplib::Result result =
      method == "DELETE" ? connection_->client.Delete(kMount + path, headers)
                         : connection_->client.Post(kMount + path, headers,
                                                    body.dump(), kJsonType);
  if (!result) {
    return {.kind = result.error() == httplib::Error::Connection
                        ? Reply::Kind::kNotSent
                        : Reply::Kind::kUnknown,
            .what = httplib::to_string(result.error())};
  }
  if (result->status / 100 == 5) {
    return {.kind = Reply::Kind::kUnknown, .what = result->body};
  }
  const absl::StatusOr<Json> answer =
      Parse(absl::StrCat(method, " ", path), result);
  if (!answer.ok()) {
    return {.kind = Reply::Kind::kRefused,
            .what = std::string(answer.status().message())};
  }
  return {.kind = Reply::Kind::kTaken,
          .action_id = Int((*answer)["response"], "id")};
}

Reply ApiClient::Scale(std::string_view stack_uid, std::string_view server_uid,
                       std::string_view process, int64_t count,
                       const std::string& idempotency_key) {
  return Change("POST", absl::StrCat("/stacks/", stack_uid, "/processes"),
                {{"process_name", process},
                 {"server_count", {{std::string(server_uid), count}}}},
                idempotency_key);
}

Reply ApiClient::Run(std::string_view stack_uid, std::string_view command,
                     std::string_view process) {
  return Change("POST", absl::StrCat("/stacks/", stack_uid, "/actions"),
                {{"command", command}, {"process_name", process}},
                /*idempotency_key=*/"");
}

Reply ApiClient::DeleteStack(std::string_view stack_uid) {
  return Change("DELETE", absl::StrCat("/stacks/", stack_uid), {},
                /*idempotency_key=*/"");
}

}  // namespace tallyman::chaos
