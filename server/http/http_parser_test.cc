#include "server/http/http_parser.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/http_head.h"
#include "server/http/request_target.h"

namespace tallyman::server {
namespace {

using namespace std::string_view_literals;

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kTypical =
    "GET /stacks/1/processes?page=2&x=%41 HTTP/1.1\r\n"
    "Host: localhost:8880\r\n"
    "User-Agent: curl/8\r\n"
    "Accept: */*\r\n"
    "Authorization:  Bearer tly_abc  \r\n"
    "Empty:\r\n"
    "\r\n";

// A copy of exactly the size of the bytes, so that AddressSanitizer finds reads
// past their end.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes)
      : bytes_(bytes.begin(), bytes.end()) {}
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

bool IsPlain(std::string_view bytes) {
  const ExactCopy exact(bytes);
  api::Request request;
  return ParsePlainRequest(exact.view(), request).has_value();
}

// A request that is plain if `line`, a header line without its CRLF, is.
std::string WithLine(std::string_view line) {
  return absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\n", line, "\r\n\r\n");
}

TEST(HttpParserTest, ReadsAPlainRequest) {
  api::Request request;
  request.remote_address = "192.0.2.1";
  request.body = "previous body";
  EXPECT_EQ(ParsePlainRequest(kTypical, request), kTypical.size());
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/stacks/1/processes");
  EXPECT_THAT(request.params.all(),
              ElementsAre(Pair("page", "2"), Pair("x", "A")));
  EXPECT_THAT(
      request.headers,
      ElementsAre(Pair("Host", "localhost:8880"), Pair("User-Agent", "curl/8"),
                  Pair("Accept", "*/*"),
                  Pair("Authorization", "Bearer tly_abc"), Pair("Empty", "")));
  EXPECT_EQ(request.body, "");
  EXPECT_EQ(request.remote_address, "192.0.2.1");
}

TEST(HttpParserTest, AReusedRequestHasNothingOfThePreviousOne) {
  api::Request request;
  ASSERT_TRUE(ParsePlainRequest(kTypical, request));
  ASSERT_TRUE(ParsePlainRequest("HEAD / HTTP/1.1\r\nhost:h\r\n\r\n", request));
  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.path, "/");
  EXPECT_THAT(request.params.all(), IsEmpty());
  EXPECT_THAT(request.headers, ElementsAre(Pair("host", "h")));
}

TEST(HttpParserTest, ParsesPipelinedRequestsOneByOne) {
  const std::string second = "HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  const ExactCopy both(absl::StrCat(kTypical, second, "POST"));
  std::string_view rest = both.view();
  api::Request request;
  std::optional<size_t> size = ParsePlainRequest(rest, request);
  ASSERT_EQ(size, kTypical.size());
  rest.remove_prefix(*size);
  size = ParsePlainRequest(rest, request);
  ASSERT_EQ(size, second.size());
  EXPECT_EQ(request.path, "/2");
  rest.remove_prefix(*size);
  EXPECT_FALSE(ParsePlainRequest(rest, request));
}

TEST(HttpParserTest, AnIncompleteRequestIsNotPlain) {
  for (size_t size = 0; size < kTypical.size(); ++size) {
    EXPECT_FALSE(IsPlain(kTypical.substr(0, size))) << size;
  }
}

TEST(HttpParserTest, BytesAfterARequestDoNotMoveItsEnd) {
  for (int byte = 0; byte < 256; ++byte) {
    const ExactCopy more(absl::StrCat(
        kTypical, std::string(3, static_cast<char>(byte)), kTypical));
    api::Request request;
    EXPECT_EQ(ParsePlainRequest(more.view(), request), kTypical.size()) << byte;
  }
}

// Puts every byte at every offset: an accepted request has the same size and
// number of headers, and no control character.
TEST(HttpParserTest, NoReplacedByteMovesTheEnd) {
  for (size_t offset = 0; offset < kTypical.size(); ++offset) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed(kTypical);
      changed[offset] = static_cast<char>(byte);
      const ExactCopy exact(changed);
      api::Request request;
      const auto size = ParsePlainRequest(exact.view(), request);
      if (!size) continue;
      EXPECT_EQ(*size, kTypical.size()) << offset << " " << byte;
      EXPECT_TRUE(request.method == "GET");
      EXPECT_TRUE(byte == '\r' || byte == '\n' || (byte >= ' ' && byte < 0x7F))
          << offset << " " << byte;
      EXPECT_EQ(request.headers.size(), 5U) << offset << " " << byte;
    }
  }
}

TEST(HttpParserTest, NoInsertedLineEndOrNulIsOverlooked) {
  for (const std::string_view inserted :
       {std::string_view("\r"), std::string_view("\n"), "\0"sv,
        std::string_view("\r\n"), std::string_view("\r\n "),
        std::string_view("\r\n\t")}) {
    for (size_t offset = 0; offset <= kTypical.size(); ++offset) {
      std::string changed(kTypical);
      changed.insert(offset, inserted);
      const ExactCopy exact(changed);
      api::Request request;
      const auto size = ParsePlainRequest(exact.view(), request);
      if (!size) continue;
      // It ends with its first empty line, and has no folded or broken line.
      const std::string taken = changed.substr(0, *size);
      EXPECT_EQ(taken.find("\r\n\r\n"), *size - 4) << offset;
      EXPECT_EQ(taken.find("\r\n "), std::string::npos) << offset;
      const std::string text = absl::StrReplaceAll(taken, {{"\r\n", ""}});
      EXPECT_EQ(text.find_first_of("\r\n\t\0"sv), std::string::npos) << offset;
    }
  }
}

TEST(HttpParserTest, OtherRequestLinesAreNotPlain) {
  for (const std::string_view line : {"POST / HTTP/1.1",
                                      "get / HTTP/1.1",
                                      "GETS / HTTP/1.1",
                                      "GE / HTTP/1.1",
                                      "OPTIONS * HTTP/1.1",
                                      "GET * HTTP/1.1",
                                      "GET  / HTTP/1.1",
                                      "GET /  HTTP/1.1",
                                      "GET\t/ HTTP/1.1",
                                      " GET / HTTP/1.1",
                                      "GET / HTTP/1.0",
                                      "GET / HTTP/1.2",
                                      "GET / HTTP/2.0",
                                      "GET / http/1.1",
                                      "GET /",
                                      "GET / HTTP/1.1 ",
                                      "GET /a b HTTP/1.1",
                                      "GET /#a HTTP/1.1",
                                      "GET /\x7f HTTP/1.1",
                                      "GET /\xc3\xa9 HTTP/1.1",
                                      "GET  HTTP/1.1",
                                      "GET http://h/ HTTP/1.1",
                                      "GET h:80 HTTP/1.1",
                                      "CONNECT h:80 HTTP/1.1",
                                      "\r\nGET / HTTP/1.1",
                                      "HEAD",
                                      "",
                                      "PRI * HTTP/2.0"}) {
    EXPECT_FALSE(IsPlain(absl::StrCat(line, "\r\nHost: h\r\n\r\n"))) << line;
  }
  EXPECT_FALSE(IsPlain("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv));
}

TEST(HttpParserTest, LinesMustEndWithCrlf) {
  const std::string crlf = WithLine("A: b");
  ASSERT_TRUE(IsPlain(crlf));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"\r\n", "\n"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"\r\n", "\r"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"\r\n\r\n", "\n\n"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"\r\n\r\n", "\r\n\n"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"\r\n\r\n", "\n\r\n"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"b\r\n", "b\n"}})));
  EXPECT_FALSE(IsPlain(absl::StrReplaceAll(crlf, {{"b\r\n", "b\r\r\n"}})));
}

TEST(HttpParserTest, UnusualHeadersAreNotPlain) {
  for (const std::string_view line :
       {"Content-Length: 0", "Content-Length: 5", "content-LENGTH: 1",
        "Content-Length: 1\r\nContent-Length: 2", "Transfer-Encoding: chunked",
        "transfer-encoding:identity", "Expect: 100-continue",
        "Upgrade: websocket", "Range: bytes=0-1", "Connection: close",
        "Connection: Upgrade", "Connection: keep-alive, X",
        "Connection:", "Accept: text/html, */*", "Accept: a/b;q=0.5",
        "Accept: json", "Accept:", "X: a\r\nx: b", "X:\r\nX: b", "Host: other",
        // Folded, badly named or badly valued.
        "A: b\r\n c", "A: b\r\n\tc", " A: b", "A : b", "A\t: b", ": b", "A",
        "A b: c", "A\x01: b", "A(: b", "\xc3\xa9: b", "A: b\x01", "A: b\x7f",
        "A: \xc3\xa9", "A: b%41", "A: b\tc", "A:\tb", "A: b\rc", "A: b\nc"}) {
    EXPECT_FALSE(IsPlain(WithLine(line))) << line;
  }
  EXPECT_FALSE(IsPlain(WithLine("A: b\0c"sv)));
  EXPECT_FALSE(IsPlain(WithLine("A\0: b"sv)));
}

TEST(HttpParserTest, HarmlessHeadersArePlain) {
  for (const std::string_view line :
       {"Connection: keep-alive", "connection: Keep-Alive",
        "Accept: application/json", "X-Header_1!#$%&'*+.^`|~: (any) \"text\"",
        "Content-Type: text/plain", "Content-Lengthy: 5",
        "If-None-Match: \"a\"", "A:b", "A:   b   ", "A:   "}) {
    EXPECT_TRUE(IsPlain(WithLine(line))) << line;
  }
}

TEST(HttpParserTest, RequiresHost) {
  EXPECT_FALSE(IsPlain("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(IsPlain("GET / HTTP/1.1\r\nA: b\r\n\r\n"));
}

TEST(HttpParserTest, MoreThanTheLargestNumberOfHeadersIsNotPlain) {
  std::string lines;
  for (size_t i = 0; i < kMaxPlainHeaders - 1; ++i) {
    if (i > 0) absl::StrAppend(&lines, "\r\n");
    absl::StrAppend(&lines, "X-", i, ": ", i);
  }
  EXPECT_TRUE(IsPlain(WithLine(lines)));
  EXPECT_FALSE(IsPlain(WithLine(absl::StrCat(lines, "\r\nLast: 1"))));
}

TEST(HttpParserTest, LargeHeadsAreNotPlain) {
  const std::string long_target(kMaxTargetBytes, 'x');
  const std::string long_value(kMaxHeaderBytes, 'x');
  EXPECT_FALSE(IsPlain(
      absl::StrCat("GET /", long_target, " HTTP/1.1\r\nHost: h\r\n\r\n")));
  EXPECT_FALSE(IsPlain(WithLine(absl::StrCat("X: ", long_value))));
  std::string lines;
  for (int i = 0; i < 9; ++i) {
    if (i > 0) absl::StrAppend(&lines, "\r\n");
    absl::StrAppend(&lines, "X-", i, ": ", std::string(8000, 'x'));
  }
  EXPECT_FALSE(IsPlain(WithLine(lines)));
  EXPECT_FALSE(IsPlain(std::string(1 << 20, 'x')));
}

}  // namespace
}  // namespace tallyman::server
