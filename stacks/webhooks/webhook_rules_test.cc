// The rules of webhooks that need neither a clock nor a database.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"
#include "stacks/webhooks/retry_schedule.h"
#include "stacks/webhooks/signature.h"
#include "stacks/webhooks/webhook.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;

TEST(WebhookKindTest, NamesAreReadBack) {
  for (int i = 0; i <= static_cast<int>(kLastWebhookKind); ++i) {
    const auto kind = static_cast<WebhookKind>(i);
    EXPECT_EQ(ParseWebhookKind(WebhookKindName(kind)), kind);
  }
  EXPECT_EQ(ParseWebhookKind("webhook_delivered"), std::nullopt);
}

TEST(WebhookKindTest, OnlyFailedActionsAreOfAKind) {
  Event event = {.kind = EventKind::kActionFinished, .cause = "succeeded"};
  EXPECT_EQ(WebhookKindOf(event), std::nullopt);
  event.cause = "web: exited with code 3";
  EXPECT_EQ(WebhookKindOf(event), WebhookKind::kActionFailed);
}

TEST(WebhookKindTest, NoEventOfAWebhookIsOfAKind) {
  for (const EventKind kind :
       {EventKind::kWebhookCreated, EventKind::kWebhookDeleted,
        EventKind::kWebhookDelivered, EventKind::kWebhookFailed,
        EventKind::kWebhookGivenUp}) {
    EXPECT_EQ(WebhookKindOf({.kind = kind}), std::nullopt);
  }
}

TEST(WebhookKindTest, EveryKindIsFoundInTheLog) {
  for (int i = 0; i <= static_cast<int>(kLastWebhookKind); ++i) {
    const auto kind = static_cast<WebhookKind>(i);
    EXPECT_EQ(WebhookKindOf({.kind = LoggedKind(kind)}), kind);
  }
}

TEST(ValidateWebhookTest, ErrorsNameTheField) {
  const WebhookSpec valid = {.name = "pager",
                             .url = "https://example.com/secret-path",
                             .kinds = {WebhookKind::kKeeperLost}};
  EXPECT_TRUE(Validate(valid).ok());
  const auto expect = [](const WebhookSpec& spec, const std::string& message) {
    const absl::Status status = Validate(spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(message));
  };
  WebhookSpec spec = valid;
  spec.name = "";
  expect(spec, "name: 0 bytes");
  spec.name = std::string(101, 'x');
  expect(spec, "name: 101 bytes");
  spec.name = "a\nb";
  expect(spec, "name: ");
  spec.name = "\xff";
  expect(spec, "name: ");
  spec = valid;
  spec.kinds.clear();
  expect(spec, "events: ");
  spec = valid;
  spec.url = "ftp://example.com/";
  expect(spec, "url: begins neither");
}

TEST(ValidateWebhookTest, ASecretIsLongEnoughAndPlain) {
  EXPECT_TRUE(ValidateWebhookSecret(auth::Secret(std::string(24, 'x'))).ok());
  EXPECT_TRUE(ValidateWebhookSecret(auth::Secret(std::string(200, 'x'))).ok());
  for (const std::string& text :
       {std::string(23, 'x'), std::string(201, 'x'), std::string(23, 'x') + " ",
        std::string(24, 'x') + "\n"}) {
    const absl::Status status = ValidateWebhookSecret(auth::Secret(text));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("xxx")));
  }
}

// The value is that of Python:
//   hmac.new(b"whs_secret_of_the_example", b'1479000000.{"webhook_id":1}',
//            hashlib.sha256).hexdigest()
TEST(WebhookSignatureTest, SignsTimeAndBody) {
  EXPECT_EQ(WebhookSignature(auth::Secret("whs_secret_of_the_example"),
                             absl::FromUnixMillis(1479000000999),
                             R"({"webhook_id":1})"),
            "t=1479000000,v1="
            "081caf8e676a625532ae495973bba0eae7186a5b20572340dab0c4a673b298e9");
}

TEST(RetryScheduleTest, DelaysDoubleUpToTheLongest) {
  absl::BitGen random;
  const RetryOptions options = {.first_delay = absl::Seconds(5),
                                .max_delay = absl::Minutes(1)};
  for (int i = 0; i < 100; ++i) {
    absl::Duration whole = absl::Seconds(5);
    for (int64_t attempts = 1; attempts < 10; ++attempts) {
      const absl::Duration delay = RetryDelay(options, attempts, random);
      EXPECT_GE(delay, whole / 2);
      EXPECT_LE(delay, whole);
      whole = std::min(2 * whole, absl::Minutes(1));
    }
  }
  // However often it failed.
  EXPECT_LE(RetryDelay(options, int64_t{1} << 60, random), absl::Minutes(1));
}

TEST(RetryScheduleTest, GivesUpAfterAttemptsOrTime) {
  const RetryOptions options = {.max_attempts = 3, .max_age = absl::Hours(1)};
  EXPECT_FALSE(IsGivenUp(options, 2, absl::Hours(1) - absl::Nanoseconds(1)));
  EXPECT_TRUE(IsGivenUp(options, 3, absl::ZeroDuration()));
  EXPECT_TRUE(IsGivenUp(options, 1, absl::Hours(1)));
}

}  // namespace
}  // namespace tallyman::stacks
