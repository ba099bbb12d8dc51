#include "server/handlers/event_handlers.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/http/body_stream.h"
#include "api/http/http.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/stack_api.h"
#include "server/testing/stream_client.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EventHandlersTest : public testing::Test {
 protected:
  api::Response Get(std::string_view target, std::string_view last_id = "",
                    std::string_view method = "GET", bool is_public = false) {
    AskOptions options = {.headers = {{"accept", "text/event-stream"}},
                          .with_public_token = is_public};
    if (!last_id.empty())
      options.headers.emplace_back("last-event-id", last_id);
    return api_.Respond(method, target, options);
  }
  std::unique_ptr<StreamClient> Follow(std::string_view target,
                                       std::string_view last_id = "") {
    return std::make_unique<StreamClient>(Get(target, last_id));
  }
  void Scale(std::string_view uid, std::string_view process, int count) {
    const Answer answer = api_.Post(
        absl::StrCat("/stacks/", uid, "/processes"),
        absl::StrCat(R"({"process_name":")", process, R"(","server_count":{")",
                     StackApi::kHere, R"(":)", count, "}}"));
    ASSERT_LT(answer.status, 300) << answer.body;
  }
  // The ids of a list, which is newest first.
  std::vector<int64_t> Ids(std::string_view target) {
    const Answer answer = api_.Get(target);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<int64_t> ids;
    for (const auto& event : answer.json["response"])
      ids.push_back(event["id"]);
    EXPECT_EQ(answer.json["pagination"]["count"], ids.size());
    return ids;
  }

  StackApi api_;
};

TEST_F(EventHandlersTest, AStreamHasTheEventsOfTheList) {
  const std::string shop = api_.MakeStack("shop");
  const std::string other = api_.MakeStack("other");
  Scale(shop, "web", 2);
  const auto all = Follow("/events");
  const Answer list = api_.Get("/events");
  const size_t count = list.json["response"].size();
  ASSERT_GE(count, 3u);
  for (size_t i = 0; i < count; ++i) {
    const SseEvent event = all->Next();
    EXPECT_EQ(event.data, nlohmann::json(list.json["response"][count - 1 - i]));
    EXPECT_EQ(event.type, event.data["event"]);
    EXPECT_EQ(event.id, absl::StrCat(event.data["id"].get<int64_t>()));
  }
  const auto stack =
      Follow(absl::StrCat("/stacks/", other, "/events?after=now"));
  Scale(shop, "worker", 1);
  Scale(other, "web", 1);
  const SseEvent event = stack->Next();
  EXPECT_EQ(event.type, "action_started");
  EXPECT_EQ(event.data["stack_uid"], other);
  EXPECT_EQ(all->Next().data["stack_uid"], shop);
  EXPECT_EQ(all->Next().data, event.data);
}

TEST_F(EventHandlersTest, ResumesAfterAnEvent) {
  const std::string uid = api_.MakeStack();
  for (int i = 1; i <= 4; ++i) Scale(uid, "web", i);
  const std::vector<int64_t> ids = Ids("/events");
  const int64_t middle = ids[2];
  const auto by_query = Follow(absl::StrCat("/events?after=", middle));
  EXPECT_EQ(by_query->Next().id, absl::StrCat(ids[1]));
  EXPECT_EQ(by_query->Next().id, absl::StrCat(ids[0]));
  // The header is newer than the query.
  const auto by_header =
      Follow(absl::StrCat("/events?after=", middle), absl::StrCat(ids[1]));
  EXPECT_EQ(by_header->Next().id, absl::StrCat(ids[0]));
}

TEST_F(EventHandlersTest, AnIdThatIsNoneIsAGap) {
  api_.MakeStack();
  const int64_t last = Ids("/events")[0];
  for (const std::string_view id : {"x", "999999", "0:0:1:0:4711"}) {
    const auto client = Follow("/events", id);
    const SseEvent gap = client->Next();
    EXPECT_EQ(gap.type, "gap");
    EXPECT_EQ(gap.data["reason"], "unknown");
    EXPECT_EQ(gap.data["from"], 1);
    EXPECT_EQ(gap.data["to"], last);
    EXPECT_EQ(client->last_id(), absl::StrCat(last));
  }
}

TEST_F(EventHandlersTest, FiltersStreamsAndLists) {
  const std::string uid = api_.MakeStack();
  Scale(uid, "web", 1);
  Scale(uid, "worker", 1);
  const std::vector<int64_t> started = Ids("/events?kind=action_started");
  ASSERT_EQ(started.size(), 2u);
  const auto client = Follow("/events?kind=action_started,lost");
  EXPECT_EQ(client->Next().id, absl::StrCat(started[1]));
  EXPECT_EQ(client->Next().id, absl::StrCat(started[0]));
  EXPECT_THAT(
      Ids(absl::StrCat("/events?kind=action_started&after=", started[1])),
      ElementsAre(started[0]));
  EXPECT_THAT(Ids(absl::StrCat("/stacks/", uid, "/events?kind=lost")),
              IsEmpty());
  EXPECT_THAT(Ids("/events?process=none"), IsEmpty());
}

TEST_F(EventHandlersTest, AStreamHasHeadersOfItsOwn) {
  const api::Response response = Get("/events");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/event-stream");
  EXPECT_THAT(response.headers,
              testing::Contains(testing::Pair("X-Accel-Buffering", "no")));
  EXPECT_EQ(Get("/events", "", "HEAD").content_type, "text/event-stream");
  EXPECT_EQ(api_.Respond("GET", "/events").stream, nullptr);
}

TEST_F(EventHandlersTest, TheFirstBytesSayWhenToReconnect) {
  const api::Response response = Get("/events?after=now");
  std::string bytes;
  response.stream->Read(1000, bytes);
  EXPECT_EQ(bytes, "retry: 2000\nid: 0\n\n");
}

TEST_F(EventHandlersTest, StreamsHaveLimits) {
  static_assert(StackApi::kMaxStreamsPerToken == 2 &&
                StackApi::kMaxStreams == 3);
  const api::Response first = Get("/events");
  auto second = std::make_unique<api::Response>(Get("/events"));
  const api::Response third = Get("/events");
  EXPECT_EQ(third.status, 429);
  EXPECT_THAT(third.body, HasSubstr("the token has 2 open streams of events "
                                    "(--max_event_streams_per_token)"));
  const api::Response of_other = Get("/events", "", "GET", true);
  EXPECT_EQ(of_other.status, 200);
  const api::Response fourth = Get("/events", "", "GET", true);
  EXPECT_EQ(fourth.status, 503);
  EXPECT_THAT(fourth.body, HasSubstr("the server has 3 open streams of events "
                                     "(--max_event_streams)"));
  // HEAD opens none, and a stream that ends makes room.
  EXPECT_EQ(Get("/events", "", "HEAD").status, 200);
  second.reset();
  EXPECT_EQ(Get("/events").status, 200);
}

TEST_F(EventHandlersTest, ARevokedTokenEndsItsStreams) {
  const std::string uid = api_.MakeStack();
  const auto client = Follow("/events?after=now");
  Scale(uid, "web", 1);
  EXPECT_EQ(client->Next().type, "action_started");
  api_.NewToken(auth::Scope::kAdmin, "other");
  const auto tokens = api_.tokens().List();
  ASSERT_TRUE(tokens.ok());
  for (const auth::Token& token : *tokens) {
    if (token.name == "operator") {
      ASSERT_TRUE(api_.tokens().Revoke(token.id).ok());
    }
  }
  ASSERT_TRUE(api_.events().Append({{.stack_uid = uid}}).ok());
  EXPECT_EQ(client->Next().type, "");
}

TEST_F(EventHandlersTest, ChecksTheRequest) {
  const std::string uid = api_.MakeStack();
  for (const auto& [target, status, details] :
       {std::tuple("/events?kind=x", 400, "kind: "),
        std::tuple("/events?after=x", 400, "after: "),
        std::tuple("/events?page=1", 400, "page: a stream has no pages"),
        std::tuple("/stacks/none/events", 404, "there is no stack"),
        std::tuple("/events?prozess=x", 400, "unknown parameter")}) {
    const api::Response response = Get(target);
    EXPECT_EQ(response.status, status) << target;
    EXPECT_THAT(response.body, HasSubstr(details));
    EXPECT_EQ(response.stream, nullptr);
  }
  for (const std::string& target :
       {std::string("/events"), absl::StrCat("/stacks/", uid, "/events")}) {
    const Answer answer = api_.Get(absl::StrCat(target, "?after=now"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.Details(), HasSubstr("\"now\" is for streams"));
    EXPECT_EQ(api_.Get(absl::StrCat(target, "?kind=x")).status, 400);
    EXPECT_EQ(api_.Get(absl::StrCat(target, "?page=0")).status, 400);
  }
}

}  // namespace
}  // namespace tallyman::server
