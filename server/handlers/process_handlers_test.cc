#include "server/handlers/process_handlers.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/stack_api.h"
#include "stacks/model/status.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Json = nlohmann::ordered_json;

constexpr std::string_view kHere = StackApi::kHere;
constexpr std::string_view kThere = StackApi::kThere;

class ProcessHandlersTest : public testing::Test {
 protected:
  // Sends a scale request with all fields in the query.
  Answer Scale(std::string_view process, std::string_view counts,
               std::vector<std::pair<std::string_view, std::string_view>>
                   headers = {}) const {
    return api_.Ask("POST",
                    absl::StrCat(path_, "?process_name=", process,
                                 "&server_count=", counts),
                    {.headers = std::move(headers)});
  }

  std::string Here(int count) const { return absl::StrCat(kHere, ":", count); }

  // The desired counts of a process, as text.
  std::string Desired(std::string_view process) const {
    return api_.Get(absl::StrCat("/api/3", path_, "/", process))
        .json["response"]["desired"]
        .dump();
  }

  void RunWeb(int count) {
    std::vector<stacks::InstanceStatus> instances(count);
    for (int i = 0; i < count; ++i) {
      instances[i] = {.number = i + 1,
                      .state = stacks::InstanceState::kRunning,
                      .pid = 100 + i};
    }
    api_.status().Set(uid_, "web", std::move(instances));
  }

  static void ExpectError(const Answer& answer, int status,
                          std::string_view details) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_THAT(answer.Details(), HasSubstr(details)) << answer.body;
  }

  StackApi api_;
  const std::string uid_ = api_.MakeStack();
  const std::string path_ = absl::StrCat("/stacks/", uid_, "/processes");
};

TEST_F(ProcessHandlersTest, ListsProcessesInTheOrderOfTheDefinition) {
  RunWeb(2);
  const Answer answer = api_.Get(path_ + ".json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json["response"][0].dump(),
            R"({"md5":"71113924c4476be87cd650ae49e6a5bc","name":"web",)"
            R"("command":"bin/web --token=***","servers":{"server_name":2}})");
  EXPECT_EQ(answer.json["response"][1]["name"], "web.v2");
  EXPECT_EQ(answer.json["response"][1]["servers"], Json::object());
  EXPECT_EQ(answer.json["count"], 3);
  EXPECT_EQ(answer.json["pagination"]["count"], 3);
  const Answer page = api_.Get(path_ + "?per_page=1&page=2");
  EXPECT_EQ(page.json["response"][0]["name"], "web.v2");
  EXPECT_EQ(page.json["pagination"]["pages"], 3);
}

TEST_F(ProcessHandlersTest, FiltersByServer) {
  EXPECT_EQ(Scale("web", Here(1)).status, 200);
  EXPECT_EQ(Scale("worker", absl::StrCat(kThere, ":2")).status, 200);
  const Answer here = api_.Get(absl::StrCat(path_, "?server_uid=", kHere));
  EXPECT_EQ(here.json["count"], 1);
  EXPECT_EQ(here.json["response"][0]["servers"].dump(), R"({"server_name":0})");
  const Answer there = api_.Get(absl::StrCat(path_, "?server_uid=", kThere));
  EXPECT_EQ(there.json["count"], 1);
  EXPECT_EQ(there.json["response"][0]["name"], "worker");
  ExpectError(api_.Get(path_ + "?server_uid=none"), 404,
              "there is no server \"none\"");
  ExpectError(api_.Get(path_ + "/web?server_uid=none"), 404,
              "there is no server \"none\"");
}

TEST_F(ProcessHandlersTest, ASingleProcessIsAListOnlyOnThePlainMount) {
  const Answer plain = api_.Get(path_ + "/web");
  EXPECT_EQ(plain.json["response"].size(), 1);
  EXPECT_EQ(plain.json["response"][0].size(), 4);
  EXPECT_EQ(plain.json["count"], 1);
  EXPECT_EQ(plain.json["pagination"]["count"], 1);
  EXPECT_EQ(api_.Get(path_ + "/web?page=2").json["count"], 0);
  const Answer object = api_.Get(absl::StrCat("/api/3", path_, "/web"));
  EXPECT_EQ(object.json["response"]["name"], "web");
  EXPECT_EQ(object.json["response"]["state"], "stopped");
  EXPECT_FALSE(object.json.contains("pagination"));
}

TEST_F(ProcessHandlersTest, AcceptsNamesWithDots) {
  for (const std::string_view name : {"/web.v2", "/web.v2.json", "/web%2Ev2"}) {
    const Answer answer = api_.Get(absl::StrCat(path_, name));
    EXPECT_EQ(answer.json["response"][0]["name"], "web.v2") << name;
  }
  ExpectError(api_.Get(path_ + "/web.v3"), 404, "has no process \"web.v3\"");
}

TEST_F(ProcessHandlersTest, ScalingReturnsTheActionOnBothMounts) {
  const Answer plain = Scale("web", Here(2));
  EXPECT_EQ(plain.status, 200) << plain.body;
  EXPECT_EQ(plain.json.size(), 1);
  const Json& action = plain.json["response"][0];
  EXPECT_TRUE(action["id"].is_number_integer());
  EXPECT_EQ(action["user"], "operator");
  EXPECT_EQ(action["resource_type"], "stack");
  EXPECT_EQ(action["action"], "Process_scale");
  EXPECT_EQ(action["resource_id"], uid_);
  EXPECT_EQ(action["started_via"], "api");
  EXPECT_THAT(action["started_at"].get<std::string>(),
              MatchesRegex("[0-9-]{10}T[0-9:]{8}Z"));
  EXPECT_EQ(action["finished_at"], nullptr);
  EXPECT_EQ(action["finished_success"], nullptr);
  EXPECT_EQ(action["finished_message"], nullptr);
  EXPECT_EQ(Desired("web"), R"({"server_name":2})");

  const Answer object =
      api_.Post(absl::StrCat("/api/3", path_, ".json"),
                absl::StrCat(R"({"process_name":"web","server_count":{")",
                             kHere, R"(":3}})"));
  EXPECT_EQ(object.status, 200) << object.body;
  EXPECT_EQ(object.json["response"]["action"], "Process_scale");
  EXPECT_EQ(Desired("web"), R"({"server_name":3})");
}

TEST_F(ProcessHandlersTest, AcceptsCountsInThreeForms) {
  EXPECT_EQ(Scale("web", absl::StrCat(kHere, ":1,", kThere, ":2")).status, 200);
  EXPECT_EQ(Desired("web"), R"({"other_name":2,"server_name":1})");
  const auto form = [&](const std::string& body) {
    return api_.Ask(
        "POST", path_,
        {.body = body, .content_type = "application/x-www-form-urlencoded"});
  };
  EXPECT_EQ(form(absl::StrCat("process_name=web&server_count=", kHere, "%3A4"))
                .status,
            200);
  EXPECT_EQ(Desired("web"), R"({"other_name":2,"server_name":4})");
  EXPECT_EQ(
      form(absl::StrCat("server_count[", kHere, "]=5&process_name=web")).status,
      200);
  EXPECT_EQ(Desired("web"), R"({"other_name":2,"server_name":5})");
  EXPECT_EQ(
      api_.Post(path_, absl::StrCat(R"({"process_name":"web",)",
                                    R"("server_count":{")", kThere, R"(":0}})"))
          .status,
      200);
  EXPECT_EQ(Desired("web"), R"({"server_name":5})");
}

TEST_F(ProcessHandlersTest, ABadScaleRequestChangesNothing) {
  EXPECT_EQ(Scale("web", Here(1)).status, 200);
  ExpectError(Scale("none", Here(1)), 404, "\"none\"");
  ExpectError(Scale("web", "none:1"), 404, "\"none\"");
  ExpectError(Scale("web", absl::StrCat(kHere, ":9,none:1")), 404, "\"none\"");
  ExpectError(Scale("web", absl::StrCat(kHere, ":-1")), 400, "server_count");
  ExpectError(Scale("web", absl::StrCat(kHere, ":1.5")), 400, "server_count");
  ExpectError(Scale("web", absl::StrCat(kHere, ":1001")), 400, "1000");
  ExpectError(Scale("web", absl::StrCat(kHere, ":")), 400, "server_count");
  ExpectError(api_.Ask("POST", path_ + "?process_name=web"), 400,
              "server_count");
  ExpectError(api_.Ask("POST", absl::StrCat(path_, "?server_count=", Here(1))),
              400, "process_name");
  ExpectError(api_.Post(path_, "{"), 400, "not JSON");
  ExpectError(
      api_.Ask("POST", path_, {.body = "<x/>", .content_type = "text/xml"}),
      415, "\"text/xml\"; send application/json");
  ExpectError(
      api_.Ask("POST", absl::StrCat("/stacks/none/processes?process_name=web&",
                                    "server_count=", Here(1))),
      404, "there is no stack \"none\"");
  EXPECT_EQ(Desired("web"), R"({"server_name":1})");
}

TEST_F(ProcessHandlersTest, AStackThatIsBeingRemovedIsNotScaled) {
  EXPECT_EQ(Scale("web", Here(1)).status, 200);
  EXPECT_EQ(api_.Ask("DELETE", absl::StrCat("/stacks/", uid_)).status, 200);
  ExpectError(Scale("web", Here(2)), 409, "");
}

TEST_F(ProcessHandlersTest, TheTagIsTheSameOnBothMounts) {
  const std::string etag = api_.Get(path_ + "/web").Header("ETag");
  EXPECT_THAT(etag, MatchesRegex("\"[0-9a-f]{32}\""));
  EXPECT_EQ(api_.Get(absl::StrCat("/api/3", path_, "/web")).Header("ETag"),
            etag);
  EXPECT_NE(api_.Get(path_ + "/worker").Header("ETag"), etag);
  RunWeb(1);
  EXPECT_NE(api_.Get(path_ + "/web").Header("ETag"), etag);
}

TEST_F(ProcessHandlersTest, IfNoneMatchSavesTheBody) {
  const std::string etag = api_.Get(path_ + "/web").Header("ETag");
  for (const std::string& tags : {etag, "\"x\", W/" + etag, std::string("*")}) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      const Answer answer = api_.Ask(method, path_ + "/web",
                                     {.headers = {{"If-None-Match", tags}}});
      EXPECT_EQ(answer.status, 304) << tags;
      EXPECT_EQ(answer.body, "");
      EXPECT_EQ(answer.Header("ETag"), etag);
      EXPECT_NE(answer.Header("X-RateLimit-Remaining"), "");
    }
  }
  EXPECT_EQ(Scale("web", Here(1)).status, 200);
  EXPECT_EQ(
      api_.Ask("GET", path_ + "/web", {.headers = {{"If-None-Match", etag}}})
          .status,
      200);
}

TEST_F(ProcessHandlersTest, IfMatchGuardsScaling) {
  const std::string etag = api_.Get(path_ + "/web").Header("ETag");
  EXPECT_EQ(Scale("web", Here(1), {{"If-Match", etag}}).status, 200);
  const std::string now = api_.Get(path_ + "/web").Header("ETag");
  const Answer refused = Scale("web", Here(2), {{"If-Match", etag}});
  ExpectError(
      refused, 412,
      absl::StrCat("the process \"web\" has changed; its ETag is now ", now));
  EXPECT_EQ(refused.json["error"], "precondition_failed");
  EXPECT_EQ(Desired("web"), R"({"server_name":1})");
  // If-Match compares strongly: weak tags never match.
  ExpectError(Scale("web", Here(2), {{"If-Match", "W/" + now}}), 412, now);
  ExpectError(Scale("web", Here(2), {{"If-Match", "x"}}), 400, "If-Match: ");
  EXPECT_EQ(Scale("web", Here(2), {{"If-Match", "\"x\", " + now}}).status, 200);
  EXPECT_EQ(Scale("web", Here(3), {{"If-Match", "*"}}).status, 200);
  ExpectError(Scale("none", Here(3), {{"If-Match", etag}}), 404, "\"none\"");
}

TEST_F(ProcessHandlersTest, AServerMayBeGivenByItsName) {
  EXPECT_EQ(Scale("web", "server_name:2,other_name:1").status, 200);
  EXPECT_EQ(Desired("web"), R"({"other_name":1,"server_name":2})");
  EXPECT_EQ(
      api_.Post(path_, absl::StrCat(R"({"process_name":"web",)",
                                    R"("server_count":{"server_name":3}})"))
          .status,
      200);
  EXPECT_EQ(Desired("web"), R"({"other_name":1,"server_name":3})");
  ExpectError(Scale("web", "no_name:1"), 404,
              "server_count: there is no server \"no_name\"");
  ExpectError(Scale("web", absl::StrCat("server_name:1,", Here(2))), 400,
              "is there twice");
  // The same request by uid.
  const Answer named =
      Scale("web", "server_name:1", {{"Idempotency-Key", "n"}});
  const Answer by_uid = Scale("web", Here(1), {{"Idempotency-Key", "n"}});
  EXPECT_EQ(by_uid.body, named.body);
}

TEST_F(ProcessHandlersTest, ADryRunSaysWhatAScaleWouldDo) {
  EXPECT_EQ(Scale("web", Here(2)).status, 200);
  const auto snapshot = api_.registry().Snapshot();
  const Answer answer = api_.Ask(
      "POST", absl::StrCat(path_, "?dry_run=1&process_name=web&server_count=",
                           "server_name:5,", kThere, ":1"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  const Json& plan = answer.json["response"][0];
  EXPECT_EQ(plan["dry_run"], true);
  EXPECT_EQ(plan["start"], 4);
  EXPECT_EQ(plan["stop"], 0);
  EXPECT_EQ(plan["processes"][0]["name"], "web");
  EXPECT_EQ(plan["superseded"].size(), 1);
  const Answer object = api_.Ask(
      "POST",
      absl::StrCat("/api/3", path_,
                   "?dry_run=true&process_name=web&server_count=", Here(0)));
  EXPECT_EQ(object.json["response"]["stop"], 2) << object.body;
  EXPECT_EQ(object.json["response"]["processes"][0]["servers"].dump(),
            absl::StrCat(R"([{"uid":")", kHere, R"(","name":"server_name",)",
                         R"("desired_before":2,"desired":0,"start":0,)",
                         R"("stop":2,"restart":0}])"));
  EXPECT_EQ(api_.registry().Snapshot(), snapshot);
}

TEST_F(ProcessHandlersTest, ADryRunChecksWhatARealScaleChecks) {
  const auto snapshot = api_.registry().Snapshot();
  const auto dry =
      [&](std::string_view query,
          std::vector<std::pair<std::string_view, std::string_view>> headers =
              {}) {
        return api_.Ask("POST", absl::StrCat(path_, "?dry_run=1&", query),
                        {.headers = std::move(headers)});
      };
  const std::string ok =
      absl::StrCat("process_name=web&server_count=", Here(1));
  EXPECT_EQ(dry(ok).status, 200);
  ExpectError(dry("process_name=none&server_count=" + Here(1)), 404,
              "\"none\"");
  ExpectError(dry("process_name=web&server_count=none:1"), 404, "\"none\"");
  ExpectError(dry("process_name=web&server_count=" + Here(1001)), 400,
              "server_count");
  ExpectError(dry("process_name=web"), 400, "server_count: is missing");
  ExpectError(dry(ok, {{"If-Match", "\"x\""}}), 412,
              "has changed; its ETag is");
  const std::string etag = api_.Get(path_ + "/web").Header("ETag");
  EXPECT_EQ(dry(ok, {{"If-Match", etag}}).status, 200);
  ExpectError(dry(ok, {{"Idempotency-Key", ""}}), 400, "Idempotency-Key");
  ExpectError(api_.Ask("POST", absl::StrCat(path_, "?dry_run=yes&", ok)), 400,
              "dry_run: \"yes\" is none of 1, true, 0 and false");
  // In the body it would be overlooked.
  ExpectError(api_.Post(path_, R"({"process_name":"web","dry_run":1})"), 400,
              "dry_run: unknown key");
  EXPECT_EQ(api_.registry().Snapshot(), snapshot);
  // The key is not used up.
  EXPECT_EQ(dry(ok, {{"Idempotency-Key", "k"}}).status, 200);
  const Answer real = Scale("web", Here(3), {{"Idempotency-Key", "k"}});
  EXPECT_EQ(real.status, 200) << real.body;
  EXPECT_EQ(Desired("web"), R"({"server_name":3})");
}

TEST_F(ProcessHandlersTest, ARepeatedIdempotencyKeyScalesOnce) {
  const Answer first = Scale("web", Here(2), {{"Idempotency-Key", "k"}});
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(Scale("web", Here(3)).status, 200);
  const Answer again = Scale("web", Here(2), {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.json["response"][0]["id"], first.json["response"][0]["id"]);
  EXPECT_EQ(Desired("web"), R"({"server_name":3})");
  // The same request in another form and another order.
  const auto two = [&](std::string_view body) {
    return api_.Ask("POST", absl::StrCat("/api/3", path_),
                    {.body = body,
                     .content_type = "application/json",
                     .headers = {{"Idempotency-Key", "two"}}});
  };
  const Answer pair = Scale("web", absl::StrCat(kThere, ":1,", kHere, ":1"),
                            {{"Idempotency-Key", "two"}});
  const Answer json =
      two(absl::StrCat(R"({"server_count":{")", kHere, R"(":1,")", kThere,
                       R"(":1},"process_name":"web"})"));
  EXPECT_EQ(json.status, 200) << json.body;
  EXPECT_EQ(json.json["response"]["id"], pair.json["response"][0]["id"]);
  ExpectError(Scale("web", Here(4), {{"Idempotency-Key", "k"}}), 409, "");
  EXPECT_EQ(Desired("web"), R"({"other_name":1,"server_name":1})");
}

// A client that got no response repeats the same request, including If-Match.
TEST_F(ProcessHandlersTest, ARepeatedRequestIgnoresItsOwnChange) {
  const std::string etag = api_.Get(path_ + "/web").Header("ETag");
  const auto ask = [&] {
    return Scale("web", Here(2),
                 {{"If-Match", etag}, {"Idempotency-Key", "k"}});
  };
  const Answer first = ask();
  const Answer again = ask();
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.json["response"][0]["id"], first.json["response"][0]["id"]);
}

TEST_F(ProcessHandlersTest, TheQueryMayRepeatThePath) {
  const std::string stack = path_.substr(8, 32);
  EXPECT_EQ(api_.Get(path_ + "?stack_id=" + stack).status, 200);
  EXPECT_EQ(api_.Get(path_ + "/web?id=web&stack_id=" + stack).status, 200);
  const Answer other = api_.Get(path_ + "/web?id=worker");
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.Details(), HasSubstr("\"worker\""));
}

TEST_F(ProcessHandlersTest, ACachedBodyServesOnlyTheSameRequest) {
  for (int running = 0; running < 3; ++running) {
    RunWeb(running);
    for (int i = 0; i < 2; ++i) {
      const Answer answer = api_.Get(path_ + "?page=1");
      const Json& servers = answer.json["response"][0]["servers"];
      EXPECT_EQ(servers.value("server_name", 0), running);
      EXPECT_EQ(api_.Get(path_ + "?page=1&server_uid=").status, 404);
      EXPECT_EQ(api_.Get(path_ + "?page=0").status, 400);
      EXPECT_EQ(api_.Get(path_ + "?page=2").json["count"], 0);
      EXPECT_EQ(api_.Get(path_ + "?per_page=1").json["count"], 1);
      EXPECT_TRUE(api_.Get("/api/3" + path_)
                      .json["response"][0]
                      .contains("servers_pauses"));
    }
  }
}

}  // namespace
}  // namespace tallyman::server
