#include "tools/harness/http_connection.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/harness/http_socket.h"
#include "tools/harness/scripted_server.h"

namespace tallyman::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Answers = ScriptedServer::Answers;

TEST(ParseHttpHeadTest, TakesStatusHeadersAndLength) {
  constexpr std::string_view kText =
      "HTTP/1.1 204 No Content\r\nX-Empty:\r\ncontent-LENGTH:  12 \r\nA: b: c";
  const absl::StatusOr<HttpHead> head = ParseHttpHead(kText);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->status, 204);
  EXPECT_EQ(head->body_size, 12u);
  EXPECT_THAT(head->headers,
              ElementsAre(Pair("X-Empty", ""), Pair("content-LENGTH", "12"),
                          Pair("A", "b: c")));
}

TEST(ParseHttpHeadTest, RefusesOtherText) {
  for (const std::string_view text :
       {"", "HTTP/1.1", "HTTP/1.1 OK", "HTTP/1.1 200 OK\r\nno colon"}) {
    EXPECT_TRUE(absl::IsInternal(ParseHttpHead(text).status())) << text;
  }
}

TEST(HttpConnectionTest, ReadsBodiesByTheirLength) {
  const ScriptedServer server(
      {Answers{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
               "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
               "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}});
  absl::StatusOr<HttpConnection> connection =
      HttpConnection::Connect(server.port());
  ASSERT_TRUE(connection.ok());
  const absl::StatusOr<ClientResponse> first = connection->Request("GET", "/");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->body, "abc");
  EXPECT_EQ(first->Header("content-length"), "3");
  EXPECT_EQ(first->Header("Content-Type"), "");
  EXPECT_FALSE(connection->IsReusable());
  EXPECT_EQ(connection->Receive()->status, 404);
  EXPECT_TRUE(connection->IsReusable());
  EXPECT_EQ(connection->Request("HEAD", "/")->body, "");
  EXPECT_TRUE(connection->AwaitClose());
  EXPECT_FALSE(connection->IsReusable());
}

TEST(HttpConnectionTest, TellsACutHeadFromACutBody) {
  const ScriptedServer server(
      {Answers{"HTTP/1.1 200 OK\r\n"},
       Answers{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"}});
  absl::StatusOr<HttpConnection> cut_head =
      HttpConnection::Connect(server.port());
  EXPECT_TRUE(absl::IsUnavailable(cut_head->Request("GET", "/").status()));
  absl::StatusOr<HttpConnection> cut_body =
      HttpConnection::Connect(server.port());
  EXPECT_TRUE(absl::IsDataLoss(cut_body->Request("GET", "/").status()));
}

TEST(HttpConnectionTest, AnAnswerThatDoesNotComeIsAnError) {
  // It has one request to read, and answers that with nothing.
  const ScriptedServer server({Answers{"", ""}});
  absl::StatusOr<HttpConnection> connection =
      HttpConnection::Connect(server.port(), absl::Milliseconds(1));
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(connection->Request("GET", "/").status()));
  EXPECT_TRUE(connection->Send("GET / HTTP/1.1\r\n\r\n").ok());
}

}  // namespace
}  // namespace tallyman::harness
