// End to end: a server that is killed delivers the events of real processes to
// a receiver on a loopback address.

#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "server/webhooks/testing/receiver.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class WebhooksServerTest : public testing::Test {
 protected:
  WebhooksServerTest() {
    Start({"--webhook_hosts=http://127.0.0.1"});
    token_ = server_->shown_token();
    CHECK(!token_.empty());
  }
  ~WebhooksServerTest() override {
    const Json stacks = Ask("GET", "/stacks");
    for (const Json& stack : stacks["response"]) {
      Ask("DELETE", absl::StrCat("/stacks/", stack["uid"].get<std::string>()));
    }
    while (!Ask("GET", "/stacks")["response"].empty()) {
    }
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  void Start(std::vector<std::string> flags) {
    flags.insert(flags.end(),
                 {absl::StrCat("--data_dir=", directory_.path()),
                  "--settle_time=0", "--webhook_retry_delay=10ms",
                  "--restart_delay=1ms", "--max_restart_delay=10ms"});
    server_.emplace(flags);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }

  harness::ClientResponse Send(std::string_view method, std::string_view target,
                               std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    return harness::HttpClient(server_->port())
        .Request(method, target, headers, body);
  }
  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    const harness::ClientResponse response =
        Send(method, target, std::move(body));
    EXPECT_LT(response.status, 300) << response.body;
    return Json::parse(response.body);
  }
  Json MakeWebhook(const std::string& url,
                   const std::vector<std::string>& events) {
    return Ask("POST", "/webhooks",
               Json{{"name", "pager"}, {"url", url}, {"events", events}}
                   .dump())["response"][0];
  }
  // A stack whose process ends again and again.
  void MakeCrashLoop(std::string_view name) {
    const std::string uid =
        Ask("POST", "/stacks",
            Json{{"name", name}, {"procfile", "web: exit 3\n"}}
                .dump())["response"][0]["uid"];
    const std::string server = Ask(
        "GET", absl::StrCat("/stacks/", uid, "/servers"))["response"][0]["uid"];
    Ask("POST", absl::StrCat(
                    "/stacks/", uid,
                    "/processes?process_name=web&server_count=", server, ":1"));
  }
  // Waits until the log has an event of this kind; the newest.
  Json AwaitEvent(std::string_view kind) {
    while (true) {
      const Json page =
          Ask("GET", absl::StrCat("/events?per_page=1&kind=", kind));
      if (!page["response"].empty()) return page["response"][0];
    }
  }

  const platform::TempDirectory directory_;
  std::optional<harness::ServerProcess> server_;
  std::string token_;
};

TEST_F(WebhooksServerTest, DeliversSignedEventsAndRetries) {
  Receiver receiver;
  const Json made =
      MakeWebhook(receiver.url("/hook?to=ops"), {"crash_looping"});
  const std::string secret = made["secret"];
  EXPECT_THAT(secret, testing::StartsWith("whs_"));
  receiver.AnswerNext(500);
  MakeCrashLoop("app");
  const ReceivedDelivery first = receiver.Await();
  const ReceivedDelivery second = receiver.Await();
  EXPECT_EQ(first.status, 500);
  EXPECT_EQ(second.status, 204);
  EXPECT_EQ(first.target, "/hook?to=ops");
  EXPECT_EQ(first.body, second.body);
  for (const ReceivedDelivery& delivery : {first, second}) {
    EXPECT_TRUE(IsSignedBy(secret, delivery.signature, delivery.body));
    EXPECT_FALSE(IsSignedBy(secret, delivery.signature, delivery.body + " "));
    EXPECT_FALSE(IsSignedBy("x", delivery.signature, delivery.body));
  }
  const Json body = Json::parse(first.body);
  EXPECT_EQ(body["webhook_id"], made["id"]);
  ASSERT_EQ(body["events"].size(), 1u);
  EXPECT_EQ(body["events"][0]["type"], "crash_looping");
  EXPECT_EQ(body["events"][0]["event"], AwaitEvent("crash_looping"));
  EXPECT_THAT(AwaitEvent("webhook_failed")["cause"].get<std::string>(),
              HasSubstr("attempt 1: answered 500"));
  const Json delivered = AwaitEvent("webhook_delivered");
  EXPECT_THAT(delivered["cause"].get<std::string>(),
              HasSubstr("\"pager\": 1 event, attempt 2: answered 204"));
  EXPECT_GE(Ask("GET", "/webhooks/1")["response"][0]["position"],
            body["events"][0]["event"]["id"]);
  EXPECT_THAT(Send("GET", "/metrics").body,
              HasSubstr("tallyman_webhook_deliveries_total{result="
                        "\"delivered\"} 1\n"));
}

TEST_F(WebhooksServerTest, AServerThatIsKilledDeliversAgain) {
  Receiver receiver;
  const Json made = MakeWebhook(receiver.url("/"), {"crash_looping"});
  receiver.Hold();
  MakeCrashLoop("app");
  const ReceivedDelivery first = receiver.Await();
  server_->Kill();
  receiver.Release();
  Start({"--webhook_hosts=http://127.0.0.1"});
  const ReceivedDelivery second = receiver.Await();
  const Json event = Json::parse(first.body)["events"][0];
  EXPECT_EQ(Json::parse(second.body)["events"][0], event);
  EXPECT_TRUE(IsSignedBy(made["secret"].get<std::string>(), second.signature,
                         second.body));
  AwaitEvent("webhook_delivered");
}

TEST_F(WebhooksServerTest, AReceiverThatWasDownGetsWhatItMissed) {
  int port = 0;
  {
    const Receiver receiver;
    port = receiver.port();
    MakeWebhook(receiver.url("/"), {"crash_looping"});
  }
  MakeCrashLoop("app");
  EXPECT_THAT(AwaitEvent("webhook_failed")["cause"].get<std::string>(),
              HasSubstr("no answer"));
  Receiver receiver("", "", port);
  EXPECT_EQ(Json::parse(receiver.Await().body)["events"][0]["type"],
            "crash_looping");
}

TEST_F(WebhooksServerTest, ADeletedWebhookIsGone) {
  Receiver receiver;
  MakeWebhook(receiver.url("/"), {"crash_looping"});
  Receiver other;
  MakeWebhook(other.url("/"), {"crash_looping"});
  Ask("DELETE", "/webhooks/1");
  EXPECT_EQ(Send("GET", "/webhooks/1").status, 404);
  EXPECT_EQ(Send("DELETE", "/webhooks/1").status, 404);
  const Json list = Ask("GET", "/webhooks");
  EXPECT_EQ(list["count"], 1);
  EXPECT_THAT(list.dump(), Not(HasSubstr("secret")));
  MakeCrashLoop("app");
  other.Await();
  AwaitEvent("webhook_delivered");
  EXPECT_EQ(receiver.waiting(), 0);
}

TEST_F(WebhooksServerTest, OnlyListedHostsAreAccepted) {
  const auto refuse = [&](const std::string& url, std::string_view message) {
    const harness::ClientResponse response = Send(
        "POST", "/webhooks",
        Json{{"name", "a"}, {"url", url}, {"events", {"keeper_lost"}}}.dump());
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr(message));
  };
  refuse("https://hooks.example.com/", "not allowed by the flag");
  refuse("http://localhost/", "not allowed by the flag");
  refuse("http://127.0.0.2/", "not allowed by the flag");
  refuse("file:///etc/passwd", "begins neither");
  server_->Kill();
  Start({});
  refuse("http://127.0.0.1/", "--webhook_hosts of the server allows no hosts");
}

TEST_F(WebhooksServerTest, AFileNamesWebhooks) {
  Receiver receiver;
  const std::string secret = "0123456789abcdef01234567";
  const Json webhook_of_file = {{"name", "ops"},
                                {"url", receiver.url("/")},
                                {"events", {"crash_looping"}},
                                {"secret", secret}};
  const std::string path = absl::StrCat(directory_.path(), "/webhooks.json");
  std::ofstream(path) << Json{{"webhooks", Json::array({webhook_of_file})}};
  server_->Kill();
  Start({"--webhook_hosts=http://127.0.0.1",
         absl::StrCat("--webhooks_file=", path)});
  const Json webhook = Ask("GET", "/webhooks")["response"][0];
  EXPECT_EQ(webhook["name"], "ops");
  EXPECT_EQ(webhook["from_file"], true);
  MakeCrashLoop("app");
  const ReceivedDelivery delivery = receiver.Await();
  EXPECT_TRUE(IsSignedBy(secret, delivery.signature, delivery.body));
  AwaitEvent("webhook_delivered");
  server_->Kill();
  Start({"--webhook_hosts=http://127.0.0.1"});
  EXPECT_EQ(Ask("GET", "/webhooks")["count"], 0);
}

TEST_F(WebhooksServerTest, AStopDoesNotWaitForAReceiver) {
  Receiver receiver;
  MakeWebhook(receiver.url("/"), {"crash_looping"});
  receiver.Hold();
  MakeCrashLoop("app");
  receiver.Await();
  server_->Signal(SIGTERM);
  // 0: within the deadline, in order.
  EXPECT_EQ(server_->Wait(), 0);
  Start({"--webhook_hosts=http://127.0.0.1"});
  receiver.Release();
  receiver.Await();
}

}  // namespace
}  // namespace tallyman::server
