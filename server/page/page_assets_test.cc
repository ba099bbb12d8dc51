// The page in the binary is complete and small.

#include "server/page/page_assets.h"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Of the bytes that a browser fetches to show the page, without HTTP's heads.
constexpr size_t kBudgetBytes = 46'080;

TEST(PageAssetsTest, FitIntoTheBudget) {
  std::vector<PageAsset> assets(PageAssets().begin(), PageAssets().end());
  std::sort(assets.begin(), assets.end(),
            [](const PageAsset& a, const PageAsset& b) {
              return a.gzip_body.size() > b.gzip_body.size();
            });
  size_t sum = 0;
  size_t plain = 0;
  for (const PageAsset& asset : assets) {
    std::cout << absl::StreamFormat("%7d %7d  %s\n", asset.gzip_body.size(),
                                    asset.body.size(), asset.source);
    sum += asset.gzip_body.size();
    plain += asset.body.size();
  }
  std::cout << absl::StreamFormat("%7d %7d  in all; the budget is %d\n", sum,
                                  plain, kBudgetBytes);
  EXPECT_LE(sum, kBudgetBytes);
}

TEST(PageAssetsTest, BeginWithTheDocument) {
  ASSERT_FALSE(PageAssets().empty());
  const PageAsset& document = PageAssets().front();
  EXPECT_EQ(document.path, "/");
  EXPECT_EQ(document.media_type, "text/html; charset=utf-8");
  EXPECT_THAT(std::string(document.body), StartsWith("<!doctype html>"));
}

TEST(PageAssetsTest, PathsAreDifferentAndNeedNoEncoding) {
  std::set<std::string_view> paths;
  for (const PageAsset& asset : PageAssets()) {
    EXPECT_TRUE(paths.insert(asset.path).second) << asset.path;
    EXPECT_EQ(asset.path.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                  "0123456789-_./"),
              std::string_view::npos)
        << asset.path;
  }
}

// Each name of an asset in a file is one of the others.
TEST(PageAssetsTest, NoImportIsLeftAsItWasWritten) {
  for (const PageAsset& asset : PageAssets()) {
    for (const std::string_view library : {"preact", "preact/hooks", "htm"}) {
      EXPECT_FALSE(
          absl::StrContains(asset.body, absl::StrFormat("from\"%s\"", library)))
          << asset.source;
    }
    EXPECT_FALSE(absl::StrContains(asset.body, "sourceMappingURL"))
        << asset.source;
  }
}

TEST(PageAssetsTest, TheDocumentNamesTheModulesAndSheets) {
  const std::string document(PageAssets().front().body);
  for (const PageAsset& asset : PageAssets().subspan(1)) {
    const std::string path(asset.path);
    if (absl::EndsWith(path, ".js") || absl::EndsWith(path, ".css")) {
      EXPECT_THAT(document, HasSubstr("\"" + path + "\""));
    }
  }
}

TEST(PageAssetsTest, CompressedBodiesAreGzip) {
  for (const PageAsset& asset : PageAssets()) {
    ASSERT_GT(asset.gzip_body.size(), 18U) << asset.source;
    EXPECT_TRUE(asset.gzip_body.starts_with("\x1f\x8b\x08")) << asset.source;
    // The last four bytes have the size (RFC 1952, section 2.3.1).
    size_t size = 0;
    for (size_t i = 1; i <= 4; ++i) {
      size = size << 8 | static_cast<unsigned char>(
                             asset.gzip_body[asset.gzip_body.size() - i]);
    }
    EXPECT_EQ(size, asset.body.size()) << asset.source;
  }
}

}  // namespace
}  // namespace tallyman::server
