#include "server/handlers/token_handlers.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/http.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class TokenHandlersTest : public DispatcherTest {
 protected:
  TokenHandlersTest() {
    Router router;
    AddTokenRoutes(*tokens_, router);
    router.Add(kProcessesOperation, [](const RequestContext&) -> HandlerResult {
      return api::Response();
    });
    router_ = std::move(router);
  }
};

TEST_F(TokenHandlersTest, CreatesListsAndRevokesTokens) {
  const std::string admin = NewToken(auth::Scope::kAdmin);
  const api::Response made =
      Ask("POST", "/tokens", admin, R"({"name":"ci","scopes":["public"]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(HeaderOf(made, "Location"), "/tokens/2");
  const Json token = Json::parse(made.body)["response"][0];
  EXPECT_EQ(token["name"], "ci");
  EXPECT_EQ(
      Ask("GET", "/server/processes", token["token"].get<std::string>()).status,
      200);

  const Json list = Json::parse(Ask("GET", "/tokens.json", admin).body);
  EXPECT_EQ(list["count"], 2);
  EXPECT_EQ(list["pagination"]["count"], 2);
  EXPECT_THAT(list.dump(), Not(HasSubstr("tly_")));
  const Json page =
      Json::parse(Ask("GET", "/tokens?page=2&per_page=1", admin).body);
  EXPECT_EQ(page["response"][0]["name"], "ci");
  EXPECT_EQ(page["pagination"]["previous"], 1);

  EXPECT_EQ(
      Json::parse(Ask("GET", "/api/3/tokens/2", admin).body)["response"]["id"],
      2);
  EXPECT_EQ(Ask("DELETE", "/tokens/2.json", admin).status, 200);
  EXPECT_EQ(Ask("DELETE", "/tokens/1", admin).status, 409);  // The last one.
  EXPECT_EQ(Ask("DELETE", "/tokens/99", admin).status, 404);
  EXPECT_EQ(Ask("GET", "/tokens/x", admin).status, 404);
  EXPECT_EQ(Json::parse(Ask("GET", "/tokens/%ff", admin).body)["details"],
            R"(there is no token "\xff")");
}

TEST_F(TokenHandlersTest, BadRequestsChangeNothing) {
  const std::string admin = NewToken(auth::Scope::kAdmin);
  const std::vector<std::string_view> bodies = {
      "",
      "{}",
      R"({"name":"a"})",
      R"({"name":"","scopes":["public"]})",
      R"({"name":"a","scopes":[]})",
      R"({"name":"a","scopes":["public"],"hourly_limit":0})",
      R"({"name":"a","scopes":["public"],"expires_at":"2000-01-01T00:00:00Z"})",
      R"({"name":"a\nb","scopes":["public"]})"};
  for (const std::string_view body : bodies) {
    const api::Response response = Ask("POST", "/tokens", admin, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(Json::parse(response.body)["error"], "bad_request") << body;
  }
  EXPECT_EQ(Ask("POST", "/tokens", admin, "name=a",
                "application/x-www-form-urlencoded")
                .status,
            415);
  EXPECT_EQ(Ask("GET", "/tokens?page=0", admin).status, 400);
  EXPECT_EQ(Json::parse(Ask("GET", "/tokens", admin).body)["count"], 1);
}

}  // namespace
}  // namespace tallyman::server
