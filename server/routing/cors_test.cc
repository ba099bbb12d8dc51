#include "server/routing/cors.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

api::Request From(std::string_view origin) {
  api::Request request;
  request.headers = {{"origin", origin},
                     {"Access-Control-Request-Method", "GET"}};
  return request;
}

api::Response Headers(std::string_view policy, std::string_view origin) {
  api::Response response;
  const auto cors = CorsPolicy::Parse(policy);
  EXPECT_TRUE(cors.ok()) << cors.status();
  cors->AddHeaders(From(origin), response);
  return response;
}

TEST(CorsPolicyTest, AStarAllowsEveryOrigin) {
  EXPECT_THAT(Headers("*", "http://a.example").headers,
              Contains(Pair("Access-Control-Allow-Origin", "*")));
}

TEST(CorsPolicyTest, AListAllowsOnlyItsOrigins) {
  constexpr std::string_view kList = "http://a.example, https://b.example:8443";
  EXPECT_THAT(
      Headers(kList, "https://b.example:8443").headers,
      Contains(Pair("Access-Control-Allow-Origin", "https://b.example:8443")));
  EXPECT_THAT(Headers(kList, "http://a.example").headers,
              Contains(Pair("Vary", "Origin")));
  EXPECT_THAT(Headers(kList, "http://c.example").headers,
              Not(Contains(Pair("Access-Control-Allow-Origin", testing::_))));
  EXPECT_THAT(Headers(kList, "http://c.example").headers,
              Contains(Pair("Vary", "Origin")));
}

TEST(CorsPolicyTest, AnEmptyListAllowsNoOrigin) {
  EXPECT_THAT(Headers("", "http://a.example").headers, IsEmpty());
}

TEST(CorsPolicyTest, APreflightGetsMethodsAndHeaders) {
  const auto cors = CorsPolicy::Parse("*");
  api::Response response;
  cors->AddPreflightHeaders(From("http://a.example"), "GET, HEAD", response);
  EXPECT_THAT(response.headers,
              Contains(Pair("Access-Control-Allow-Methods", "GET, HEAD")));
  EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Allow-Headers",
                                              HasSubstr("Authorization"))));
  api::Response plain;
  cors->AddPreflightHeaders(api::Request(), "GET, HEAD", plain);
  EXPECT_THAT(plain.headers, IsEmpty());
}

TEST(CorsPolicyTest, ErrorsQuoteTheWrongOrigin) {
  for (const std::string_view text :
       {"a.example", "http://a.example/", "http://a.example/path", "http://"}) {
    const auto cors = CorsPolicy::Parse(text);
    EXPECT_EQ(cors.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(cors.status().message(), HasSubstr(std::string(text)));
  }
}

}  // namespace
}  // namespace tallyman::server
