// End to end: clients follow the events of a server that is killed.

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "tools/harness/event_source.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using harness::EventSource;
using harness::ServerEvent;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class EventsServerTest : public testing::Test {
 protected:
  EventsServerTest() {
    Start({});
    token_ = server_->shown_token();
    CHECK(!token_.empty());
  }
  ~EventsServerTest() override {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  void Start(std::vector<std::string> flags) {
    flags.insert(flags.end(), {absl::StrCat("--data_dir=", directory_.path()),
                               "--settle_time=0", "--server_name=here"});
    server_.emplace(flags);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
  }
  void Restart(std::vector<std::string> flags = {}) {
    server_->Kill();
    Start(std::move(flags));
  }

  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", token_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    const harness::ClientResponse response =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    EXPECT_LT(response.status, 300) << response.body;
    return Json::parse(response.body);
  }
  std::string MakeStack(std::string_view name) {
    return Ask("POST", "/stacks",
               Json{{"name", name}, {"procfile", "web: sleep 1000\n"}}
                   .dump())["response"][0]["uid"];
  }

  EventSource Open(std::string_view target, std::string_view last_id = "") {
    absl::StatusOr<EventSource> source =
        EventSource::Open(server_->port(), target, token_, last_id);
    CHECK_OK(source.status());
    return *std::move(source);
  }
  static Json Next(EventSource& source) {
    const absl::StatusOr<ServerEvent> event = source.Next();
    CHECK_OK(event.status());
    Json data = Json::parse(event->data);
    EXPECT_EQ(event->type, data.value("event", "gap"));
    return data;
  }
  // Reads until the event of this kind.
  static Json Await(EventSource& source, std::string_view kind) {
    Json event = Next(source);
    while (event.value("event", "gap") != kind) event = Next(source);
    return event;
  }

  const platform::TempDirectory directory_;
  std::optional<harness::ServerProcess> server_;
  std::string token_;
};

TEST_F(EventsServerTest, AClientMissesAndRepeatsNothingOverRestarts) {
  EventSource source = Open("/events");
  std::vector<int64_t> ids;
  const auto read_until = [&](std::string_view kind) {
    Json event;
    do {
      event = Next(source);
      ids.push_back(event["id"]);
    } while (event["event"] != kind);
  };
  const std::string stack = MakeStack("app");
  read_until("stack_created");
  const std::string server = Ask(
      "GET", absl::StrCat("/stacks/", stack, "/servers"))["response"][0]["uid"];
  for (int count = 1; count <= 3; ++count) {
    Ask("POST", absl::StrCat("/stacks/", stack, "/processes?process_name=web",
                             "&server_count=", server, ":", count));
    read_until("action_finished");
    const std::string last_id = source.last_id();
    EXPECT_EQ(last_id, absl::StrCat(ids.back()));
    // The connection breaks; things happen without the client.
    Restart();
    MakeStack(absl::StrCat("other", count));
    source = Open("/events?after=now", last_id);
    read_until("stack_created");
  }
  Ask("DELETE", absl::StrCat("/stacks/", stack));
  read_until("stack_deleted");
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(ids[i], static_cast<int64_t>(i) + 1);
  }
  const Json list = Ask("GET", "/events?per_page=1");
  EXPECT_GE(list["pagination"]["count"], ids.size());
}

TEST_F(EventsServerTest, AGapSaysWhatRetentionHasRemoved) {
  Restart({"--max_events=2"});
  const std::string stack = MakeStack("app");
  EventSource source = Open(absl::StrCat("/stacks/", stack, "/events"));
  const Json created = Await(source, "stack_created");
  const std::string server = Ask(
      "GET", absl::StrCat("/stacks/", stack, "/servers"))["response"][0]["uid"];
  Ask("POST", absl::StrCat("/stacks/", stack, "/processes?process_name=web",
                           "&server_count=", server, ":4"));
  Await(source, "action_finished");
  // Its ring forgets what the database has forgotten.
  Restart({"--max_events=2"});
  EventSource late = Open(absl::StrCat("/stacks/", stack, "/events"),
                          absl::StrCat(created["id"].get<int64_t>()));
  const absl::StatusOr<ServerEvent> gap = late.Next();
  ASSERT_TRUE(gap.ok()) << gap.status();
  EXPECT_EQ(gap->type, "gap");
  const Json what = Json::parse(gap->data);
  EXPECT_EQ(what["reason"], "removed");
  EXPECT_EQ(what["from"], created["id"].get<int64_t>() + 1);
  const int64_t to = what["to"];
  EXPECT_EQ(Next(late)["id"], to + 1);
  Ask("DELETE", absl::StrCat("/stacks/", stack));
}

TEST_F(EventsServerTest, TokensHaveEventsAndTheirEndEndsStreams) {
  EventSource source = Open("/events?kind=token_created,token_revoked");
  const Json made =
      Ask("POST", "/tokens",
          R"({"name":"reader","scopes":["public"]})")["response"][0];
  const Json created = Next(source);
  EXPECT_EQ(created["event"], "token_created");
  EXPECT_EQ(created["stack_uid"], nullptr);
  EXPECT_THAT(created["cause"].get<std::string>(), HasSubstr("\"reader\""));
  absl::StatusOr<EventSource> readers = EventSource::Open(
      server_->port(), "/events?after=now", made["token"].get<std::string>());
  ASSERT_TRUE(readers.ok()) << readers.status();
  const std::string target =
      absl::StrCat("/tokens/", made["id"].get<int64_t>());
  Ask("DELETE", target);
  EXPECT_EQ(Next(source)["event"], "token_revoked");
  // The event of its own end is not for it.
  EXPECT_TRUE(absl::IsOutOfRange(readers->Next().status()));
  // A second time changes nothing.
  Ask("DELETE", target);
  Ask("POST", "/tokens", R"({"name":"next","scopes":["public"]})");
  EXPECT_EQ(Next(source)["event"], "token_created");
}

TEST_F(EventsServerTest, TokensOfOAuthClientsHaveEventsToo) {
  EventSource source = Open("/events?kind=token_created,token_revoked");
  const Json client =
      Ask("POST", "/oauth/clients",
          R"({"name":"deploy","scopes":["public"]})")["response"][0];
  const auto post = [&](std::string_view path, std::string_view form) {
    const harness::ClientResponse response =
        harness::HttpClient(server_->port())
            .Request(
                "POST", path,
                {"Content-Type: application/x-www-form-urlencoded"},
                absl::StrCat(
                    "client_id=", client["client_id"].get<std::string>(),
                    "&client_secret=",
                    client["client_secret"].get<std::string>(), "&", form));
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  };
  const auto next = [&] {
    const Json event = Next(source);
    return absl::StrCat(event["event"].get<std::string>(), " by ",
                        event["user"].get<std::string>());
  };
  constexpr std::string_view kGrant = "grant_type=client_credentials";
  const std::string first = post("/oauth/token", kGrant)["access_token"];
  EXPECT_EQ(next(), "token_created by deploy");
  post("/oauth/token", kGrant);
  EXPECT_EQ(next(), "token_created by deploy");
  post("/oauth/revoke", absl::StrCat("token=", first));
  EXPECT_EQ(next(), "token_revoked by deploy");
  // The client takes the token that is left along.
  Ask("DELETE", absl::StrCat("/oauth/clients/", client["id"].get<int64_t>()));
  EXPECT_EQ(next(), "token_revoked by admin");
  Ask("POST", "/tokens", R"({"name":"next","scopes":["public"]})");
  EXPECT_EQ(next(), "token_created by admin");
}

TEST_F(EventsServerTest, AStreamCountsAsOneRequest) {
  const std::string token =
      Ask("POST", "/tokens",
          R"({"name":"few","scopes":["public"],"hourly_limit":1})")["response"]
                                                                   [0]["token"];
  absl::StatusOr<EventSource> source =
      EventSource::Open(server_->port(), "/events", token);
  ASSERT_TRUE(source.ok()) << source.status();
  MakeStack("app");
  Await(*source, "stack_created");
  const absl::Status second =
      EventSource::Open(server_->port(), "/events", token).status();
  EXPECT_THAT(second.message(), HasSubstr("429"));
}

TEST_F(EventsServerTest, StreamsHaveLimits) {
  Restart({"--max_event_streams=2", "--max_event_streams_per_token=1"});
  const EventSource source = Open("/events");
  const absl::Status second =
      EventSource::Open(server_->port(), "/events", token_).status();
  EXPECT_THAT(second.message(), HasSubstr("429"));
  EXPECT_THAT(second.message(), HasSubstr("--max_event_streams_per_token"));
}

}  // namespace
}  // namespace tallyman::server
