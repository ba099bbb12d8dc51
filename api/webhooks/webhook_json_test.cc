#include "api/webhooks/webhook_json.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "api/webhooks/delivery_json.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "stacks/model/event.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_delivery.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using stacks::EventKind;
using stacks::WebhookKind;

TEST(ParseWebhookSpecTest, ReadsEverything) {
  const auto spec = ParseWebhookSpec(
      R"({"name":"pager","url":"https://a.example.com/",)"
      R"("events":["keeper_lost","action_failed","keeper_lost"]})");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->name, "pager");
  EXPECT_EQ(spec->url, "https://a.example.com/");
  EXPECT_THAT(spec->kinds, ElementsAre(WebhookKind::kKeeperLost,
                                       WebhookKind::kActionFailed));
}

TEST(ParseWebhookSpecTest, ErrorsNameTheKey) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "not JSON"},
      {"[]", "object"},
      {R"({"name":7})", "name: must be a string, not number"},
      {R"({"url":null})", "url: must be a string"},
      {R"({"events":"keeper_lost"})", "events: must be an array"},
      {R"({"events":["exited"]})",
       "events: \"exited\" is none of crash_looping, start_failed"},
      {R"({"secret":"x"})", "secret: unknown key; keys are name, url, events"},
  };
  for (const auto& [body, message] : expected) {
    const auto spec = ParseWebhookSpec(body);
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(spec.status().message(), HasSubstr(message)) << body;
  }
}

TEST(ParseWebhooksFileTest, ReadsSecrets) {
  const auto file = ParseWebhooksFile(
      R"({"webhooks":[{"name":"a","url":"u","events":["start_failed"],)"
      R"("secret":"s1"},{"name":"b"}]})");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->size(), 2u);
  EXPECT_EQ((*file)[0].first.name, "a");
  EXPECT_EQ((*file)[0].second, auth::Secret("s1"));
  EXPECT_TRUE((*file)[1].second.empty());
}

TEST(ParseWebhooksFileTest, ErrorsNameThePlace) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "the file"},
      {R"({"hooks":[]})", "hooks: unknown key; keys are webhooks"},
      {R"({"webhooks":{}})", "webhooks: must be an array"},
      {R"({"webhooks":[7]})", "webhooks[0]: must be an object"},
      {R"({"webhooks":[{},{"key":1}]})", "webhooks[1].key: unknown key"},
      {R"({"webhooks":[{"secret":1}]})",
       "webhooks[0].secret: must be a string"},
  };
  for (const auto& [text, message] : expected) {
    EXPECT_THAT(ParseWebhooksFile(text).status().message(), HasSubstr(message))
        << text;
  }
}

TEST(WriteWebhookTest, ShowsTheSecretOnlyWhenGiven) {
  const stacks::Webhook webhook = {
      .id = 3,
      .spec = {.name = "pager",
               .url = "https://a.example.com/",
               .kinds = {WebhookKind::kCrashLooping}},
      .created_at = absl::FromUnixSeconds(1479000000),
      .progress = {.position = 42, .attempts = 2}};
  std::string text;
  JsonWriter json(text);
  WriteWebhook(webhook, nullptr, json);
  EXPECT_EQ(text, R"({"id":3,"name":"pager","url":"https://a.example.com/",)"
                  R"("events":["crash_looping"],"from_file":false,)"
                  R"("created_at":"2016-11-13T01:20:00Z","position":42,)"
                  R"("failed_attempts":2})");
  std::string with_secret;
  JsonWriter second(with_secret);
  const auth::Secret secret("whs_x");
  WriteWebhook(webhook, &secret, second);
  EXPECT_EQ(Json::parse(with_secret)["secret"], "whs_x");
}

stacks::WebhookDelivery::Item Item(int64_t id, const std::string& cause) {
  return {.kind = WebhookKind::kStartFailed,
          .event = {.id = id,
                    .time = absl::FromUnixSeconds(1479000000),
                    .kind = EventKind::kStartFailed,
                    .process = "web",
                    .cause = cause}};
}

TEST(RenderDeliveryTest, HasEventsAndGap) {
  const std::unique_ptr<Redactor> redactor = Redactor::Disabled();
  stacks::WebhookDelivery delivery = {.webhook_id = 3,
                                      .items = {Item(8, "a"), Item(9, "b")}};
  Json body = Json::parse(RenderDelivery(delivery, 10000, *redactor));
  EXPECT_EQ(body["webhook_id"], 3);
  EXPECT_TRUE(body["gap"].is_null());
  ASSERT_EQ(body["events"].size(), 2u);
  EXPECT_EQ(body["events"][1]["type"], "start_failed");
  EXPECT_EQ(body["events"][1]["event"]["id"], 9);
  EXPECT_EQ(body["events"][1]["event"]["cause"], "b");
  delivery.items.clear();
  delivery.gap = {4, 7};
  body = Json::parse(RenderDelivery(delivery, 10000, *redactor));
  EXPECT_EQ(body["gap"], Json({{"from", 4}, {"to", 7}}));
  EXPECT_TRUE(body["events"].empty());
}

TEST(RenderDeliveryTest, LeavesOutWhatDoesNotFit) {
  const std::unique_ptr<Redactor> redactor = Redactor::Disabled();
  stacks::WebhookDelivery whole = {.webhook_id = 3,
                                   .items = {Item(8, "a"), Item(9, "b")}};
  const size_t size = RenderDelivery(whole, 10000, *redactor).size();
  stacks::WebhookDelivery exact = whole;
  EXPECT_EQ(RenderDelivery(exact, size, *redactor).size(), size);
  EXPECT_EQ(exact.items.size(), 2u);
  for (const size_t limit : {size - 1, size_t{0}}) {
    stacks::WebhookDelivery less = whole;
    const Json body = Json::parse(RenderDelivery(less, limit, *redactor));
    EXPECT_EQ(less.items.size(), 1u);
    EXPECT_EQ(body["events"].size(), 1u);
  }
}

TEST(RenderDeliveryTest, CutsLongCausesBetweenCharacters) {
  const std::unique_ptr<Redactor> redactor = Redactor::Disabled();
  std::string cause(kMaxDeliveredCauseBytes - 1, 'x');
  absl::StrAppend(&cause, "\u00e4\u00e4");
  stacks::WebhookDelivery delivery = {.webhook_id = 3,
                                      .items = {Item(8, cause)}};
  const Json body = Json::parse(RenderDelivery(delivery, 10000, *redactor));
  EXPECT_EQ(body["events"][0]["event"]["cause"],
            std::string(kMaxDeliveredCauseBytes - 1, 'x') + "...");
}

TEST(RenderDeliveryTest, HidesSecretsInCauses) {
  const auto redactor = Redactor::Create(DefaultSecretNames());
  ASSERT_TRUE(redactor.ok());
  stacks::WebhookDelivery delivery = {
      .webhook_id = 3, .items = {Item(8, "can't run app --password=hunter2")}};
  EXPECT_THAT(RenderDelivery(delivery, 10000, **redactor),
              testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tallyman::api
