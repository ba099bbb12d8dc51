// The page in the binary is complete and small.

#include "server/page/page_assets.h"

#include <cstddef>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Of the bytes that a browser fetches to show the page, without HTTP's heads:
// those of all views, and little more. See docs/adr/0025-page.md.
constexpr size_t kBudgetBytes = 71'680;

TEST(PageAssetsTest, FitIntoTheBudget) {
  std::cout << std::ifstream("server/page/page_sizes.txt").rdbuf()
            << "compressed    plain\n";
  size_t sum = 0;
  size_t plain = 0;
  for (const PageAsset& asset : PageAssets()) {
    std::cout << absl::StreamFormat("%10d %8d  %s\n", asset.gzip_body.size(),
                                    asset.body.size(), asset.path);
    sum += asset.gzip_body.size();
    plain += asset.body.size();
  }
  std::cout << absl::StreamFormat("%10d %8d  in all; the budget is %d\n", sum,
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

TEST(PageAssetsTest, NoImportIsLeft) {
  for (const PageAsset& asset : PageAssets()) {
    for (const std::string_view text :
         {"from\"", "import\"", "import{", "sourceMappingURL"}) {
      EXPECT_FALSE(absl::StrContains(asset.body, text))
          << asset.path << ": " << text;
    }
  }
}

TEST(PageAssetsTest, TheDocumentNamesAllFiles) {
  const std::string document(PageAssets().front().body);
  for (const PageAsset& asset : PageAssets().subspan(1)) {
    EXPECT_THAT(document, HasSubstr(absl::StrCat("\"", asset.path, "\"")));
  }
}

TEST(PageAssetsTest, CompressedBodiesAreGzip) {
  for (const PageAsset& asset : PageAssets()) {
    ASSERT_GT(asset.gzip_body.size(), 18U) << asset.path;
    EXPECT_TRUE(asset.gzip_body.starts_with("\x1f\x8b\x08")) << asset.path;
    // The last four bytes have the size (RFC 1952, section 2.3.1).
    size_t size = 0;
    for (size_t i = 1; i <= 4; ++i) {
      size = size << 8 | static_cast<unsigned char>(
                             asset.gzip_body[asset.gzip_body.size() - i]);
    }
    EXPECT_EQ(size, asset.body.size()) << asset.path;
  }
}

}  // namespace
}  // namespace tallyman::server
