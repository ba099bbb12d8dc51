// End to end: the page, as a browser fetches it from the running server.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "server/page/page_assets.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_connection.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {
namespace {

using harness::ClientResponse;
using ::testing::HasSubstr;

constexpr std::string_view kAcceptGzip =
    "Accept-Encoding: gzip, deflate, br, zstd";

class PageTest : public testing::Test {
 protected:
  PageTest() { EXPECT_TRUE(server_.WaitUntilListening()); }

  const platform::TempDirectory directory_;
  harness::ServerProcess server_{
      {absl::StrCat("--data_dir=", directory_.path(), "/data")}};
};

// The paths in quotation marks that follow `before` in `text`.
std::vector<std::string> Names(std::string_view text, std::string_view before) {
  std::vector<std::string> names;
  for (size_t at = text.find(before); at != std::string_view::npos;
       at = text.find(before, at + 1)) {
    const size_t begin = at + before.size();
    names.emplace_back(text.substr(begin, text.find('"', begin) - begin));
  }
  return names;
}

TEST_F(PageTest, EveryFileThatTheDocumentNeedsIsServed) {
  harness::HttpClient client(server_.port());
  const ClientResponse document = client.Get("/");
  ASSERT_EQ(document.status, 200);
  EXPECT_EQ(document.Header("Content-Type"), "text/html; charset=utf-8");
  std::set<std::string> paths;
  for (const std::string& name : Names(document.body, "\"/assets/")) {
    paths.insert(absl::StrCat("/assets/", name));
  }
  ASSERT_GE(paths.size(), 3U);  // Script, sheet and icon.
  for (const std::string& path : paths) {
    const ClientResponse asset = client.Get(path);
    EXPECT_EQ(asset.status, 200) << path;
    EXPECT_THAT(asset.Header("Cache-Control"), HasSubstr("immutable"));
  }
}

TEST_F(PageTest, BodiesAreThoseOfTheBinary) {
  harness::HttpClient client(server_.port());
  for (const PageAsset& asset : PageAssets()) {
    const ClientResponse plain = client.Get(asset.path);
    EXPECT_EQ(plain.body, asset.body) << asset.path;
    const ClientResponse compressed =
        client.Request("GET", asset.path, {std::string(kAcceptGzip)});
    EXPECT_EQ(compressed.Header("Content-Encoding"), "gzip") << asset.path;
    EXPECT_EQ(compressed.body, asset.gzip_body) << asset.path;
    EXPECT_EQ(compressed.Header("Content-Type"), asset.media_type);
    client.Send(absl::StrCat("HEAD ", asset.path,
                             " HTTP/1.1\r\nHost: localhost\r\n", kAcceptGzip,
                             "\r\n\r\n"));
    const ClientResponse head = client.Receive(/*is_head=*/true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.Header("Content-Length"),
              absl::StrCat(asset.gzip_body.size()));
    EXPECT_EQ(head.Header("ETag"), compressed.Header("ETag"));
  }
}

TEST_F(PageTest, ABrowserAsksWhetherTheDocumentHasChanged) {
  harness::HttpClient client(server_.port());
  const std::string etag =
      client.Request("GET", "/", {std::string(kAcceptGzip)}).Header("ETag");
  const ClientResponse again = client.Request(
      "GET", "/",
      {std::string(kAcceptGzip), absl::StrCat("If-None-Match: ", etag)});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.Header("ETag"), etag);
}

}  // namespace
}  // namespace tallyman::server
