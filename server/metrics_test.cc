// End to end: a scraper reads the metrics of a running server.

#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "server/testing/metrics_text.h"
#include "tools/harness/http_client.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using Json = nlohmann::json;

constexpr std::string_view kRequests = "tallyman_http_requests_total";

LabelMap Request(std::string_view route, std::string_view code,
                 std::string_view method = "GET") {
  return {{"method", std::string(method)},
          {"route", std::string(route)},
          {"code", std::string(code)}};
}

class MetricsTest : public testing::Test {
 protected:
  explicit MetricsTest(std::vector<std::string> flags = {}) {
    flags.push_back(absl::StrCat("--data_dir=", directory_.path(), "/data"));
    flags.emplace_back("--settle_time=0");
    flags.emplace_back("--restart_delay=1ms");
    flags.emplace_back("--max_restart_delay=1ms");
    server_.emplace(flags);
    CHECK(server_->WaitUntilListening()) << server_->standard_error();
    // Tokens without a limit that a test could reach.
    admin_ = server_->shown_token();
    admin_ = NewToken("admin");
    public_ = NewToken("public");
  }
  ~MetricsTest() override {
    const Json stacks = Ask("GET", "/stacks");
    for (const Json& stack : stacks["response"]) Delete(stack["uid"]);
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }

  std::string NewToken(std::string_view scope) {
    return Ask("POST", "/tokens",
               Json({{"name", "test"},
                     {"scopes", {scope}},
                     {"hourly_limit", 1000000000},
                     {"daily_limit", 1000000000}})
                   .dump())["response"][0]["token"];
  }

  Json Ask(std::string_view method, std::string_view target,
           std::optional<std::string> body = std::nullopt) {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", admin_)};
    if (body) headers.emplace_back("Content-Type: application/json");
    const harness::ClientResponse answer =
        harness::HttpClient(server_->port())
            .Request(method, target, headers, body);
    EXPECT_LT(answer.status, 300) << answer.body;
    return Json::parse(answer.body);
  }

  std::string MakeStack(std::string_view name, std::string_view procfile) {
    return Ask(
        "POST", "/stacks",
        Json({{"name", name}, {"environment", "test"}, {"procfile", procfile}})
            .dump())["response"][0]["uid"];
  }

  // Returns when the stack is gone.
  void Delete(const std::string& uid) {
    const Json action = Ask("DELETE", absl::StrCat("/stacks/", uid));
    const std::string path =
        absl::StrCat("/stacks/", uid, "/actions/",
                     action["response"][0]["id"].get<int64_t>());
    while (Ask("GET", path)["response"][0]["finished_at"].is_null()) {
    }
  }

  harness::ClientResponse Get(std::string_view accept = "") {
    std::vector<std::string> headers = {
        absl::StrCat("Authorization: Bearer ", public_)};
    if (!accept.empty()) headers.push_back(absl::StrCat("Accept: ", accept));
    return harness::HttpClient(server_->port())
        .Request("GET", "/metrics", headers);
  }

  MetricsText Scrape() {
    const harness::ClientResponse answer = Get();
    EXPECT_EQ(answer.status, 200);
    MetricsText metrics(answer.body, /*is_open_metrics=*/false);
    EXPECT_EQ(metrics.error(), "");
    return metrics;
  }

  const platform::TempDirectory directory_;
  std::optional<harness::ServerProcess> server_;
  std::string admin_;
  std::string public_;
};

TEST_F(MetricsTest, BothFormatsAreValidAndTheSame) {
  MakeStack("shop", "web: sleep 1000\n");
  const harness::ClientResponse text = Get("*/*");
  EXPECT_EQ(text.Header("Content-Type"),
            "text/plain; version=0.0.4; charset=utf-8");
  const MetricsText first(text.body, /*is_open_metrics=*/false);
  EXPECT_EQ(first.error(), "");
  const harness::ClientResponse open =
      Get("application/openmetrics-text;version=1.0.0;q=0.5,"
          "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  EXPECT_EQ(open.Header("Content-Type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  const MetricsText second(open.body, /*is_open_metrics=*/true);
  EXPECT_EQ(second.error(), "");
  // The second one also has the first request for metrics.
  std::set<std::string> names;
  for (const MetricSample& sample : first.samples()) names.insert(sample.name);
  for (const MetricSample& sample : second.samples()) {
    EXPECT_THAT(names, Contains(sample.name));
  }
  EXPECT_EQ(first.WithLabel("version", "0.1.0").size(), 1u);
}

TEST_F(MetricsTest, ATokenIsNeeded) {
  harness::HttpClient client(server_->port());
  EXPECT_EQ(client.Get("/metrics").status, 401);
  EXPECT_EQ(client.Get("/metrics", "tly_wrong").status, 401);
  const harness::ClientResponse answer = client.Get("/metrics", public_);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.Header("X-RateLimit-Remaining"), "");
  EXPECT_EQ(client.Get("/metrics.json", public_).status, 404);
  EXPECT_EQ(client.Get("/api/3/metrics", public_).status, 404);
}

TEST_F(MetricsTest, CountsRequestsByPatternAndStatus) {
  harness::HttpClient client(server_->port());
  const MetricsText before = Scrape();
  EXPECT_EQ(before.Value(kRequests, Request("/stacks/{uid}", "404")),
            std::nullopt);
  EXPECT_EQ(client.Get("/stacks/none", public_).status, 404);
  EXPECT_EQ(client.Get("/stacks/other", public_).status, 404);
  EXPECT_EQ(client.Get("/api/3/stacks/none.json", public_).status, 404);
  EXPECT_EQ(client.Get("/stacks/none").status, 401);
  EXPECT_EQ(client.Request("HEAD", "/healthz").status, 200);
  EXPECT_EQ(client.Get("/nowhere/1").status, 404);
  EXPECT_EQ(client.Get("/nowhere/2").status, 404);
  EXPECT_EQ(client.Request("NONSENSE", "/stacks").status, 405);
  const MetricsText after = Scrape();
  EXPECT_EQ(after.Value(kRequests, Request("/stacks/{uid}", "404")), 3);
  EXPECT_EQ(after.Value(kRequests, Request("/stacks/{uid}", "401")), 1);
  EXPECT_EQ(after.Value(kRequests, Request("/healthz", "200")), 1);
  EXPECT_EQ(after.Value(kRequests, Request("/metrics", "200")), 1);
  EXPECT_EQ(after.Value(kRequests, Request("other", "404", "other")), 2);
  EXPECT_EQ(after.Value(kRequests, Request("other", "405", "other")), 1);
  EXPECT_EQ(after.Value("tallyman_http_request_duration_seconds_count",
                        {{"method", "GET"}, {"route", "/stacks/{uid}"}}),
            4);
  for (const MetricSample& sample : after.samples()) {
    for (const auto& [name, value] : sample.labels) {
      EXPECT_THAT(value, Not(HasSubstr("none")));
    }
  }
}

TEST_F(MetricsTest, CountsConnectionsAndStreams) {
  const std::string uid = MakeStack("shop", "web: sleep 1000\n");
  const MetricsText before = Scrape();
  harness::HttpClient follower(server_->port());
  follower.Send(absl::StrCat("GET /stacks/", uid,
                             "/processes/web/logs?follow=1 HTTP/1.1\r\n"
                             "Host: localhost\r\nAuthorization: Bearer ",
                             public_, "\r\n\r\n"));
  while (Scrape().Value("tallyman_http_streams") != 1) {
  }
  const MetricsText with = Scrape();
  EXPECT_GE(*with.Value("tallyman_http_connections"), 2);
  EXPECT_GT(*with.Value("tallyman_http_connections_accepted_total"),
            *before.Value("tallyman_http_connections_accepted_total"));
  EXPECT_EQ(with.Value("tallyman_http_connections_refused_total"), 0);
  Delete(uid);
  while (Scrape().Value("tallyman_http_streams") != 0) {
  }
}

TEST_F(MetricsTest, ShowsStacksWithoutPidsAndForgetsRemovedOnes) {
  const LabelMap web = {
      {"stack", "shop"}, {"environment", "test"}, {"process", "web"}};
  const std::string uid = Ask(
      "POST", "/stacks",
      R"({"name":"shop","environment":"test","processes":[)"
      R"({"name":"web","command":"sleep 1000","instances":1},)"
      R"({"name":"crash","command":"exit 3","instances":1},)"
      R"({"name":"none","command":"x","directory":"/none","instances":1}]})")
      ["response"][0]["uid"];
  LabelMap crash = web;
  crash["process"] = "crash";
  while (Scrape().Value("tallyman_instance_restarts_total", crash) < 3) {
  }
  const MetricsText metrics = Scrape();
  EXPECT_GE(*metrics.Value("tallyman_instance_exits_total", crash), 3);
  EXPECT_EQ(metrics.Value("tallyman_instance_exits_total", web), 0);
  EXPECT_EQ(metrics.Value("tallyman_instances_desired", web), 1);
  LabelMap none = web;
  none["process"] = "none";
  while (Scrape().Value("tallyman_instance_start_failures_total", none) < 1) {
  }
  EXPECT_EQ(metrics.Value("tallyman_stacks"), 1);
  EXPECT_GT(*metrics.Value("tallyman_event_log_events"), 0);
  for (const MetricSample& sample : metrics.samples()) {
    EXPECT_THAT(sample.labels, Not(Contains(Key("pid"))));
    EXPECT_THAT(sample.labels, Not(Contains(Key("instance"))));
  }
  Delete(uid);
  const MetricsText after = Scrape();
  EXPECT_THAT(after.WithLabel("stack", "shop"), IsEmpty());
  EXPECT_EQ(after.Value("tallyman_stacks"), 0);
  EXPECT_EQ(after.Value("tallyman_actions_ended_total",
                        {{"kind", "Stack_delete"}, {"result", "success"}}),
            1);
}

TEST_F(MetricsTest, CountsProcessesOfTheMachineAndTimesTheirLists) {
  const MetricsText first = Scrape();
  EXPECT_GT(*first.Value("tallyman_database_size_bytes"), 4096);
  double processes = 0;
  for (const MetricSample& sample : first.samples()) {
    if (sample.name == "tallyman_host_processes") processes += sample.value;
  }
  EXPECT_GE(processes, 2);  // The server and this test.
  const double lists =
      *first.Value("tallyman_process_list_duration_seconds_count");
  Ask("GET", "/server/processes?limit=1");
  EXPECT_EQ(Scrape().Value("tallyman_process_list_duration_seconds_count"),
            lists + 2);
}

class PublicMetricsTest : public MetricsTest {
 protected:
  PublicMetricsTest() : MetricsTest({"--metrics_public"}) {}
};

TEST_F(PublicMetricsTest, NoTokenIsNeeded) {
  const harness::ClientResponse answer =
      harness::HttpClient(server_->port()).Get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("X-RateLimit-Remaining"), "");
  EXPECT_EQ(MetricsText(answer.body, /*is_open_metrics=*/false).error(), "");
}

}  // namespace
}  // namespace tallyman::server
