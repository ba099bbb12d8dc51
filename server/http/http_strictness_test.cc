// Requests as RFC 9110 and RFC 9112 say, and hostile ones, over real sockets.

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/http_server.h"
#include "server/http/testing/loopback_server.h"
#include "tools/harness/http_client.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kNext = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

class StrictnessTest : public testing::Test {
 protected:
  static api::Response Echo(const api::Request& request) {
    api::Response response;
    response.content_type = "text/plain";
    response.body = absl::StrCat(request.method, " ", request.path, " [",
                                 request.body, "]");
    for (const auto& [name, value] : request.params.all()) {
      absl::StrAppend(&response.body, " ", name, "=", value);
    }
    return response;
  }

  // "/forbidden" is refused by its head.
  static std::optional<api::Response> Admit(const api::Request& head) {
    if (head.path != "/forbidden") return std::nullopt;
    api::Response response;
    response.status = 403;
    response.body = "forbidden";
    return response;
  }

  harness::HttpClient Connect() const {
    return harness::HttpClient(server_.port());
  }

  // Sends `text`, expects the status, and that no request is read after it.
  void ExpectRefused(std::string_view text, int status) const {
    harness::HttpClient client = Connect();
    client.Send(absl::StrCat(text, kNext));
    const harness::ClientResponse response = client.Receive();
    EXPECT_EQ(response.status, status) << text.substr(0, 200);
    EXPECT_EQ(response.Header("Connection"), "close") << text.substr(0, 200);
    EXPECT_TRUE(client.IsClosed()) << text.substr(0, 200);
  }

  // Sends `text`, expects this body, and that the next request is answered.
  void ExpectAnswer(std::string_view text, std::string_view body) const {
    harness::HttpClient client = Connect();
    client.Send(absl::StrCat(text, kNext));
    const harness::ClientResponse response = client.Receive();
    EXPECT_EQ(response.status, 200) << text.substr(0, 200);
    EXPECT_EQ(response.body, body) << text.substr(0, 200);
    EXPECT_EQ(client.Receive().body, "GET /next []") << text.substr(0, 200);
  }

  static HttpServer::Options Options() {
    return {.connection = {.max_body_bytes = 1000,
                           .head_timeout = absl::Hours(1),
                           .io_timeout = absl::Hours(1),
                           .idle_timeout = absl::Hours(1)}};
  }

  const LoopbackServer server_{{.respond = Echo, .admit = Admit}, Options()};
};

TEST_F(StrictnessTest, HostIsNeededOnceAndValid) {
  ExpectRefused("GET / HTTP/1.1\r\n\r\n", 400);
  ExpectRefused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  for (const std::string_view host :
       {"a b", "a/b", "a@b", "a:b", "a:123456", "[::1", "[]", "[x]", "[::1]x",
        "a:1:2", "\"a\"", "<a>"}) {
    ExpectRefused(absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n"),
                  400);
  }
  for (const std::string_view host :
       {"", "a", "a.example:80", "[::1]", "[::1]:8880", "127.0.0.1", "a%20b"}) {
    ExpectAnswer(absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n"),
                 "GET / []");
  }
}

TEST_F(StrictnessTest, Http10) {
  // Without keep-alive the connection ends.
  harness::HttpClient client = Connect();
  client.Send("GET /old HTTP/1.0\r\n\r\n");
  const harness::ClientResponse response = client.Receive();
  EXPECT_EQ(response.body, "GET /old []");
  EXPECT_EQ(response.Header("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());

  harness::HttpClient kept = Connect();
  kept.Send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.Receive().Header("Connection"), "keep-alive");
  kept.Send(
      "POST /2 HTTP/1.0\r\nConnection: Keep-Alive\r\n"
      "Content-Length: 2\r\n\r\nab");
  EXPECT_EQ(kept.Receive().body, "POST /2 [ab]");

  ExpectRefused(
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
}

TEST_F(StrictnessTest, ConflictingLengths) {
  for (const std::string_view headers :
       {"Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1, 1",
        "Content-Length: 1\r\nContent-Length: 1", "Content-Length: +1",
        "Content-Length: 0x1", "Content-Length: ", "Content-Length: 1 1",
        "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity", "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked", "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:\x0b"
        "chunked"}) {
    ExpectRefused(
        absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\n", headers, "\r\n\r\n"),
        400);
  }
}

TEST_F(StrictnessTest, LineEndsAndControlCharacters) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {"GET / HTTP/1.1\nHost: h\n\n"sv,
        "GET / HTTP/1.1\r\nHost: h\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n"sv,
        "GET / HTTP/1.1\rHost: h\r\n\r\n"sv,
        "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\x01\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n continued\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n\tA: b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nHost: h\r\nA(: b\r\n\r\n"sv,
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"sv,
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / http/1.1\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/1.1x\r\nHost: h\r\n\r\n"sv,
        "GET / HTTP/2.0\r\nHost: h\r\n\r\n"sv,
        "GET /\r\n\r\n"sv,
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n"sv,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv,
        "\x16\x03\x01\x02\x00\x01\x00\x01\n"sv}) {
    ExpectRefused(text, 400);
  }
}

TEST_F(StrictnessTest, Targets) {
  ExpectAnswer("GET http://h/x?a=1 HTTP/1.1\r\nHost: h\r\n\r\n",
               "GET /x [] a=1");
  ExpectAnswer("GET HTTPS://h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET / []");
  ExpectAnswer("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * []");
  for (const std::string_view target :
       {"*", "x", "http://", "http:///x", "ftp://h/x", "h:80", "//\x80",
        "/a\"b\xff", "/#", "http://a b/", "\\x", "http://u@h/"}) {
    ExpectRefused(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: h\r\n\r\n"),
                  400);
  }
  // The handler decides about paths; they arrive as they were sent.
  for (const std::string_view path :
       {"//", "/..", "/../../etc/passwd", "/%2e%2e/%2e", "/%00", "/%c0%af",
        "/a%2fb", "/;a=b", "/%zz"}) {
    ExpectAnswer(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: h\r\n\r\n"),
                 absl::StrCat("GET ", path, " []"));
  }
}

TEST_F(StrictnessTest, SizesOfHeads) {
  const auto with = [](std::string_view headers) {
    return absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\n", headers, "\r\n");
  };
  std::string many;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&many, "X-", i, ": ", std::string(8000, 'x'), "\r\n");
  }
  ExpectRefused(with(many), 431);
  std::string small;
  for (int i = 0; i < 101; ++i) absl::StrAppend(&small, "X-", i, ": y\r\n");
  ExpectRefused(with(small), 431);
  ExpectRefused(with(absl::StrCat("X: ", std::string(9000, 'x'), "\r\n")), 431);
  ExpectRefused(absl::StrCat("GET /", std::string(9000, 'x'),
                             " HTTP/1.1\r\nHost: h\r\n\r\n"),
                414);
  ExpectRefused(std::string(70000, 'A'), 431);
  // A token of 1 MB.
  ExpectRefused(with(absl::StrCat("Authorization: Bearer ",
                                  std::string(1 << 20, 'x'), "\r\n")),
                431);
}

TEST_F(StrictnessTest, ChunkedBodies) {
  const auto post = [](std::string_view chunks) {
    return absl::StrCat(
        "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        chunks);
  };
  ExpectAnswer(post("0\r\n\r\n"), "POST /c []");
  ExpectAnswer(post("3\r\nabc\r\n0\r\n\r\n"), "POST /c [abc]");
  ExpectAnswer(post("00A\r\n0123456789\r\n1\r\n\n\r\n0\r\n\r\n"),
               "POST /c [0123456789\n]");
  // Extensions and trailers are dropped.
  ExpectAnswer(
      post("3;a=b;c=\"d\"\r\nabc\r\n0;x\r\nHost: evil\r\nT: u\r\n\r\n"),
      "POST /c [abc]");
  for (const std::string_view chunks :
       {"3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
        "g\r\n", "-1\r\n", "+3\r\nabc\r\n", "0x3\r\nabc\r\n", " 3\r\nabc\r\n",
        "3 \r\nabc\r\n", "\r\n", "ffffffffffffffffffff\r\n",
        "3\r\nabc0\r\n\r\n", "0\r\nbad trailer\r\n\r\n", "0\r\n: x\r\n\r\n",
        "0\r\nA : x\r\n\r\n", "3;\x01\r\nabc\r\n", "3\r\nabc\r\n0\n\n"}) {
    ExpectRefused(post(chunks), 400);
  }
  ExpectRefused(post("3e9\r\n"), 413);
  std::string drops;
  for (int i = 0; i < 1001; ++i) drops.append("1\r\nx\r\n");
  ExpectRefused(post(drops), 413);
  ExpectRefused(post(absl::StrCat("1;", std::string(5000, 'x'), "\r\n")), 400);
  ExpectRefused(post(absl::StrCat("0\r\nT: ", std::string(9000, 'x'), "\r\n")),
                400);
}

TEST_F(StrictnessTest, ChunkedBodyByteByByte) {
  harness::HttpClient client = Connect();
  for (const char byte : std::string_view(
           "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3;x=y\r\nabc\r\nb\r\n0123456789\n\r\n0\r\nT: u\r\n\r\n")) {
    client.Send({&byte, 1});
  }
  EXPECT_EQ(client.Receive().body, "POST /c [abc0123456789\n]");
}

TEST_F(StrictnessTest, CompressedBodiesAre415) {
  ExpectRefused(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
      "Content-Length: 3\r\n\r\nabc",
      415);
  ExpectAnswer(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: identity\r\n"
      "Content-Length: 3\r\n\r\nabc",
      "POST / [abc]");
}

TEST_F(StrictnessTest, Expectations) {
  harness::HttpClient client = Connect();
  client.Send(
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive(/*is_head=*/true).status, 100);
  client.Send("abc");
  EXPECT_EQ(client.Receive().body, "POST /x [abc]");
  // No 100 if the body is there already, or if there is none.
  ExpectAnswer(
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\nabc",
      "POST /x [abc]");
  ExpectAnswer("GET /x HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n",
               "GET /x []");
  ExpectRefused("GET /x HTTP/1.1\r\nHost: h\r\nExpect: beer\r\n\r\n", 417);
  // A refused head gets its answer and no 100.
  ExpectRefused(
      "POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n",
      403);
  // HTTP/1.0 has no expectations.
  harness::HttpClient old = Connect();
  old.Send(
      "POST /x HTTP/1.0\r\nContent-Length: 1\r\n"
      "Expect: 100-continue\r\n\r\na");
  EXPECT_EQ(old.Receive().body, "POST /x [a]");
}

TEST_F(StrictnessTest, ABodyThatNobodyMaySendIsNotAwaited) {
  harness::HttpClient client = Connect();
  client.Send(
      "POST /forbidden HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 900\r\n\r\nabc");
  EXPECT_EQ(client.Receive().status, 403);
  EXPECT_TRUE(client.IsClosed());
  // Without a body the connection goes on.
  harness::HttpClient other = Connect();
  EXPECT_EQ(other.Request("POST", "/forbidden").status, 403);
  EXPECT_EQ(other.Get("/next").body, "GET /next []");
}

TEST_F(StrictnessTest, EmptyLinesBeforeARequestAreIgnored) {
  ExpectAnswer("\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", "GET /x []");
}

TEST_F(StrictnessTest, ManyParametersAreRead) {
  std::string query = "?";
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&query, "a&");
  const harness::ClientResponse response = Connect().Get("/p" + query);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(absl::StartsWith(response.body, "GET /p [] a= a="));
}

}  // namespace
}  // namespace tallyman::server
