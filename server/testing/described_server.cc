#include "server/testing/described_server.h"

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"
#include "tools/harness/api_description.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"

namespace tallyman::server {
namespace {

using harness::DescribedOperation;
using Json = nlohmann::json;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kStackName = "walked";
constexpr std::string_view kProcfile = "web: echo hello; exec sleep 1000\n";
constexpr int64_t kNoLimit = 1'000'000'000;

std::string Encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    absl::StrAppend(&encoded, "%",
                    absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
  return encoded;
}

}  // namespace

DescribedServer::DescribedServer()
    : server_({absl::StrCat("--data_dir=", directory_.path()),
               "--settle_time=0", "--server_name=here",
               "--webhook_hosts=hooks.example.com",
               absl::StrCat("--max_body_bytes=", kMaxBodyBytes)}) {
  CHECK(server_.WaitUntilListening()) << server_.standard_error();
  admin_ = server_.shown_token();
  admin_ = NewToken("admin", kNoLimit);
  public_ = NewToken("public", kNoLimit);
  client_secret_ = MakeClient()["client_secret"];  // Its client_id is client-1.
  webhook_ = MakeWebhook();
  description_.emplace(Ask("GET", "/openapi.json"));
  stack_ = MakeStack(kStackName);
  server_uid_ = Ask("GET", absl::StrCat("/stacks/", stack_,
                                        "/servers"))["response"][0]["uid"];
  action_ =
      Ask("POST", absl::StrCat("/stacks/", stack_,
                               "/processes?process_name=web&server_count=",
                               server_uid_, ":1"))["response"][0]["id"];
  AwaitAction(stack_, action_);
}

DescribedServer::~DescribedServer() {
  const Json stacks = Ask("GET", "/stacks?per_page=100");
  for (const Json& stack : stacks["response"]) {
    const std::string uid = stack["uid"];
    const harness::ClientResponse answer = Send(
        "DELETE", {.path = absl::StrCat("/stacks/", uid), .token = admin_});
    if (answer.status == 404) continue;  // Its removal was under way.
    CHECK_LT(answer.status, 300) << answer.body;
    AwaitAction(uid, Json::parse(answer.body)["response"][0]["id"]);
  }
  server_.Signal(SIGTERM);
  CHECK_EQ(server_.Wait(), 0) << server_.standard_error();
}

std::string DescribedServer::NewToken(std::string_view scope,
                                      int64_t hourly_limit) const {
  return Ask("POST", "/tokens",
             Json({{"name", "walker"},
                   {"scopes", Json::array({scope})},
                   {"hourly_limit", hourly_limit}})
                 .dump())["response"][0]["token"];
}

DescribedCall DescribedServer::CallOf(const DescribedOperation& operation) {
  DescribedCall call = {.path = PathOf(operation, operation.path)};
  if (operation.NeedsToken()) {
    call.token = operation.Scope() == "admin" ? admin_ : public_;
  }
  if (operation.path == "/session" && operation.NeedsToken()) {
    SignIn(call.token, call);
    call.token = "";
  }
  if (operation.json.contains("requestBody")) {
    const Json& contents = operation.json["requestBody"]["content"];
    call.content_type =
        contents.contains(kJson) ? kJson : contents.begin().key();
    call.body = BodyOf(operation, call.content_type);
  }
  return call;
}

std::string DescribedServer::PathOf(const DescribedOperation& operation,
                                    const std::string& path) {
  const bool removes = operation.method == "DELETE";
  if (path.find("/oauth/clients/{id}") != std::string::npos) {
    const int64_t id = removes ? MakeClient()["id"].get<int64_t>() : 1;
    return absl::StrReplaceAll(path, {{"{id}", absl::StrCat(id)}});
  }
  if (path.find("/sessions/{id}") != std::string::npos) {
    DescribedCall unused;
    return absl::StrReplaceAll(
        path, {{"{id}", absl::StrCat(SignIn(public_, unused))}});
  }
  if (path.find("/webhooks/{id}") != std::string::npos) {
    const int64_t id = removes ? MakeWebhook() : webhook_;
    return absl::StrReplaceAll(path, {{"{id}", absl::StrCat(id)}});
  }
  if (path.find("/tokens/{id}") != std::string::npos) {
    int64_t id = 1;
    if (removes) {
      NewToken("public", 1);
      // Ids count from 1, and no token is ever forgotten here.
      id = Ask("GET", "/tokens?per_page=1")["pagination"]["count"];
    }
    return absl::StrReplaceAll(path, {{"{id}", absl::StrCat(id)}});
  }
  if (path == "/assets/{name}") {
    // The document names its files; the first one is as good as any.
    const std::string page = Send("GET", {.path = "/"}).body;
    const size_t begin = page.find("/assets/");
    CHECK_NE(begin, std::string::npos) << page;
    return page.substr(begin, page.find('"', begin) - begin);
  }
  if (removes && path.find("{uid}") != std::string::npos) {
    const std::string stack = MakeStack(absl::StrCat("gone-", made_++));
    return absl::StrReplaceAll(path, {{"{uid}", stack}});
  }
  return absl::StrReplaceAll(path, {{"{uid}", stack_},
                                    {"{server_uid}", server_uid_},
                                    {"{name}", "web"},
                                    {"{pid}", absl::StrCat(getpid())},
                                    {"{id}", absl::StrCat(action_)}});
}

std::string DescribedServer::BodyOf(const DescribedOperation& operation,
                                    const std::string& type) {
  Json example = operation.json["requestBody"]["content"][type]["example"];
  if (example.contains("procfile")) {
    example["procfile"] = kProcfile;
    example["name"] = operation.method == "PUT"
                          ? std::string(kStackName)
                          : absl::StrCat("made-", made_++);
  }
  if (operation.path == "/session") example["token"] = public_;
  if (type == kJson) return Adapt(example);
  std::vector<std::string> fields;
  for (const auto& [name, value] : example.items()) {
    fields.push_back(absl::StrCat(name, "=", Encode(Adapt(value))));
  }
  return absl::StrJoin(fields, "&");
}

std::string DescribedServer::QueryValue(const Json& parameter) const {
  const Json& example = parameter["example"];
  return Adapt(example.is_array() ? example[0] : example);
}

harness::ClientResponse DescribedServer::Send(std::string_view method,
                                              const DescribedCall& call) const {
  std::string target = call.path;
  for (const auto& [name, value] : call.query) {
    absl::StrAppend(&target, target.find('?') == std::string::npos ? "?" : "&",
                    Encode(name), "=", Encode(value));
  }
  std::vector<std::string> headers;
  if (!call.token.empty()) {
    headers.push_back(absl::StrCat("Authorization: Bearer ", call.token));
  }
  if (!call.key.empty()) {
    headers.push_back(absl::StrCat("Cookie: ", call.cookie));
    headers.push_back(absl::StrCat("X-Tallyman-Session: ", call.key));
    headers.emplace_back("Sec-Fetch-Site: same-origin");
  }
  if (!call.content_type.empty()) {
    headers.push_back(absl::StrCat("Content-Type: ", call.content_type));
  }
  return harness::HttpClient(port()).Request(method, target, headers,
                                             call.body);
}

Json DescribedServer::Ask(std::string_view method, std::string_view target,
                          std::optional<std::string> body) const {
  const harness::ClientResponse answer =
      Send(method, {.path = std::string(target),
                    .body = std::move(body),
                    .content_type = std::string(kJson),
                    .token = admin_});
  CHECK_LT(answer.status, 300) << method << " " << target << answer.body;
  return Json::parse(answer.body);
}

Json DescribedServer::MakeClient() const {
  return Ask("POST", "/oauth/clients",
             Json({{"name", "walker"},
                   {"scopes", Json::array({"public"})},
                   {"hourly_limit", kNoLimit}})
                 .dump())["response"][0];
}

int64_t DescribedServer::SignIn(std::string_view token,
                                DescribedCall& call) const {
  const harness::ClientResponse answer =
      Send("POST", {.path = "/session",
                    .body = Json({{"token", token}}).dump(),
                    .content_type = std::string(kJson)});
  CHECK_EQ(answer.status, 201) << answer.body;
  const std::string cookie = answer.Header("Set-Cookie");
  call.cookie = cookie.substr(0, cookie.find(';'));
  const Json session = Json::parse(answer.body)["session"];
  call.key = session["key"];
  return session["id"];
}

int64_t DescribedServer::MakeWebhook() const {
  return Ask("POST", "/webhooks",
             Json({{"name", "walker"},
                   {"url", "https://hooks.example.com/"},
                   {"events", Json::array({"keeper_lost"})}})
                 .dump())["response"][0]["id"];
}

std::string DescribedServer::MakeStack(std::string_view name) const {
  return Ask("POST", "/stacks",
             Json({{"name", name},
                   {"environment", "production"},
                   {"procfile", kProcfile}})
                 .dump())["response"][0]["uid"];
}

void DescribedServer::AwaitAction(const std::string& stack, int64_t id) const {
  const std::string path = absl::StrCat("/stacks/", stack, "/actions/", id);
  while (Ask("GET", path)["response"][0]["finished_at"].is_null()) {
  }
}

std::string DescribedServer::Adapt(const Json& example) const {
  const std::string text =
      example.is_string() ? example.get<std::string>() : example.dump();
  return absl::StrReplaceAll(
      text, {{"5999b763474b0eafa5fafb64bff0ba80", stack_},
             {"e63e859d5ab72b0bcf14321f0ffb013d", server_uid_},
             {"tlc_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2E",
              client_secret_}});
}

}  // namespace tallyman::server
