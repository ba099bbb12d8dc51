#include "server/http/http_response_head.h"

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

std::string Head(const api::Response& response,
                 const ConnectionInfo& connection, std::string_view date = "") {
  std::string out = "before|";
  AppendResponseHead(response, connection, date, out);
  return out;
}

TEST(HttpResponseHeadTest, HasStatusLineAndHeaders) {
  api::Response response;
  response.AddHeader("ETag", "\"1\"");
  response.AddHeader("X-Empty", "");
  response.body = "{}";
  EXPECT_EQ(Head(response, {.idle_seconds = 30}, "today"),
            "before|HTTP/1.1 200 OK\r\n"
            "Date: today\r\n"
            "ETag: \"1\"\r\n"
            "X-Empty: \r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 2\r\n"
            "Keep-Alive: timeout=30\r\n"
            "\r\n");
}

TEST(HttpDateTest, HasTheFormatOfTheRfc) {
  EXPECT_EQ(HttpDate(absl::FromUnixSeconds(784111777)),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDateTest, HttpDateNowIsTheCurrentTime) {
  const std::time_t before = std::time(nullptr);
  const std::string_view now = HttpDateNow();
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", now, &time, &error))
      << now << ": " << error;
  EXPECT_GE(time, absl::FromTimeT(before));
  EXPECT_LE(time, absl::Now());
}

TEST(HttpResponseHeadTest, ContentLengthIsThatOfASharedBody) {
  api::Response response;
  response.body = "1";
  response.shared_body = std::make_shared<const std::string>("12345");
  EXPECT_EQ(Head(response, {}),
            "before|HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST(HttpResponseHeadTest, AnEmptyBodyHasNoContentType) {
  api::Response response;
  response.status = 404;
  EXPECT_EQ(Head(response, {.closes = true, .idle_seconds = 30}),
            "before|HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpResponseHeadTest, AStatusWithoutABodyHasNoContentHeaders) {
  for (const int status : {204, 304}) {
    EXPECT_TRUE(HasNoBody(status));
    api::Response response;
    response.status = status;
    response.body = "ignored";
    EXPECT_EQ(Head(response, {}).find("Content-"), std::string::npos);
  }
  EXPECT_FALSE(HasNoBody(200));
}

TEST(HttpResponseHeadTest, AHeaderCannotForgeAnother) {
  for (const std::string_view value :
       {std::string_view("a\r\nb: c"), std::string_view("a\nb"),
        std::string_view("a\rb"), std::string_view("a\0b", 3),
        std::string_view("\x7f")}) {
    api::Response response;
    response.AddHeader("X", std::string(value));
    response.content_type = std::string(value);
    response.body = "x";
    EXPECT_EQ(Head(response, {}),
              "before|HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
  }
  for (const std::string_view name : {"", "a b", "a:", "a\r\nb", "a\n"}) {
    api::Response response;
    response.AddHeader(name, "x");
    EXPECT_EQ(Head(response, {}),
              "before|HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }
}

TEST(HttpResponseHeadTest, EveryErrorStatusHasAReasonPhrase) {
  for (int kind = 0; kind <= static_cast<int>(api::ErrorKind::kUnavailable);
       ++kind) {
    const int status = api::HttpStatus(static_cast<api::ErrorKind>(kind));
    EXPECT_NE(ReasonPhrase(status), "") << status;
  }
  EXPECT_EQ(ReasonPhrase(299), "");
}

}  // namespace
}  // namespace tallyman::server
