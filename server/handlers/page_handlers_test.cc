#include "server/handlers/page_handlers.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/page/page_assets.h"
#include "server/routing/dispatcher_fixture.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

constexpr PageAsset kAssets[] = {
    {.path = "/",
     .media_type = "text/html; charset=utf-8",
     .hash = "aa",
     .body = "<!doctype html>",
     .gzip_body = "compressed document"},
    {.path = "/assets/menu-abc.js",
     .media_type = "text/javascript; charset=utf-8",
     .hash = "bb",
     .body = "export {};",
     .gzip_body = "compressed module"},
};

class PageHandlersTest : public DispatcherTest {
 protected:
  PageHandlersTest() { AddPageRoutes(kAssets, router_); }

  api::Response Get(
      std::string_view path,
      std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
    api::Request request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    request.remote_address = "192.0.2.1";
    return dispatcher_->Handle(request);
  }
};

TEST_F(PageHandlersTest, TheDocumentNeedsNoToken) {
  const api::Response page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.BodyView(), "<!doctype html>");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(HeaderOf(page, "Cache-Control"), "no-cache");
  EXPECT_EQ(HeaderOf(page, "ETag"), "\"aa\"");
  EXPECT_EQ(HeaderOf(page, "Vary"), "Accept-Encoding");
  EXPECT_EQ(HeaderOf(page, "Content-Encoding"), "");
  // Not below the prefix of an API family, and not with its suffix.
  EXPECT_EQ(Get("/api/3").status, 404);
  EXPECT_EQ(Get("/api/3/assets/menu-abc.js").status, 404);
}

TEST_F(PageHandlersTest, AnAssetIsKeptForEver) {
  const api::Response asset = Get("/assets/menu-abc.js");
  EXPECT_EQ(asset.status, 200);
  EXPECT_EQ(asset.BodyView(), "export {};");
  EXPECT_EQ(asset.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(HeaderOf(asset, "Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST_F(PageHandlersTest, AllHaveThePolicies) {
  for (const std::string_view path : {"/", "/assets/menu-abc.js"}) {
    const api::Response response = Get(path);
    EXPECT_EQ(HeaderOf(response, "Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; "
              "img-src 'self'; connect-src 'self'; base-uri 'none'; "
              "form-action 'none'; frame-ancestors 'none'");
    EXPECT_EQ(HeaderOf(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(HeaderOf(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(HeaderOf(response, "Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(HeaderOf(response, "Cross-Origin-Resource-Policy"),
              "same-origin");
    EXPECT_EQ(HeaderOf(response, "Access-Control-Allow-Origin"), "");
  }
}

TEST_F(PageHandlersTest, IsCompressedForThoseWhoAcceptGzip) {
  const api::Response asset =
      Get("/assets/menu-abc.js", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(asset.BodyView(), "compressed module");
  EXPECT_EQ(HeaderOf(asset, "Content-Encoding"), "gzip");
  EXPECT_EQ(HeaderOf(asset, "Vary"), "Accept-Encoding");
  EXPECT_EQ(HeaderOf(asset, "ETag"), "\"bb-gzip\"");
  EXPECT_EQ(Get("/", {{"Accept-Encoding", "gzip;q=0"}}).BodyView(),
            "<!doctype html>");
}

TEST_F(PageHandlersTest, ATagIsThatOfOneForm) {
  const api::Response unchanged = Get("/", {{"If-None-Match", "\"aa\""}});
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.BodyView(), "");
  EXPECT_EQ(HeaderOf(unchanged, "ETag"), "\"aa\"");
  EXPECT_EQ(HeaderOf(unchanged, "Vary"), "Accept-Encoding");
  EXPECT_EQ(HeaderOf(unchanged, "Cache-Control"), "no-cache");
  EXPECT_EQ(HeaderOf(unchanged, "Content-Encoding"), "");
  EXPECT_EQ(Get("/", {{"If-None-Match", "\"aa\""}, {"Accept-Encoding", "gzip"}})
                .status,
            200);
  EXPECT_EQ(
      Get("/", {{"If-None-Match", "\"aa-gzip\""}, {"Accept-Encoding", "gzip"}})
          .status,
      304);
}

TEST_F(PageHandlersTest, AnswersShareTheirBytes) {
  EXPECT_EQ(Get("/").shared_body.get(), Get("/").shared_body.get());
  EXPECT_NE(Get("/").shared_body, nullptr);
}

TEST_F(PageHandlersTest, AnUnknownAssetIs404) {
  const api::Response missing = Get("/assets/menu-old.js");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.content_type, "application/json");
  EXPECT_EQ(HeaderOf(missing, "Cache-Control"), "no-store");
  EXPECT_THAT(missing.body, HasSubstr(R"(\"menu-old.js\")"));
}

TEST_F(PageHandlersTest, OnlyGetAndHead) {
  EXPECT_EQ(Ask("HEAD", "/").status, 200);
  const api::Response refused = Ask("POST", "/");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(HeaderOf(refused, "Allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace tallyman::server
