#include "api/http/content_coding.h"

#include <string_view>

#include "api/http/http.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

bool Prefers(std::string_view accept_encoding) {
  Request request;
  request.headers = {{"accept-encoding", accept_encoding}};
  return PrefersGzip(request);
}

TEST(PrefersGzipTest, WhereGzipIsNamed) {
  EXPECT_TRUE(Prefers("gzip"));
  EXPECT_TRUE(Prefers("GZip"));
  EXPECT_TRUE(Prefers("x-gzip"));
  EXPECT_TRUE(Prefers("gzip, deflate, br, zstd"));
  EXPECT_TRUE(Prefers("br;q=1.0 , gzip ; q=0.8, *;q=0.1"));
  EXPECT_TRUE(Prefers("br, ,\tgzip\t"));
  EXPECT_FALSE(Prefers("deflate, br"));
  EXPECT_FALSE(Prefers("gzipped"));
}

TEST(PrefersGzipTest, NeverWithoutTheHeader) {
  EXPECT_FALSE(PrefersGzip(Request()));
  EXPECT_FALSE(Prefers(""));
}

TEST(PrefersGzipTest, AStarIsEveryCodingThatIsNotNamed) {
  EXPECT_TRUE(Prefers("*"));
  EXPECT_TRUE(Prefers("br, *;q=0.1"));
  EXPECT_FALSE(Prefers("*;q=0"));
  EXPECT_FALSE(Prefers("*, gzip;q=0"));
  EXPECT_TRUE(Prefers("*;q=0, gzip"));
}

TEST(PrefersGzipTest, QualitiesDecide) {
  EXPECT_FALSE(Prefers("gzip;q=0"));
  EXPECT_FALSE(Prefers("gzip;q=0.000"));
  EXPECT_TRUE(Prefers("gzip;q=0.001"));
  EXPECT_TRUE(Prefers("gzip;Q=1.000"));
  EXPECT_FALSE(Prefers("gzip;q=0.5, identity"));
  EXPECT_FALSE(Prefers("gzip;q=0.5, identity;q=0.6"));
  EXPECT_TRUE(Prefers("gzip;q=0.5, identity;q=0.5"));
  EXPECT_TRUE(Prefers("identity;q=0, gzip;q=0.1"));
}

TEST(PrefersGzipTest, AMalformedQualityIsNone) {
  for (const std::string_view text :
       {"gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=.5",
        "gzip;q=-1", "gzip;q=0.5x", "gzip;level=9", "gzip;q=1;q=1"}) {
    EXPECT_FALSE(Prefers(text)) << text;
  }
}

TEST(PrefersGzipTest, SeveralHeadersAreOneList) {
  Request request;
  request.headers = {{"Accept-Encoding", "br"}, {"Accept-Encoding", "gzip"}};
  EXPECT_TRUE(PrefersGzip(request));
}

}  // namespace
}  // namespace tallyman::api
