#include "server/handlers/description_handlers.h"

#include <string>
#include <string_view>
#include <vector>

#include "api/description/operation.h"
#include "api/http/http.h"
#include "api/stacks/stack_operations.h"
#include "api/webhooks/webhook_operations.h"
#include "auth/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/handlers/unsupported_stack_handlers.h"
#include "server/routing/dispatcher_fixture.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

class DescriptionHandlersTest : public DispatcherTest {
 protected:
  DescriptionHandlersTest() {
    AddUnsupportedStackRoutes(router_);
    AddDescriptionRoutes("1.2.3", router_);
  }
};

TEST_F(DescriptionHandlersTest, DescribesTheOperationsOfTheRouter) {
  const api::Response response = Ask("GET", "/openapi.json");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  const Json document = Json::parse(response.BodyView());
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  const Json& paths = document["paths"];
  for (const std::string_view path :
       {"/server/processes", "/tokens", "/api/3/tokens", "/openapi.json",
        "/docs", "/stacks/{uid}/processes/{name}/logs"}) {
    EXPECT_TRUE(paths.contains(std::string(path))) << path;
  }
  for (const std::string_view path :
       {"/api/3/server/processes", "/api/3/docs", "/api/3/openapi.json"}) {
    EXPECT_FALSE(paths.contains(std::string(path))) << path;
  }
}

TEST_F(DescriptionHandlersTest, ThePageMayLoadNothing) {
  const api::Response page = Ask("GET", "/docs");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  const std::string policy = HeaderOf(page, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  const std::string body(page.BodyView());
  for (const std::string_view asset :
       {"<script", "<link", "<img", "src=", "style=", "@import", "url("}) {
    EXPECT_THAT(body, Not(HasSubstr(std::string(asset))));
  }
}

TEST_F(DescriptionHandlersTest, CachesAskWhetherADocumentHasChanged) {
  for (const std::string_view path : {"/openapi.json", "/docs"}) {
    const api::Response first = Ask("GET", path);
    const std::string etag = HeaderOf(first, "ETag");
    EXPECT_EQ(HeaderOf(first, "Cache-Control"), "no-cache");
    api::Request request;
    request.method = "GET";
    request.path = path;
    request.headers = {{"If-None-Match", etag}};
    const api::Response again = dispatcher_->Handle(request);
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.BodyView(), "") << path;
    EXPECT_EQ(HeaderOf(again, "ETag"), etag);
    EXPECT_EQ(HeaderOf(again, "Cache-Control"), "no-cache");
    // Rendered once.
    EXPECT_EQ(first.shared_body, Ask("GET", path).shared_body);
  }
}

TEST_F(DescriptionHandlersTest, AServerWithoutStacksDescribesThem) {
  const std::string admin = NewToken(auth::Scope::kAdmin);
  std::vector<const api::Operation*> operations;
  for (const auto part : {api::StackOperations(), api::WebhookOperations()}) {
    operations.insert(operations.end(), part.begin(), part.end());
  }
  for (const api::Operation* const operation : operations) {
    const std::string path = "/api/3" + std::string(operation->path);
    const api::Response response = Ask(operation->method, path, admin);
    EXPECT_EQ(response.status, 501) << operation->id;
    EXPECT_EQ(Json::parse(response.body)["error"], "not_implemented");
    EXPECT_EQ(Ask(operation->method, path).status, 401) << operation->id;
  }
}

}  // namespace
}  // namespace tallyman::server
