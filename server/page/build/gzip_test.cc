#include "server/page/build/gzip.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"

namespace tallyman::page {
namespace {

// What gzip(1) makes of `compressed`.
std::string Decompress(std::string_view compressed) {
  const platform::TempDirectory directory;
  const std::string path = absl::StrCat(directory.path(), "/file");
  std::ofstream(path + ".gz", std::ios::binary) << compressed;
  EXPECT_EQ(std::system(absl::StrCat("gzip -d ", path, ".gz").c_str()), 0);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GzipTest, GzipReadsIt) {
  std::string bytes = "words and words and words";
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(Decompress(Gzip(bytes)), bytes);
  EXPECT_EQ(Decompress(Gzip("")), "");
}

TEST(GzipTest, TheSameTextGivesTheSameBytes) {
  const std::string text(1000, 'x');
  EXPECT_EQ(Gzip(text), Gzip(text));
  EXPECT_LT(Gzip(text).size(), 50U);
  // No flag, so no name; no time (RFC 1952, section 2.3).
  EXPECT_EQ(Gzip(text).substr(3, 5), std::string(5, '\0'));
}

}  // namespace
}  // namespace tallyman::page
