// Deliveries from a real log and a real database, by a clock that the test
// moves, to a receiver whose answers the test states.

#include "stacks/webhooks/webhook_deliverer.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "auth/fake_clock.h"
#include "auth/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/event.h"
#include "stacks/registry/event_log.h"
#include "stacks/webhooks/signature.h"
#include "stacks/webhooks/webhook.h"
#include "stacks/webhooks/webhook_delivery.h"
#include "stacks/webhooks/webhook_sender.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_threads.h"
#include "stacks/webhooks/webhook_url.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kLong = absl::Hours(1);

// Keeps what it gets. Thread-safe.
class FakeSender final : public WebhookSender {
 public:
  using Answer = std::function<absl::StatusOr<int>(const WebhookRequest&)>;

  absl::StatusOr<int> Post(const WebhookRequest& request) override {
    Answer answer;
    {
      absl::MutexLock lock(&mutex_);
      requests_.push_back(request);
      if (answers_.empty()) return 204;
      answer = answers_.front();
      answers_.pop_front();
    }
    return answer(request);
  }
  void Stop() override {}

  void Then(absl::StatusOr<int> answer) {
    Then([answer](const WebhookRequest&) { return answer; });
  }
  void Then(Answer answer) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(answer));
  }
  std::vector<std::string> Bodies() const {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> bodies;
    for (const WebhookRequest& one : requests_) bodies.push_back(one.body);
    return bodies;
  }
  WebhookRequest last() const {
    absl::MutexLock lock(&mutex_);
    return requests_.back();
  }

 private:
  mutable absl::Mutex mutex_;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<WebhookRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

// "1: start_failed one, start_failed two"; two characters of a body may be too
// many.
std::string Render(WebhookDelivery& delivery, size_t max_bytes) {
  std::string body = absl::StrCat(delivery.webhook_id, ":");
  if (delivery.gap) {
    absl::StrAppend(&body, " gap ", delivery.gap->first, "-",
                    delivery.gap->second);
  }
  size_t count = 0;
  for (const WebhookDelivery::Item& item : delivery.items) {
    const std::string text =
        absl::StrCat(" ", WebhookKindName(item.kind), " ", item.event.cause);
    if (count > 0 && body.size() + text.size() > max_bytes) break;
    body += text;
    ++count;
  }
  delivery.items.resize(count);
  return body;
}

class WebhookDelivererTest : public testing::Test {
 protected:
  explicit WebhookDelivererTest(EventLog::Options log = {}) : log_(log) {
    Open();
  }

  void Open() {
    auto events = EventLog::Open(*db_, log_);
    CHECK_OK(events);
    events_ = *std::move(events);
    auto store = WebhookStore::Open(*db_, *events_, clock_, {});
    CHECK_OK(store);
    store_ = *std::move(store);
    deliverer_.emplace(WebhookDeliverer::Parts{.store = *store_,
                                               .events = *events_,
                                               .sender = sender_,
                                               .hosts = hosts_,
                                               .clock = clock_,
                                               .renderer = Render},
                       options_);
  }
  // As a start of the server does after a crash.
  void Restart() {
    deliverer_.reset();
    store_.reset();
    events_.reset();
    db_.Reopen();
    Open();
  }

  SignedWebhook Make(std::vector<WebhookKind> kinds = {
                         WebhookKind::kStartFailed,
                         WebhookKind::kActionFailed}) {
    auto made = store_->Create({.name = "pager",
                                .url = "https://hooks.example.com/x",
                                .kinds = std::move(kinds)},
                               "ann");
    CHECK_OK(made);
    return *std::move(made);
  }
  void Append(EventKind kind, const std::string& cause) {
    CHECK_OK(events_->Append({{.time = clock_.Now(),
                               .kind = kind,
                               .stack_uid = "stack",
                               .cause = cause}}));
    deliverer_->NoteChange();
  }
  // Delivers until nothing is due. The clock moves by the rest after a look at
  // the log, so that all that was appended is seen.
  int DeliverAll() {
    clock_.Advance(options_.rest);
    const size_t before = sender_.Bodies().size();
    while (deliverer_->DeliverNext()) {
    }
    return static_cast<int>(sender_.Bodies().size() - before);
  }
  std::vector<Event> Events(EventKind kind) {
    auto page = events_->List({.kinds = {kind}}, 0, {.per_page = 100});
    CHECK_OK(page);
    return {page->events.rbegin(), page->events.rend()};
  }
  std::vector<std::string> Causes(EventKind kind) {
    std::vector<std::string> causes;
    for (const Event& event : Events(kind)) causes.push_back(event.cause);
    return causes;
  }

  auth::FakeClock clock_{absl::FromUnixSeconds(1479000000)};
  const EventLog::Options log_;
  WebhookDeliverer::Options options_ = {.retry = {.max_attempts = 3}};
  WebhookHosts hosts_ =
      WebhookHosts::Parse({"hooks.example.com"}).value_or(WebhookHosts());
  storage::TestDatabase db_;
  FakeSender sender_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<WebhookStore> store_;
  std::optional<WebhookDeliverer> deliverer_;
};

TEST_F(WebhookDelivererTest, DeliversWhatItAsksForSinceItWasMade) {
  Append(EventKind::kStartFailed, "before");
  const SignedWebhook made = Make();
  Append(EventKind::kStartFailed, "one");
  Append(EventKind::kExited, "other");
  Append(EventKind::kCrashLooping, "other");
  Append(EventKind::kActionFinished, "succeeded");
  Append(EventKind::kActionFinished, "two");
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(sender_.Bodies(),
              ElementsAre("1: start_failed one action_failed two"));
  const WebhookRequest request = sender_.last();
  EXPECT_EQ(request.url.host, "hooks.example.com");
  EXPECT_EQ(request.url.target, "/x");
  EXPECT_EQ(request.signature,
            WebhookSignature(made.secret, clock_.Now(), request.body));
  EXPECT_THAT(Causes(EventKind::kWebhookDelivered),
              ElementsAre("webhook 1, \"pager\": 2 events, attempt 1: "
                          "answered 204"));
  // The event of the delivery is none of its own.
  deliverer_->NoteChange();
  EXPECT_EQ(DeliverAll(), 0);
  EXPECT_EQ(deliverer_->UntilNext(), absl::InfiniteDuration());
  EXPECT_EQ(deliverer_->count(DeliveryResult::kDelivered), 1);
}

TEST_F(WebhookDelivererTest, CreationAndDeletionAreRecorded) {
  const SignedWebhook made = Make();
  ASSERT_TRUE(store_->Delete(made.webhook.id, "bob").ok());
  const std::vector<Event> created = Events(EventKind::kWebhookCreated);
  ASSERT_THAT(created, SizeIs(1));
  EXPECT_EQ(created[0].cause, "webhook 1, \"pager\"");
  EXPECT_EQ(created[0].user, "ann");
  EXPECT_EQ(Events(EventKind::kWebhookDeleted).at(0).user, "bob");
}

TEST_F(WebhookDelivererTest, TriesAgainLaterAndLater) {
  Make();
  Append(EventKind::kStartFailed, "one");
  sender_.Then(500);
  sender_.Then(absl::UnavailableError("connection refused"));
  EXPECT_EQ(DeliverAll(), 1);
  // Nothing happens before the delay is over, whatever else happens.
  Append(EventKind::kExited, "other");
  EXPECT_EQ(DeliverAll(), 0);
  absl::Duration delay = deliverer_->UntilNext();
  EXPECT_GT(delay, absl::Seconds(2));
  EXPECT_LE(delay, absl::Seconds(5));
  clock_.Advance(delay - absl::Milliseconds(1) - options_.rest);
  EXPECT_EQ(DeliverAll(), 0);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(DeliverAll(), 1);
  delay = deliverer_->UntilNext();
  EXPECT_GE(delay, absl::Seconds(5));
  EXPECT_LE(delay, absl::Seconds(10));
  EXPECT_EQ(store_->Get(1)->progress.attempts, 2);
  clock_.Advance(delay);
  const absl::Time sent_at = clock_.Now() + options_.rest;
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(sender_.Bodies(), SizeIs(3));
  EXPECT_EQ(sender_.Bodies()[2], sender_.Bodies()[0]);
  // Signed anew: the receiver refuses old signatures.
  EXPECT_THAT(sender_.last().signature,
              HasSubstr(absl::StrCat("t=", absl::ToUnixSeconds(sent_at), ",")));
  EXPECT_THAT(
      Causes(EventKind::kWebhookFailed),
      ElementsAre(
          "webhook 1, \"pager\": 1 event, attempt 1: answered 500",
          "webhook 1, \"pager\": 1 event, attempt 2: connection refused"));
  EXPECT_THAT(Causes(EventKind::kWebhookDelivered),
              ElementsAre(HasSubstr("attempt 3: answered 204")));
  EXPECT_EQ(store_->Get(1)->progress.attempts, 0);
}

TEST_F(WebhookDelivererTest, ARedirectIsNoDelivery) {
  Make();
  Append(EventKind::kStartFailed, "one");
  sender_.Then(302);
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(Causes(EventKind::kWebhookFailed),
              ElementsAre(HasSubstr("answered 302")));
}

TEST_F(WebhookDelivererTest, GivesUpAndGoesOnWithTheNextEvents) {
  Make();
  Append(EventKind::kStartFailed, "one");
  for (int i = 0; i < 3; ++i) sender_.Then(503);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(DeliverAll(), 1);
    clock_.Advance(kLong);
  }
  EXPECT_THAT(Causes(EventKind::kWebhookGivenUp), IsEmpty());
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(Causes(EventKind::kWebhookGivenUp),
              ElementsAre("webhook 1, \"pager\": 1 event, attempt 3: "
                          "answered 503"));
  Append(EventKind::kStartFailed, "two");
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_EQ(sender_.Bodies().back(), "1: start_failed two");
  EXPECT_EQ(deliverer_->count(DeliveryResult::kFailed), 2);
  EXPECT_EQ(deliverer_->count(DeliveryResult::kGivenUp), 1);
}

TEST_F(WebhookDelivererTest, ARestartRepeatsWhatHadNoAnswerAndNothingElse) {
  Make();
  Append(EventKind::kStartFailed, "one");
  EXPECT_EQ(DeliverAll(), 1);
  Append(EventKind::kStartFailed, "two");
  sender_.Then(absl::CancelledError("the server stops"));
  EXPECT_TRUE([&] {
    clock_.Advance(options_.rest);
    return deliverer_->DeliverNext();
  }());
  EXPECT_EQ(store_->Get(1)->progress.attempts, 0);
  Restart();
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(sender_.Bodies(),
              ElementsAre("1: start_failed one", "1: start_failed two",
                          "1: start_failed two"));
  Restart();
  EXPECT_EQ(DeliverAll(), 0);
}

TEST_F(WebhookDelivererTest, FailedAttemptsCountAcrossRestarts) {
  Make();
  Append(EventKind::kStartFailed, "one");
  for (int i = 0; i < 3; ++i) {
    sender_.Then(500);
    EXPECT_EQ(DeliverAll(), 1);
    Restart();
  }
  EXPECT_THAT(Causes(EventKind::kWebhookGivenUp), SizeIs(1));
  EXPECT_EQ(DeliverAll(), 0);
}

TEST_F(WebhookDelivererTest, TheKeySurvivesARestart) {
  const SignedWebhook made = Make();
  Append(EventKind::kStartFailed, "one");
  Restart();
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_EQ(sender_.last().signature,
            WebhookSignature(made.secret, clock_.Now(), sender_.last().body));
}

TEST_F(WebhookDelivererTest, ADeletedWebhookGetsNothing) {
  const SignedWebhook made = Make();
  Append(EventKind::kStartFailed, "one");
  sender_.Then(500);
  EXPECT_EQ(DeliverAll(), 1);
  ASSERT_TRUE(store_->Delete(made.webhook.id, "ann").ok());
  clock_.Advance(kLong);
  EXPECT_EQ(DeliverAll(), 0);
  EXPECT_EQ(deliverer_->UntilNext(), absl::InfiniteDuration());
  EXPECT_EQ(db_.ReadInt64("SELECT COUNT(*) FROM webhooks"), 0);
  // Its id is not used again.
  EXPECT_EQ(Make().webhook.id, 2);
}

TEST_F(WebhookDelivererTest, OneThatIsDeletedDuringItsDeliveryLeavesNoTrace) {
  const SignedWebhook made = Make();
  Append(EventKind::kStartFailed, "one");
  sender_.Then([&](const WebhookRequest&) -> absl::StatusOr<int> {
    CHECK_OK(store_->Delete(made.webhook.id, "ann"));
    return 500;
  });
  EXPECT_EQ(DeliverAll(), 1);
  EXPECT_THAT(Causes(EventKind::kWebhookFailed), IsEmpty());
  clock_.Advance(kLong);
  EXPECT_EQ(DeliverAll(), 0);
}

TEST_F(WebhookDelivererTest, AHostThatIsAllowedNoMoreGetsNothing) {
  Make();
  Append(EventKind::kStartFailed, "one");
  hosts_ = WebhookHosts();
  EXPECT_EQ(DeliverAll(), 0);
  EXPECT_THAT(Causes(EventKind::kWebhookFailed),
              ElementsAre(HasSubstr("not in --webhook_hosts")));
}

TEST_F(WebhookDelivererTest, ADeliveryHasBoundedSize) {
  options_.max_events = 3;
  options_.max_body_bytes = 40;
  Restart();
  Make();
  for (int i = 0; i < 7; ++i) {
    Append(EventKind::kStartFailed, absl::StrCat("no", i));
  }
  Append(EventKind::kStartFailed, std::string(100, 'x'));
  EXPECT_EQ(DeliverAll(), 5);
  EXPECT_THAT(
      sender_.Bodies(),
      ElementsAre("1: start_failed no0 start_failed no1",
                  "1: start_failed no2 start_failed no3",
                  "1: start_failed no4 start_failed no5", "1: start_failed no6",
                  "1: start_failed " + std::string(100, 'x')));
}

TEST_F(WebhookDelivererTest, ThePlaceMovesPastEventsThatConcernNobody) {
  options_.max_rows = 10;
  Restart();
  Make();
  for (int i = 0; i < 25; ++i) Append(EventKind::kExited, "other");
  EXPECT_EQ(DeliverAll(), 0);
  EXPECT_GE(store_->Get(1)->progress.position, 20);
  Append(EventKind::kStartFailed, "one");
  Restart();
  EXPECT_EQ(DeliverAll(), 1);
}

TEST_F(WebhookDelivererTest, TheFileNamesWebhooks) {
  const auto apply = [&](std::vector<std::string> names) {
    std::vector<FileWebhook> file;
    for (const std::string& name : names) {
      file.push_back({.spec = {.name = name,
                               .url = "https://hooks.example.com/",
                               .kinds = {WebhookKind::kStartFailed}},
                      .secret = auth::Secret(std::string(24, 's'))});
    }
    return store_->ApplyFile(file);
  };
  Make();
  ASSERT_TRUE(apply({"a", "b"}).ok());
  Append(EventKind::kStartFailed, "one");
  Restart();
  // "a" keeps its place and gets what it has missed; "c" is new.
  ASSERT_TRUE(apply({"a", "c"}).ok());
  EXPECT_EQ(DeliverAll(), 2);
  EXPECT_THAT(sender_.Bodies(),
              ElementsAre("1: start_failed one", "2: start_failed one"));
  EXPECT_EQ(sender_.last().signature,
            WebhookSignature(auth::Secret(std::string(24, 's')), clock_.Now(),
                             sender_.last().body));
  std::vector<std::string> names;
  for (const Webhook& one : store_->List()) names.push_back(one.spec.name);
  EXPECT_THAT(names, ElementsAre("pager", "a", "c"));
  EXPECT_THAT(apply({"a", "a"}).message(), HasSubstr("earlier one"));
  EXPECT_THAT(Causes(EventKind::kWebhookDeleted),
              ElementsAre("webhook 3, \"b\""));
}

TEST_F(WebhookDelivererTest, TheNumberOfWebhooksIsLimited) {
  for (int i = 0; i < 32; ++i) Make();
  const auto more = store_->Create({.name = "more",
                                    .url = "https://hooks.example.com/",
                                    .kinds = {WebhookKind::kKeeperLost}},
                                   "ann");
  EXPECT_EQ(more.status().code(), absl::StatusCode::kFailedPrecondition);
}

// A receiver that does not answer holds one thread; the other serves the rest.
TEST_F(WebhookDelivererTest, ASlowReceiverDoesNotDelayOthers) {
  absl::Notification second_is_served;
  sender_.Then([&](const WebhookRequest&) -> absl::StatusOr<int> {
    second_is_served.WaitForNotification();
    return 200;
  });
  sender_.Then([&](const WebhookRequest&) -> absl::StatusOr<int> {
    second_is_served.Notify();
    return 200;
  });
  Make();
  Make();
  Append(EventKind::kStartFailed, "one");
  {
    WebhookThreads threads(*deliverer_, sender_, *events_, 2);
    second_is_served.WaitForNotification();
  }
  EXPECT_THAT(sender_.Bodies(), SizeIs(2));
  EXPECT_NE(sender_.Bodies()[0], sender_.Bodies()[1]);
}

TEST_F(WebhookDelivererTest, ThreadsAreWokenByTheLog) {
  absl::Notification served;
  sender_.Then([&](const WebhookRequest&) -> absl::StatusOr<int> {
    served.Notify();
    return 200;
  });
  // The clock stands, so a rest would never end.
  options_.rest = absl::ZeroDuration();
  Restart();
  WebhookThreads threads(*deliverer_, sender_, *events_, 2);
  Make();
  CHECK_OK(events_->Append(
      {{.time = clock_.Now(), .kind = EventKind::kStartFailed}}));
  served.WaitForNotification();
}

class SmallLogTest : public WebhookDelivererTest {
 protected:
  SmallLogTest() : WebhookDelivererTest({.max_events_per_stack = 5}) {}
};

TEST_F(SmallLogTest, AGapIsReported) {
  Make();  // Its event has the id 1, and no stack.
  for (int i = 0; i < 12; ++i) {
    Append(EventKind::kStartFailed, absl::StrCat("no", i));
  }
  EXPECT_EQ(DeliverAll(), 1);
  const std::string body = sender_.Bodies()[0];
  EXPECT_THAT(body, HasSubstr("1: gap 1-"));
  EXPECT_THAT(body, HasSubstr("start_failed no11"));
  EXPECT_THAT(body, testing::Not(HasSubstr("no0")));
  EXPECT_EQ(DeliverAll(), 0);
}

}  // namespace
}  // namespace tallyman::stacks
