#include "server/handlers/stack_handlers.h"

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

constexpr std::string_view kShop =
    R"({"name":"shop","environment":"production","procfile":"web: bin/web"})";

class StackHandlersTest : public testing::Test {
 protected:
  // Expects an error with the name and with the text in its details.
  static void ExpectError(const Answer& answer, int status,
                          std::string_view error, std::string_view details) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.json["error"], error) << answer.body;
    EXPECT_THAT(answer.Details(), HasSubstr(details));
  }

  StackApi api_;
};

TEST_F(StackHandlersTest, CreatesAStack) {
  const Answer made = api_.Post("/stacks", kShop);
  EXPECT_EQ(made.status, 201) << made.body;
  const Json& stack = made.json["response"][0];
  const std::string uid = stack["uid"].get<std::string>();
  EXPECT_THAT(uid, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(made.Header("Location"), absl::StrCat("/stacks/", uid));
  EXPECT_EQ(stack["name"], "shop");
  EXPECT_EQ(stack["environment"], "production");
  EXPECT_EQ(stack["health"], 3);
  EXPECT_TRUE(stack["status"].is_number_integer());
  EXPECT_THAT(stack["created_at_iso"].get<std::string>(),
              MatchesRegex("[0-9-]{10}T[0-9:]{8}Z"));

  const Answer found = api_.Get(absl::StrCat("/stacks/", uid));
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, made.body);
}

TEST_F(StackHandlersTest, Api3ReturnsObjectsAndItsOwnLocation) {
  const Answer made = api_.Post("/api/3/stacks.json", kShop);
  EXPECT_EQ(made.status, 201) << made.body;
  const std::string uid = made.json["response"]["uid"].get<std::string>();
  EXPECT_EQ(made.Header("Location"), absl::StrCat("/api/3/stacks/", uid));
  EXPECT_EQ(api_.Get(absl::StrCat("/api/3/stacks/", uid, ".json")).body,
            made.body);
  const Answer list = api_.Get("/api/3/stacks.json");
  EXPECT_EQ(list.json["count"], 1);
  EXPECT_EQ(list.json["response"][0]["uid"], uid);
}

TEST_F(StackHandlersTest, ListsStacksByPagesAndByName) {
  for (const std::string_view name : {"a", "b", "c"}) api_.MakeStack(name);
  const Answer page = api_.Get("/stacks?page=2&per_page=2");
  EXPECT_EQ(page.json["count"], 1);
  EXPECT_EQ(page.json["response"][0]["name"], "c");
  EXPECT_EQ(page.json["pagination"].dump(),
            R"({"previous":1,"next":null,"current":2,"per_page":2,"count":3,)"
            R"("pages":2})");
  const Answer past = api_.Get("/stacks?page=9");
  EXPECT_EQ(past.json["response"], Json::array());
  EXPECT_EQ(past.json["pagination"]["current"], 9);
  EXPECT_EQ(api_.Get("/stacks?name=b").json["response"][0]["name"], "b");
  EXPECT_EQ(api_.Get("/stacks?name=b&environment=x").json["count"], 0);
  ExpectError(api_.Get("/stacks?page=0"), 400, "bad_request", "page: \"0\"");
  ExpectError(api_.Get("/stacks?per_page=101"), 400, "bad_request",
              "per_page: \"101\"");
}

TEST_F(StackHandlersTest, AnInvalidDefinitionCreatesNothing) {
  ExpectError(api_.Post("/stacks", "{"), 400, "bad_request", "not JSON");
  ExpectError(api_.Post("/stacks", R"({"name":"a","procfile":"web"})"), 400,
              "bad_request", "procfile: line 1");
  ExpectError(api_.Ask("POST", "/stacks",
                       {.body = "name=a",
                        .content_type = "application/x-www-form-urlencoded"}),
              415, "unsupported_media_type",
              "\"application/x-www-form-urlencoded\"; send application/json");
  EXPECT_EQ(api_.Get("/stacks").json["count"], 0);
}

TEST_F(StackHandlersTest, TwoStacksCannotHaveTheSameName) {
  EXPECT_EQ(api_.Post("/stacks", kShop).status, 201);
  ExpectError(api_.Post("/stacks", kShop), 409, "conflict", "shop");
}

TEST_F(StackHandlersTest, ReplacesADefinition) {
  const std::string uid = api_.MakeStack();
  const std::string path = absl::StrCat("/stacks/", uid);
  const Answer answer =
      api_.Ask("PUT", path,
               {.body = R"({"name":"shop2","procfile":"db: bin/db"})",
                .content_type = "application/json; charset=utf-8"});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["response"][0]["uid"], uid);
  EXPECT_EQ(answer.json["response"][0]["name"], "shop2");
  EXPECT_EQ(api_.Get(path + "/processes").json["response"][0]["name"], "db");
  ExpectError(api_.Ask("PUT", path, {.body = "x"}), 415,
              "unsupported_media_type", "application/json");
  ExpectError(api_.Ask("PUT", "/stacks/none",
                       {.body = kShop, .content_type = "application/json"}),
              404, "not_found", "there is no stack \"none\"");
}

TEST_F(StackHandlersTest, DryRunsChangeNothing) {
  const std::string uid = api_.MakeStack();
  const auto snapshot = api_.registry().Snapshot();
  constexpr std::string_view kJson = "application/json";
  const auto dry = [&](std::string_view method, std::string_view path,
                       std::string_view body = "") {
    return api_.Ask(method, absl::StrCat(path, "?dry_run=1"),
                    {.body = body, .content_type = body.empty() ? "" : kJson});
  };
  const Answer created =
      dry("POST", "/stacks",
          R"({"name":"new","processes":[{"name":"web","command":"sleep 1",)"
          R"("instances":2}]})");
  EXPECT_EQ(created.status, 200) << created.body;
  EXPECT_EQ(created.Header("Location"), "");
  EXPECT_EQ(created.json["response"][0]["uid"], nullptr);
  EXPECT_EQ(created.json["response"][0]["start"], 2);
  ExpectError(dry("POST", "/stacks", R"({"name":"new"})"), 400, "bad_request",
              "");

  const std::string path = absl::StrCat("/stacks/", uid);
  const Answer replaced = dry("PUT", path,
                              R"({"name":"shop","environment":"x",)"
                              R"("procfile":"web: other\n"})");
  EXPECT_EQ(replaced.status, 200) << replaced.body;
  const Json& plan = replaced.json["response"][0];
  EXPECT_EQ(plan["uid"], uid);
  EXPECT_EQ(plan["deleted"], false);
  EXPECT_EQ(plan["processes"][0]["change"], "changed");
  EXPECT_EQ(plan["processes"][0]["fields"][0], "command");
  EXPECT_EQ(plan["processes"][1]["change"], "removed");

  const Answer deleted = dry("DELETE", path);
  EXPECT_EQ(deleted.status, 200) << deleted.body;
  EXPECT_EQ(deleted.json["response"][0]["deleted"], true);
  ExpectError(dry("DELETE", "/stacks/none"), 404, "not_found",
              "there is no stack \"none\"");
  ExpectError(api_.Ask("DELETE", path + "?dry_run=maybe"), 400, "bad_request",
              "dry_run: \"maybe\"");
  EXPECT_EQ(api_.registry().Snapshot(), snapshot);
}

TEST_F(StackHandlersTest, RemovingAStackIsAnAction) {
  const std::string uid = api_.MakeStack();
  const Answer answer =
      api_.Ask("DELETE", absl::StrCat("/stacks/", uid, ".json"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["response"][0]["action"], "Stack_delete");
  EXPECT_EQ(answer.json["response"][0]["resource_id"], uid);
  EXPECT_EQ(answer.json["response"][0]["user"], "operator");
  ExpectError(api_.Ask("DELETE", "/stacks/none"), 404, "not_found",
              "there is no stack \"none\"");
}

TEST_F(StackHandlersTest, HealthFollowsTheInstances) {
  const std::string uid = api_.MakeStack();
  const std::string path = absl::StrCat("/stacks/", uid);
  api_.Ask("POST", absl::StrCat(path, "/processes?process_name=web&",
                                "server_count=", StackApi::kHere, ":1"));
  EXPECT_EQ(api_.Get(path).json["response"][0]["health"], 1);
  api_.status().Set(uid, "web",
                    {{.state = stacks::InstanceState::kCrashLooping}});
  EXPECT_EQ(api_.Get(path).json["response"][0]["health"], 4);
}

TEST_F(StackHandlersTest, ShowsServers) {
  const std::string uid = api_.MakeStack();
  const std::string path = absl::StrCat("/stacks/", uid, "/servers");
  const Answer list = api_.Get(path + ".json");
  EXPECT_EQ(list.json["count"], 2);
  EXPECT_EQ(list.json["response"][0]["name"], "other_name");
  EXPECT_EQ(list.json["response"][0]["health_state"], 0);
  EXPECT_EQ(list.json["response"][1]["name"], "server_name");
  EXPECT_EQ(list.json["response"][1]["health_state"], 3);
  EXPECT_EQ(list.json["response"][1]["address"], "192.0.2.1");
  EXPECT_EQ(api_.Get(path + "?per_page=1").json["pagination"]["next"], 2);
  const Answer one =
      api_.Get(absl::StrCat("/api/3", path, "/", StackApi::kHere));
  EXPECT_EQ(one.json["response"]["uid"], StackApi::kHere);
  EXPECT_EQ(one.json["response"]["stack_uid"], uid);
  ExpectError(api_.Get(path + "/none"), 404, "not_found",
              "there is no server \"none\"");
}

TEST_F(StackHandlersTest, AnUnknownStackIs404Everywhere) {
  const std::vector<std::string_view> paths = {"",
                                               "/servers",
                                               "/servers/x",
                                               "/processes",
                                               "/processes/web",
                                               "/actions",
                                               "/actions/1",
                                               "/actions/x",
                                               "/events",
                                               "/processes/web/logs"};
  for (const std::string_view mount : {"", "/api/3"}) {
    for (const std::string_view path : paths) {
      ExpectError(api_.Get(absl::StrCat(mount, "/stacks/no\"ne", path)), 404,
                  "not_found", "there is no stack \"no\\\"ne\"");
    }
  }
  const std::string uid = api_.MakeStack();
  std::string upper = uid;
  for (char& c : upper) c = c == 'a' ? 'A' : c;
  if (upper != uid) {
    EXPECT_EQ(api_.Get(absl::StrCat("/stacks/", upper)).status, 404);
  }
}

TEST_F(StackHandlersTest, ReadsNeedPublicAndChangesNeedAdmin) {
  const std::string uid = api_.MakeStack();
  const std::string path = absl::StrCat("/stacks/", uid);
  for (const std::string_view below :
       {"", "/servers", "/processes", "/processes/web", "/processes/web/logs",
        "/actions", "/events"}) {
    EXPECT_EQ(
        api_.Ask("GET", absl::StrCat(path, below), {.with_public_token = true})
            .status,
        200)
        << below;
  }
  const std::vector<std::pair<std::string_view, std::string>> changes = {
      {"POST", "/stacks"},
      {"PUT", path},
      {"DELETE", path},
      {"POST", path + "/processes"},
      {"POST", path + "/actions"}};
  for (const auto& [method, target] : changes) {
    const Answer answer = api_.Ask(method, target, {.with_public_token = true});
    ExpectError(answer, 403, "forbidden", "admin");
    EXPECT_NE(answer.Header("X-RateLimit-Remaining"), "");
  }
}

TEST_F(StackHandlersTest, OtherMethodsAre405) {
  const std::string uid = api_.MakeStack();
  const Answer answer = api_.Ask("PATCH", absl::StrCat("/stacks/", uid));
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Header("Allow"), "DELETE, GET, HEAD, PUT, OPTIONS");
}

TEST_F(StackHandlersTest, ARepeatedIdempotencyKeyChangesNothing) {
  const auto post = [&](std::string_view key, std::string_view target,
                        std::string_view body) {
    return api_.Ask("POST", target,
                    {.body = body,
                     .content_type = "application/json",
                     .headers = {{"idempotency-key", key}}});
  };
  const Answer first = post("k-1", "/stacks", kShop);
  EXPECT_EQ(first.status, 201) << first.body;
  // The same request in another notation.
  const Answer again =
      post("k-1", "/api/3/stacks.json",
           R"({ "procfile": "web: bin/web\n", "environment": "production",)"
           R"( "name": "shop" })");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(again.json["response"]["uid"], first.json["response"][0]["uid"]);
  EXPECT_EQ(api_.Get("/stacks").json["count"], 1);
  // Another request with the same key.
  EXPECT_EQ(
      post("k-1", "/stacks", R"({"name":"b","procfile":"web: x"})").status,
      409);
  for (const std::string& key :
       {std::string(), std::string("a b"), std::string("\xc3\xa4"),
        std::string(256, 'k')}) {
    ExpectError(post(key, "/stacks", kShop), 400, "bad_request",
                "Idempotency-Key: ");
  }
  EXPECT_EQ(post(std::string(255, 'k'), "/stacks",
                 R"({"name":"c","procfile":"web: x"})")
                .status,
            201);
}

}  // namespace
}  // namespace tallyman::server
