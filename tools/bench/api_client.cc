#include "tools/bench/api_client.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/bench/http_socket.h"

namespace tallyman::bench {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kProcess = "sleeper";
constexpr int64_t kLargestLimit = 1'000'000'000;

// The "response" of an answer, or its first item if it is a list.
absl::StatusOr<Json> ParseItem(const absl::StatusOr<std::string>& body) {
  if (!body.ok()) return body.status();
  Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("response")) {
    Json& response = json["response"];
    if (response.is_array() && !response.empty()) response = response.front();
    if (response.is_object()) return std::move(response);
  }
  return absl::InternalError(
      absl::StrCat("an answer without a resource: ", *body));
}

absl::StatusOr<std::string> StringOf(const absl::StatusOr<Json>& item,
                                     const char* key) {
  if (!item.ok()) return item.status();
  const auto found = item->find(key);
  if (found != item->end() && found->is_string()) {
    return found->get<std::string>();
  }
  return absl::InternalError(absl::StrCat("an answer without ", key));
}

}  // namespace

absl::StatusOr<ApiClient> ApiClient::Connect(int port, std::string token) {
  absl::StatusOr<HttpSocket> connection = HttpSocket::Connect(port);
  if (!connection.ok()) return connection.status();
  return ApiClient(*std::move(connection), std::move(token));
}

absl::StatusOr<std::string> ApiClient::Get(std::string_view target) {
  return Request("GET", target, std::nullopt);
}

absl::StatusOr<std::string> ApiClient::Post(std::string_view target,
                                            std::string_view json) {
  return Request("POST", target, json);
}

absl::Status ApiClient::ReceiveMore() {
  std::array<char, 16384> bytes;
  const absl::StatusOr<size_t> got =
      socket_.Receive(bytes.data(), bytes.size());
  if (!got.ok()) return got.status();
  received_.append(bytes.data(), *got);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ApiClient::Request(
    std::string_view method, std::string_view target,
    std::optional<std::string_view> json) {
  const auto annotate = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(method, " ", target, ": ",
                                                    status.message()));
  };
  std::string text =
      absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                   "Authorization: Bearer ", token_, "\r\n");
  if (json) {
    absl::StrAppend(&text, "Content-Type: application/json\r\n",
                    "Content-Length: ", json->size(), "\r\n");
  }
  absl::StrAppend(&text, "\r\n", json.value_or(""));
  if (absl::Status sent = socket_.Send(text); !sent.ok()) return annotate(sent);

  size_t head_size = 0;
  while ((head_size = received_.find(kHeadEnd)) == std::string::npos) {
    if (absl::Status got = ReceiveMore(); !got.ok()) return annotate(got);
  }
  const absl::StatusOr<HttpHead> head =
      ParseHttpHead(std::string_view{received_}.substr(0, head_size));
  if (!head.ok()) return annotate(head.status());
  received_.erase(0, head_size + kHeadEnd.size());
  while (received_.size() < head->body_size) {
    if (absl::Status got = ReceiveMore(); !got.ok()) return annotate(got);
  }
  std::string body = received_.substr(0, head->body_size);
  received_.erase(0, head->body_size);
  if (head->status / 100 == 2) return body;
  return annotate(
      absl::UnknownError(absl::StrCat("status ", head->status, ": ", body)));
}

absl::StatusOr<std::string> ApiClient::MakeToken() {
  const Json token = {{"name", "bench"},
                      {"scopes", Json::array({"admin"})},
                      {"hourly_limit", kLargestLimit}};
  return StringOf(ParseItem(Post("/tokens", token.dump())), "token");
}

absl::StatusOr<std::string> ApiClient::CreateStack(std::string_view command) {
  const Json process = {{"name", kProcess}, {"command", command}};
  const Json stack = {{"name", "bench"}, {"processes", Json::array({process})}};
  return CreateStackOf(stack.dump());
}

absl::StatusOr<std::string> ApiClient::CreateStackOf(std::string_view json) {
  return StringOf(ParseItem(Post("/stacks", json)), "uid");
}

absl::StatusOr<std::string> ApiClient::ServerUid(std::string_view stack_uid) {
  return StringOf(
      ParseItem(Get(absl::StrCat("/stacks/", stack_uid, "/servers"))), "uid");
}

absl::StatusOr<int64_t> ApiClient::Scale(std::string_view stack_uid,
                                         std::string_view server_uid,
                                         int64_t count) {
  Json counts = Json::object();
  counts[std::string(server_uid)] = count;
  const Json scale = {{"process_name", kProcess}, {"server_count", counts}};
  const absl::StatusOr<Json> action = ParseItem(
      Post(absl::StrCat("/stacks/", stack_uid, "/processes"), scale.dump()));
  if (!action.ok()) return action.status();
  const auto id = action->find("id");
  if (id != action->end() && id->is_number_integer()) return id->get<int64_t>();
  return absl::InternalError("an action without an id");
}

absl::StatusOr<bool> ApiClient::HasFinished(std::string_view stack_uid,
                                            int64_t action_id) {
  const absl::StatusOr<Json> action = ParseItem(
      Get(absl::StrCat("/stacks/", stack_uid, "/actions/", action_id)));
  if (!action.ok()) return action.status();
  const auto success = action->find("finished_success");
  if (success == action->end()) {
    return absl::InternalError("an action without finished_success");
  }
  if (success->is_null()) return false;
  if (*success == true) return true;
  return absl::AbortedError(
      absl::StrCat("the action ", action_id,
                   " has ended without success: ", action->dump()));
}

}  // namespace tallyman::bench
